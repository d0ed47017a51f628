"""The ``limbeck`` command: Alembic's command line for an Alembic project, limbeck's own for a folder of SQL."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Optional, Sequence

from . import __version__, errors


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("limbeck", description="Migrations for SQLite, in an Alembic project or a folder of SQL.")
    parser.add_argument("--version", action="version", version=f"limbeck {__version__}")
    parser.add_argument("-c", "--config", action="append", help="the settings: alembic.ini, or a pyproject.toml")
    parser.add_argument("-n", "--name", default="alembic", help="the section of alembic.ini")
    parser.add_argument("-x", action="append", help="a value for env.py: key=value")
    parser.add_argument("-d", "--database", help="the database, instead of the one in the settings")
    parser.add_argument("--raiseerr", action="store_true", help="show a traceback")
    parser.add_argument("-q", "--quiet", action="store_true", help="no log lines")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def command(name: str, text: str, *options: tuple[Sequence[str], dict[str, Any]]) -> None:
        made = commands.add_parser(name, help=text, description=text)
        for flags, kw in options:
            made.add_argument(*flags, **kw)

    yes: dict[str, Any] = {"action": "store_true"}
    verbose = (("-v", "--verbose"), yes)
    sql = (("--sql",), {**yes, "help": "print the SQL, and run nothing"})
    tag = (("--tag",), {"help": "a value for env.py"})
    message: tuple[Sequence[str], dict[str, Any]] = (("-m", "--message"), {})
    new: list[tuple[Sequence[str], dict[str, Any]]] = [
        (("--splice",), yes), (("--branch-label",), {}), (("--rev-id",), {}),
    ]
    command("upgrade", "Apply migrations up to a target", (("revision",), {}), sql, tag)
    command("downgrade", "Take migrations back down to a target", (("revision",), {}), sql, tag)
    command("stamp", "Set the database's revision without running anything", (("revision",), {"nargs": "+"}), sql, tag, (("--purge",), yes))
    command("current", "Say which revision the database is at", verbose, (("-c", "--check-heads"), yes))
    command("history", "List revisions, newest first", verbose, (("-r", "--rev-range"), {}), (("-i", "--indicate-current"), yes))
    command("heads", "List the heads", verbose, (("--resolve-dependencies",), yes))
    command("branches", "List the branch points", verbose)
    command("show", "Show one revision", (("rev",), {}))
    command(
        "revision", "Write a new version file", message, (("--autogenerate",), yes), (("--sql",), yes),
        (("--head",), {"default": "head"}), (("--version-path",), {}), (("--depends-on",), {"action": "append"}), *new,
    )
    command("merge", "Write a version file that joins heads", (("revisions",), {"nargs": "*", "default": ["heads"]}), message, *new)
    command("check", "Compare the database with the models")
    command("ensure_version", "Make the version table", (("--sql",), yes))
    command("init", "Make a folder of migrations", (("directory",), {}), (("-t", "--template"), {"default": "generic"}), (("--package",), yes))
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs a command, and answers the exit status: 0 done, 1 refused or failed, 2 wrong usage, 130 cancelled."""
    options = _parser().parse_args(argv)
    try:
        _run(options)
    except (KeyboardInterrupt, errors.Cancelled):
        print("FAILED: cancelled", file=sys.stderr)
        return 130
    except Exception as error:
        if options.raiseerr:
            raise
        _say(error)
        return 1
    return 0


def _run(options: argparse.Namespace) -> None:
    import logging

    from .alembic import command
    from .alembic.config import Config

    files = options.config or [os.environ.get("ALEMBIC_CONFIG") or "alembic.ini"]
    toml = next((file for file in files if file.endswith(".toml")), None)
    ini = next((file for file in files if not file.endswith(".toml")), None)
    if toml is None and os.path.exists("pyproject.toml"):
        toml = "pyproject.toml"
    arguments = {
        name: value
        for name, value in vars(options).items()
        if name not in ("config", "name", "x", "database", "raiseerr", "quiet", "command")
    }
    if options.command == "init":
        config = Config(None, ini_section=options.name, cmd_opts=options)
        config.config_file_name = ini
    else:
        if ini is not None and options.config is None and toml is not None and not os.path.exists(ini):
            ini = None
        config = Config(ini, toml, options.name, cmd_opts=options)
    if options.database:
        url = options.database if options.database.startswith("sqlite") else f"sqlite:///{options.database}"
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    if options.quiet:
        logging.getLogger("alembic").addHandler(logging.NullHandler())
    getattr(command, options.command)(config, **arguments)


def _say(error: Exception) -> None:
    known = isinstance(error, errors.LimbeckError)
    kind = f" [{error.code}]" if isinstance(error, errors.LimbeckError) else ""
    text = error.message if isinstance(error, errors.LimbeckError) else f"{type(error).__name__}: {error}"
    notes = [str(note) for note in getattr(error, "__notes__", [])]
    print(f"FAILED: {text}{kind}", *notes, sep="\n   ", file=sys.stderr)
    if known:
        if getattr(error, "file", None):
            line = f":{error.line}" if error.line else ""  # type: ignore[attr-defined]
            print(f"   at: {error.file}{line}", file=sys.stderr)  # type: ignore[attr-defined]
        for label, value in (("sql", error.statement), ("hint", error.hint)):  # type: ignore[attr-defined]
            if value:
                print(f"  {label}: {value}", file=sys.stderr)
    elif not notes:
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-1]
        print(f"   at: {last.filename}:{last.lineno}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
