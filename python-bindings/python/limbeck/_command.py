"""What the core's command asks of Python: sqlite3's connections, and revisions in Python."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Optional, Sequence
from urllib.request import pathname2url

from . import _limbeck, errors
from ._database import OWN, SECONDS_TO_WAIT, Opened, opened
from ._folder import python_files
from ._run import Scope
from ._versions import CodeFile, load

if TYPE_CHECKING:
    from .alembic.config import Config
    from .alembic.runtime.environment import EnvironmentContext
    from .alembic.script import ScriptDirectory

#: Folders, database, version table, whether there is a history, what a transaction holds.
_Project = tuple[Sequence[str], Optional[str], Optional[str], bool, str]


class Outside(Exception):
    """Raised outside of an ``env.py`` by what needs the database that only that names."""


class Host:
    """The command for a folder of SQL files, with Python files among them."""

    def __init__(self, alembics: Optional[str] = None) -> None:
        #: The folder of an Alembic project, without its settings and its ``env.py``.
        self._alembics = alembics
        self._scope = Scope()
        self._open = ExitStack()

    def run(self, arguments: Sequence[str]) -> int:
        """Runs the command, and answers its exit status."""
        sys.stdout.flush()
        if "--sql" in arguments:
            self._scope.options = {"as_sql": True}
        with self._open:
            return _limbeck.command(arguments, self)

    # What `src/command.rs` calls

    def project(self) -> Optional[_Project]:
        """The settings, where Python has read them."""
        if self._alembics is None:
            return None
        return [os.path.join(self._alembics, "versions")], None, "alembic_version", False, "per_upgrade"

    def database(self, named: Optional[str]) -> Optional[str]:
        """The path of the database, which a flag or the settings may have named."""
        return named

    def open(self, path: str, access: str) -> sqlite3.Connection:
        """Opens it: to ``look``, to ``change``, or to ``create``."""
        return self._connect(path, access)

    def scratch(self) -> sqlite3.Connection:
        """An empty database in memory."""
        return self._connect(":memory:", "create")

    def _connect(self, path: str, access: str) -> sqlite3.Connection:
        mode = "rwc" if access == "create" else "rw"
        try:
            if path == ":memory:":
                raw: sqlite3.Connection = sqlite3.connect(path, **OWN)
            else:
                uri = f"file:{pathname2url(os.path.abspath(path))}?mode={mode}"
                raw = sqlite3.connect(uri, uri=True, timeout=SECONDS_TO_WAIT, **OWN)
            self._open.callback(raw.close)
            if access == "look":
                raw.execute("PRAGMA query_only = ON")
        except sqlite3.OperationalError as error:
            raise errors.CannotOpen(
                f"cannot open '{path}': {error}", hint="check that the path exists and may be written"
            ) from error
        return raw

    def code(self, folders: Sequence[os.PathLike[str]]) -> list[CodeFile]:
        """The Python files of the folders, each of which is a revision."""
        code = []
        for folder in map(os.fspath, folders):
            # As the core names the files of a folder, and of several.
            before = "" if len(folders) == 1 else folder.rstrip("/") + "/"
            for path in python_files(folder):
                code.append(load(path, before + os.path.basename(path), self._scope, self._alembics is not None))
        return code


class AlembicHost(Host):
    """The command for an Alembic project. What needs the database runs inside its ``env.py``."""

    def __init__(self, config: Config, env: Optional[EnvironmentContext] = None, database: Any = None) -> None:
        super().__init__()
        from .alembic.script import ScriptDirectory

        self._config = config
        self._env = env
        self._database = database
        self._script: Optional[ScriptDirectory] = None if env is None else env.script
        self._directory = ScriptDirectory

    @property
    def _directory_of_versions(self) -> ScriptDirectory:
        if self._script is None:
            self._script = self._directory.from_config(self._config)
        return self._script

    def project(self) -> Optional[_Project]:
        options = {} if self._env is None else self._env.options
        table = options.get("version_table") or "alembic_version"
        mode = "per_revision" if options.get("transaction_per_migration") else "per_upgrade"
        return self._directory_of_versions.version_locations, None, table, False, mode

    def database(self, named: Optional[str]) -> Optional[str]:
        if self._env is None:
            raise Outside
        return self._database.engine.url.database or ":memory:"

    def open(self, path: str, access: str) -> sqlite3.Connection:
        if self._env is None or path != self.database(None):
            return super().open(path, access)
        found: Opened = self._open.enter_context(opened(self._database))
        self._script.scope.database = found  # type: ignore[union-attr]
        self._script.scope.options = self._env.options  # type: ignore[union-attr]
        return found.raw

    def code(self, folders: Sequence[os.PathLike[str]]) -> list[CodeFile]:
        versions = self._directory_of_versions
        own = [os.fspath(folder) for folder in folders] == versions.version_locations
        return versions.code if own else super().code(folders)


def run_in_alembic(config: Config, arguments: Sequence[str]) -> int:
    """Runs the core's command in an Alembic project, inside its ``env.py`` where it needs the database."""
    from .alembic.command import _in_env

    if config.get_main_option("databases"):
        raise errors.BadSetting(
            "the settings name several databases, and this answers for one",
            hint="use Alembic's commands without --json there, or a settings file for each database with -c",
        )
    try:
        return AlembicHost(config).run(arguments)
    except Outside:
        status: int = _in_env(config, lambda env, database: AlembicHost(config, env, database).run(arguments))
        return status
