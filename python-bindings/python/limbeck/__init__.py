"""limbeck: Alembic's model for SQLite, on Python's own sqlite3.

>>> import limbeck
>>> report = limbeck.upgrade("app.db", "migrations")  # doctest: +SKIP

The folder holds SQL files, Python files, or is an Alembic project's as it is. What fails changes nothing, and
raises a :class:`LimbeckError` with a ``code`` and a ``hint``.
"""

from . import errors
from ._limbeck import __version__
from ._migrator import Migrator, current, downgrade, heads, history, stamp, upgrade
from ._report import AlterationReport, Event, Report, RevisionInfo, StepReport, Timing, Violation
from ._run import Step
from .errors import *  # noqa: F403: every kind of error, each under its own name
from .errors import LimbeckError, __all__ as _errors

__all__ = [
    "AlterationReport",
    "Event",
    "LimbeckError",
    "Migrator",
    "Report",
    "RevisionInfo",
    "Step",
    "StepReport",
    "Timing",
    "Violation",
    "__version__",
    "current",
    "downgrade",
    "errors",
    "heads",
    "history",
    "stamp",
    "upgrade",
]
__all__ += [name for name in _errors if name not in __all__]
