"""``alembic.operations``: what plugins import from it."""

from ..batch import BatchOperations
from ..operations import MigrateOperation, Operations

__all__ = ["BatchOperations", "MigrateOperation", "Operations"]
