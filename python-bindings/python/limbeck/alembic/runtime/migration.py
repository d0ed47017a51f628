"""``alembic.runtime.migration``: what apps ask at start-up of where their database is."""

from __future__ import annotations

from typing import Any, Optional

from ... import _limbeck
from ..._database import opened


class MigrationContext:
    """A database's version rows, read without a folder of migrations."""

    as_sql = False

    def __init__(self, connection: Any, opts: dict[str, Any]) -> None:
        self.connection = self.bind = connection
        self.opts = opts

    @classmethod
    def configure(
        cls,
        connection: Any = None,
        url: Any = None,
        dialect_name: Any = None,
        dialect: Any = None,
        environment_context: Any = None,
        dialect_opts: Any = None,
        opts: Optional[dict[str, Any]] = None,
    ) -> MigrationContext:
        """For an SQLAlchemy ``Connection``."""
        return cls(connection, opts or {})

    @property
    def dialect(self) -> Any:
        """SQLAlchemy's dialect."""
        return self.connection.dialect

    def get_current_heads(self) -> tuple[str, ...]:
        """The version rows."""
        core = _limbeck.Migrator(None, [], [], version_table=self.opts.get("version_table") or "alembic_version")
        with opened(self.connection) as found:
            return tuple(core.rows(found.raw))

    def get_current_revision(self) -> Optional[str]:
        """The version row, if there is at most one.

        Errors: ``MultipleHeads``.
        """
        heads = self.get_current_heads()
        if len(heads) > 1:
            from ...errors import MultipleHeads

            raise MultipleHeads(f"the database is at several heads: {', '.join(heads)}", hint="use get_current_heads()")
        return heads[0] if heads else None
