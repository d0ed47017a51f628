"""``get_bind()``: a real SQLAlchemy ``Connection`` whose transaction is the run's."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from . import errors, postgresql

if TYPE_CHECKING:
    from ._database import Opened
    from ._run import Step


class Bind:
    """Holds a ``Connection`` for one step: the app's own where it gave one, else one made for it.

    Meanwhile its dialect neither commits nor rolls back on this connection: a ``session.commit()`` in a
    migration ends nothing, because the run is one transaction.
    """

    def __init__(self, step: Step, database: Opened) -> None:
        import sqlalchemy as sa
        from sqlalchemy.pool import StaticPool

        self._step = step
        self._raw = database.raw
        self._rolled_back = False
        self._ready = False
        self._undo = ExitStack()
        if database.sqlalchemy is not None:
            self.connection = database.sqlalchemy
            self._guard(self.connection.dialect)
        else:
            engine = sa.create_engine(
                "sqlite://", creator=lambda: database.raw, poolclass=StaticPool, pool_reset_on_return=None
            )
            self._guard(engine.dialect)
            self.connection = engine.connect()
        # Before begin(): an app's listener may send BEGIN then, as SQLAlchemy's documentation has it for sqlite3.
        sa.event.listen(self.connection, "before_cursor_execute", self._translate, retval=True)
        self._undo.callback(sa.event.remove, self.connection, "before_cursor_execute", self._translate)
        # A Session on a connection that is in a transaction leaves that transaction alone.
        if not self.connection.in_transaction():
            self._undo.callback(self.connection.begin().close)
        self._set(self.connection, "execute", _with_strings(self.connection.execute))
        self._set(self.connection, "scalar", _with_strings(self.connection.scalar))
        self._ready = True

    def _set(self, thing: Any, name: str, value: Any) -> None:
        setattr(thing, name, value)
        self._undo.callback(delattr, thing, name)

    def _guard(self, dialect: Any) -> None:
        commit, rollback, close = dialect.do_commit, dialect.do_rollback, dialect.do_close

        def ours(connection: Any) -> bool:
            return getattr(connection, "driver_connection", connection) is self._raw

        def do_commit(connection: Any) -> None:
            if not ours(connection):
                commit(connection)

        def do_rollback(connection: Any) -> None:
            if not ours(connection):
                rollback(connection)
            elif self._ready:  # a new engine rolls back once by itself
                self._rolled_back = True

        def do_close(connection: Any) -> None:
            if not ours(connection):
                close(connection)

        for name, function in (("do_commit", do_commit), ("do_rollback", do_rollback), ("do_close", do_close)):
            self._set(dialect, name, function)

    def _translate(self, _c: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: bool) -> Any:
        """PostgreSQL's forms in statements that a migration sends directly. The run's transaction is open: BEGIN is done."""
        if re.match(r"\s*BEGIN\b", sql, re.IGNORECASE):
            return "SELECT NULL WHERE 0", ()
        if re.match(r"\s*(?:COMMIT|END|ROLLBACK(?!\s+(?:TRANSACTION\s+)?TO))\b", sql, re.IGNORECASE):
            raise errors.ForbiddenStatement(f"{sql.strip()} in a migration", hint="delete it: limbeck runs the revision in a transaction")
        translated = postgresql.translate(sql, self._step)
        if translated is None or postgresql.is_alter(translated):
            if translated is not None:
                self._step.execute(translated)
            return "SELECT NULL WHERE 0", ()
        return translated, parameters

    def close(self) -> None:
        """Gives the connection back as it was.

        Errors: ``CodeFailed`` if the migration rolled back, which cannot be done to it alone.
        """
        rolled_back = self._rolled_back
        self._undo.close()
        if rolled_back:
            raise errors.CodeFailed(
                "the revision's code rolled the connection back",
                hint="raise an exception instead: it takes back the whole run; or use begin_nested()",
            )


def _with_strings(execute: Any) -> Any:
    """SQLAlchemy 1.x took plain strings, and migrations of its time hand them over."""

    def execute_or_string(statement: Any, *args: Any, **kw: Any) -> Any:
        if isinstance(statement, str):
            import sqlalchemy as sa

            statement = sa.text(statement)
        return execute(statement, *args, **kw)

    return execute_or_string
