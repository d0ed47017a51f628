"""``alembic.operations``: what plugins import from it."""

from ..operations import BatchOperations, MigrateOperation, Operations

__all__ = ["BatchOperations", "MigrateOperation", "Operations"]
