"""The ``limbeck`` command: the core's, and in an Alembic project Alembic's own commands as Alembic has them."""

from __future__ import annotations

import os
import sys
from typing import Optional, Sequence

from ._folder import is_of_alembic

#: What Alembic has. The core has these too, and more: in an Alembic project those run inside its ``env.py``.
_ALEMBICS = (
    "branches", "check", "current", "downgrade", "ensure_version", "heads", "history", "init", "list_templates",
    "merge", "revision", "show", "stamp", "upgrade",
)
_VALUED = {"-c": "config", "-n": "name", "-x": "x", "-d": "database", "-m": "migrations"}


class Options:
    """What stands before the command, as far as it says whose settings are meant."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.config: list[str] = []
        self.name: list[str] = []
        self.x: list[str] = []
        self.database: list[str] = []
        self.migrations: list[str] = []
        self.raiseerr = False
        self.json = "--json" in arguments
        #: What the core is to read: all but Alembic's own.
        self.rest: list[str] = []
        rest = list(arguments)
        while rest and rest[0].startswith("-"):
            word = rest.pop(0)
            long = next((each for each in _VALUED.values() if word.split("=")[0] == f"--{each}"), None)
            short = _VALUED.get(word[:2]) if not word.startswith("--") else None
            if long or short:
                value = word.partition("=")[2] if "=" in word and long else word[2:] if short else ""
                if not value and rest:
                    value = rest.pop(0)
                getattr(self, long or short or "").append(value)
            elif word == "--raiseerr":
                self.raiseerr = True
            else:
                self.rest.append(word)
        self.command = rest[0] if rest else None
        self.rest += rest


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs a command, and answers the exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 cancelled."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = Options(arguments)
    files = _files(options)
    if options.command == "list_templates" or options.command == "init" and _names_template(arguments):
        files = [*options.config, "alembic.ini"][:1]
    elif not files or not _is_alembics(files, *options.name[-1:]):
        return _core(options, arguments)
    from . import _alembic_command

    if options.command in _ALEMBICS:
        return _alembic_command.main(arguments)
    return _alembic_command.in_core(options, files)


def _core(options: Options, arguments: list[str]) -> int:
    from ._command import Host

    folder = options.migrations[-1] if options.migrations else None
    if folder is not None and is_of_alembic(folder):
        databases = [word for each in options.database for word in ("-d", each)]
        return Host(folder).run([*databases, *options.rest])
    return Host().run(arguments)


def _names_template(arguments: Sequence[str]) -> bool:
    return any(word.split("=")[0] in ("-t", "--template", "--package") for word in arguments)


def _files(options: Options) -> list[str]:
    """The settings files that are meant, if they may be Alembic's."""
    if options.migrations:
        return []
    named = options.config or [each for each in (os.environ.get("LIMBECK_CONFIG"), os.environ.get("ALEMBIC_CONFIG")) if each][:1]
    if named:
        # A `pyproject.toml` beside an `alembic.ini` has a part of the settings.
        with_toml = os.path.exists("pyproject.toml") and not any(file.endswith(".toml") for file in named)
        return [*named, "pyproject.toml"] if with_toml else named
    if os.path.exists("limbeck.toml") or _tool("pyproject.toml", "limbeck"):
        return []
    return [file for file in ("alembic.ini", "pyproject.toml") if os.path.exists(file)]


def _tool(path: str, name: str) -> bool:
    from ._limbeck import tool

    try:
        with open(path, encoding="utf-8") as file:
            return tool(file.read(), name) is not None
    except (OSError, ValueError):  # whoever needs it says so
        return False


def _is_alembics(files: Sequence[str], section: str = "alembic") -> bool:
    """Whether settings are those of a project with an ``env.py``: not of SQL files beside an ``alembic.ini``."""
    if any(file.endswith(".toml") and _tool(file, "alembic") for file in files):
        return True
    ini = next((file for file in files if not file.endswith(".toml")), None)
    if ini is None or not os.path.isfile(ini):
        return False
    from configparser import ConfigParser, Error

    config = ConfigParser({"here": os.path.abspath(os.path.dirname(ini)).replace("%", "%%")})
    try:
        config.read(ini, encoding="utf-8")
        location = config.get(section, "script_location", fallback=None)
    except (Error, UnicodeDecodeError):
        return True  # Alembic's words for it
    # A folder by its package has one.
    return location is not None and (":" in location or os.path.isfile(os.path.join(location, "env.py")))


if __name__ == "__main__":
    sys.exit(main())
