"""The run that a revision's function is part of: what ``limbeck.op`` and ``get_bind()`` act on."""

from __future__ import annotations

import sqlite3
from _thread import _local  # threading.local, without the time that its module takes

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional, Sequence

    from ._database import Opened
    from ._limbeck import Step as CoreStep


class _Active(_local):
    """The steps under way on this thread: apps bring several databases up to date at once."""

    def __init__(self) -> None:
        self.steps: list["Step"] = []


_active = _Active()


class Step:
    """The step under way. A function ``upgrade(step)`` of a Python revision is handed it.

    Its transaction is the run's: it is committed when the whole run is done, and not before.
    """

    def __init__(self, core: CoreStep, database: Opened, options: dict[str, Any]) -> None:
        self._core: Any = core
        self._database = database
        #: What ``context.configure()`` of an ``env.py`` was given.
        self.options = options
        self._bind: Any = None

    @property
    def revision(self) -> str:
        """The revision's id."""
        return str(self._core.revision)

    @property
    def direction(self) -> str:
        """``up`` or ``down``."""
        return str(self._core.direction)

    @property
    def connection(self) -> sqlite3.Connection:
        """The database itself, inside the run's transaction.

        Its ``commit()``, ``rollback()``, ``executescript()`` and ``with`` are not for a revision. Since Python 3.12 they end nothing,
        unless the transaction is the caller's; before, they end the run's, and what came before may stay: :class:`CodeFailed`.
        """
        self._core.direct()
        return self._database.raw

    def execute(self, sql: str) -> None:
        """Runs statements as a migration file holds them, the extended ``ALTER TABLE`` among them."""
        self._core.execute(sql)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Reads rows."""
        cursor = sqlite3.Cursor(self._database.raw)
        try:
            return cursor.execute(sql, parameters).fetchall()
        finally:
            cursor.close()

    def warn(self, text: str) -> None:
        """Adds a line to the report's warnings."""
        self._core.warn(text)

    def bind(self) -> Any:
        """An SQLAlchemy ``Connection`` on the same connection and in the same transaction."""
        self._core.direct()
        if self._bind is None:
            from ._bind import Bind

            self._bind = Bind(self, self._database)
        return self._bind.connection

    def _finish(self) -> None:
        bind, self._bind = self._bind, None
        try:
            if bind is not None:
                bind.close()
        finally:
            self._core = _Over()


class _Over:
    """In the place of the core's step when it is over."""

    def __getattr__(self, name: str) -> Any:
        raise errors.CodeFailed("this step is over", hint="use it only while its revision's function runs")


def current() -> Step:
    """The step under way.

    Errors: ``CodeFailed`` where there is none.
    """
    if not _active.steps:
        raise errors.CodeFailed(
            "no migration is running", hint="call limbeck.op inside upgrade() or downgrade() of a revision"
        )
    return _active.steps[-1]


class Scope:
    """What the functions of a folder's revisions need and learn only when a run begins."""

    def __init__(self) -> None:
        self.database: Optional[Opened] = None
        self.options: dict[str, Any] = {}
        #: What ``run_migrations()`` of an ``env.py`` was given, for the functions of version files.
        self.arguments: dict[str, Any] = {}

    def body(self, function: Callable[..., Any], takes_step: bool) -> Callable[[CoreStep], None]:
        """One direction of a revision, as the core calls it."""

        def run(core: CoreStep) -> None:
            import inspect

            from ._database import Opened
            from ._shim import alembic_at_hand

            raw = core.connection
            assert raw is not None, "a run begins with statements"
            # A rehearsal runs on another than the app's own, on an empty one in memory.
            known = self.database
            step = Step(core, known if known is not None and known.raw is raw else Opened(raw), self.options)
            del core  # a traceback may outlive this thread, and the core's step must not
            _active.steps.append(step)
            try:
                with alembic_at_hand():
                    made = function(**self.arguments) if self.arguments else function(*([step] if takes_step else []))
                    if inspect.isawaitable(made) or inspect.isgenerator(made):
                        getattr(made, "close", lambda: None)()
                        raise errors.CodeFailed(
                            f"the revision's function answers a {type(made).__name__}, which nobody runs",
                            hint="write it with def, without async and yield",
                        )
                    if getattr(raw, "rolled_back", False):
                        raise errors.CodeFailed(
                            "the revision's code rolled the connection back",
                            hint="raise an exception instead: it takes back the whole run; or use a SAVEPOINT",
                        )
            finally:
                _active.steps.pop()
                step._finish()

        return run
