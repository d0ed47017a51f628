"""``alembic.runtime.environment``: what ``env.py`` configures, and the run that it starts."""

from __future__ import annotations

import logging
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Union

from ... import errors
from ..._report import Event, Report

if TYPE_CHECKING:
    from ..config import Config
    from ..script import ScriptDirectory


class _Running(threading.local):
    """The environments on this thread."""

    def __init__(self) -> None:
        self.environments: list[EnvironmentContext] = []


_running = _Running()


def current() -> EnvironmentContext:
    """The environment of the ``env.py`` that is running."""
    if not _running.environments:
        raise errors.CodeFailed("alembic.context is of use in env.py only", hint="run a command of limbeck's")
    return _running.environments[-1]


class EnvironmentContext:
    """What stands behind ``context`` in ``env.py``."""

    def __init__(self, config: Config, script: ScriptDirectory, **options: Any) -> None:
        self.config = config
        self.script = script
        #: What to do once a database is known; called with this and the database.
        self._work: Callable[[EnvironmentContext, Any], Any] = options.pop("fn", lambda env, database: None)
        self.context_opts = options
        self._opts: dict[str, Any] = {}
        self.result: Any = None

    def __enter__(self) -> EnvironmentContext:
        _running.environments.append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _running.environments.remove(self)

    # What env.py asks

    def is_offline_mode(self) -> bool:
        """Whether SQL is to be printed, and no database is there."""
        return bool(self.context_opts.get("as_sql"))

    def is_transactional_ddl(self) -> bool:
        """True: SQLite's DDL is transactional, and a run is one transaction."""
        return True

    def get_x_argument(self, as_dictionary: bool = False) -> Union[list[str], dict[str, str]]:
        """What ``-x`` gave."""
        values = list(getattr(self.config.cmd_opts, "x", None) or [])
        return dict((value.partition("=")[0], value.partition("=")[2]) for value in values) if as_dictionary else values

    def get_tag_argument(self) -> Optional[str]:
        """What ``--tag`` gave."""
        return self.context_opts.get("tag")

    def get_head_revision(self) -> Any:
        """The one head."""
        return self.script.get_current_head()

    def get_head_revisions(self) -> Any:
        """Every head."""
        return tuple(self.script.get_heads())

    def get_revision_argument(self) -> Any:
        """The target."""
        return self.context_opts.get("destination_rev")

    def get_starting_revision_argument(self) -> Any:
        """Where ``--sql`` begins."""
        return self.context_opts.get("starting_rev")

    # What env.py does

    def configure(self, connection: Any = None, url: Any = None, **opts: Any) -> None:
        """Names the database and the options of the run."""
        self._opts.update(opts)
        self._opts.update({"connection": connection} if connection is not None else {})
        self._opts.update({"url": url} if url is not None else {})

    @contextmanager
    def begin_transaction(self) -> Iterator[None]:
        """Changes nothing: the run has its own transaction, and all of it commits or nothing does."""
        yield

    def run_migrations(self, **kw: Any) -> None:
        """Runs what the command asked for; the functions of version files are given what this is given."""
        self.script.scope.arguments = kw
        self.result = self._work(self, self._database())

    def _database(self) -> Any:
        if self.is_offline_mode():
            return None
        database = self._opts.get("connection")
        if database is None:
            raise errors.BadSetting("env.py gave no connection", hint="write context.configure(connection=…) there")
        return database

    def get_bind(self) -> Any:
        """The connection that was configured."""
        return self._opts.get("connection")

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """Runs SQL on the connection that was configured."""
        from sqlalchemy import text

        self.get_bind().execute(text(sql) if isinstance(sql, str) else sql)

    def get_context(self) -> Any:
        """The migration context of the connection that was configured."""
        from .migration import MigrationContext

        return MigrationContext(self.get_bind(), self._opts)

    @property
    def options(self) -> dict[str, Any]:
        """What ``configure()`` was given."""
        return {**self.context_opts, **self._opts, "environment_context": self}

    def migrator(self) -> Any:
        """The folder's migrator, with the options of ``env.py``."""
        mode = "per_revision" if self._opts.get("transaction_per_migration") else None
        table = self._opts.get("version_table") or "alembic_version"
        self.script.scope.options = self.options
        return self.script.migrator(version_table=table, transaction=mode)


def log(event: Event) -> Optional[bool]:
    """Says what is done, as Alembic logs it: through ``logging`` where that is set up, else on stderr."""
    if event.event == "step_started":
        say(event.text or "")
    return None


def say(text: str, level: int = logging.INFO) -> None:
    """A line of the log."""
    logger = logging.getLogger("alembic.runtime.migration")
    if logger.hasHandlers():
        logger.log(level, text)
    else:
        word = "INFO " if level == logging.INFO else logging.getLevelName(level)
        print(f"{word} [alembic.runtime.migration] {text}", file=sys.stderr)


def told(report: Report) -> Report:
    """A report whose warnings are said."""
    for warning in report.warnings:
        say(warning, logging.WARNING)
    return report
