"""``alembic.migration``."""

from .runtime.migration import MigrationContext

__all__ = ["MigrationContext"]
