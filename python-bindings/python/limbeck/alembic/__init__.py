"""What stands in Alembic's place while version files and ``env.py`` run: the same names, on limbeck."""

from .. import op
from . import command, config, context, migration, migration_helpers, operations, runtime, script, util

__version__ = "1.20.1"

__all__ = ["command", "config", "context", "migration", "migration_helpers", "op", "operations", "runtime", "script", "util"]
