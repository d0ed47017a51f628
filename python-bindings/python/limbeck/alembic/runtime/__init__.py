"""``alembic.runtime``."""

from . import environment, migration

__all__ = ["environment", "migration"]
