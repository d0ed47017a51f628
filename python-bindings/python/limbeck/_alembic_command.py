"""Alembic's command line, in an Alembic project."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from typing import Any, Callable, Optional, Sequence

from . import __version__, errors

_GLOBAL = ("config", "name", "x", "database", "raiseerr", "quiet", "json", "command")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("limbeck", description="Migrations for SQLite, in an Alembic project or a folder of SQL.")
    parser.add_argument("--version", action="version", version=f"limbeck {__version__}")
    parser.add_argument("-c", "--config", action="append", help="the settings: alembic.ini, or a pyproject.toml")
    parser.add_argument("-n", "--name", default="alembic", help="the section of alembic.ini")
    parser.add_argument("-x", action="append", help="a value for env.py: key=value")
    parser.add_argument("-d", "--database", help="the database, instead of the one in the settings")
    parser.add_argument("--raiseerr", action="store_true", help="show a traceback")
    parser.add_argument("-q", "--quiet", action="store_true", help="no log lines")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)

    def command(name: str, text: str, *options: tuple[Sequence[str], dict[str, Any]]) -> None:
        made = commands.add_parser(name, help=text, description=text)
        for flags, kw in options:
            made.add_argument(*flags, **kw)
        # Behind the command too; it must not undo what stands before it.
        made.add_argument("--json", action="store_true", default=argparse.SUPPRESS)

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
    command("list_templates", "List the templates of init")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs one of Alembic's commands, and answers the exit status."""
    options, unknown = _parser().parse_known_args(argv)

    def run() -> int:
        # The core says it as JSON, and has options that Alembic has not.
        if unknown or options.json and not _writes(options):
            from .__main__ import Options

            arguments = list(sys.argv[1:] if argv is None else argv)
            return _in_core(_config(options), Options(arguments).rest)
        return _run(options)

    return _guarded(run, options.json, options.raiseerr)


def in_core(given: Any, files: Sequence[str]) -> int:
    """Runs a command that only limbeck has."""
    options = _parser().parse_args([*_before(given, files), "heads"])
    return _guarded(lambda: _in_core(_config(options), given.rest), given.json, given.raiseerr)


def _before(given: Any, files: Sequence[str]) -> list[str]:
    """The options before the command, as the parser reads them."""
    words = [word for file in given.config for word in ("-c", file)]
    for flag, values in (("-n", given.name), ("-x", given.x), ("-d", given.database)):
        words += [word for value in values for word in (flag, value)]
    return words


def _in_core(config: Any, arguments: Sequence[str]) -> int:
    from ._command import run_in_alembic

    return run_in_alembic(config, arguments)


def _writes(options: argparse.Namespace) -> bool:
    """Whether it writes files, or text that Python prints."""
    return options.command in ("revision", "merge", "init", "list_templates", "check") or getattr(options, "sql", False)


def _guarded(work: Callable[[], int], as_json: bool, raises: bool) -> int:
    try:
        return work()
    except (KeyboardInterrupt, errors.Cancelled) as error:
        _say(error, as_json)
        return 130
    except Exception as error:
        if raises:
            raise
        _say(error, as_json)
        return 1


def _config(options: argparse.Namespace) -> Any:
    import logging

    from .alembic.config import Config

    files = options.config or [os.environ.get("LIMBECK_CONFIG") or os.environ.get("ALEMBIC_CONFIG") or "alembic.ini"]
    toml = next((file for file in files if file.endswith(".toml")), None)
    ini = next((file for file in files if not file.endswith(".toml")), None)
    if toml is None and os.path.exists("pyproject.toml"):
        toml = "pyproject.toml"
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
    return config


def _run(options: argparse.Namespace) -> int:
    from .alembic import command
    from .alembic.script import Script

    config = _config(options)
    arguments = {name: value for name, value in vars(options).items() if name not in _GLOBAL}
    if not options.json:
        getattr(command, options.command)(config, **arguments)
        return 0
    if options.command == "check":
        found = command.differences(config)
        print(json.dumps({"differences": found}))
        return 1 if found else 0
    printed = config.stdout = config.output_buffer = io.StringIO()
    made = getattr(command, options.command)(config, **arguments)
    if getattr(options, "sql", False):
        print(json.dumps({"sql": printed.getvalue()}))
    elif options.command in ("revision", "merge"):
        path = os.path.abspath(made.path) if isinstance(made, Script) else None
        print(json.dumps({"revision": getattr(made, "revision", None), "path": path}))
    else:
        print(json.dumps({"written": printed.getvalue().splitlines()}))
    return 0


def _say(error: BaseException, as_json: bool) -> None:
    core = {"code": errors.CodeFailed.code, "hint": None, "revision": None, "file": None, "line": None, "statement": None}
    code, message, hint, file, line, statement, rows = errors._told({"error": {**core, "violations": []}}, error)
    if as_json:
        violations = [dict(zip(("table", "rule", "count", "keys"), row)) for row in rows]
        revision = getattr(error, "revision", None)
        told = {"code": code, "message": message, "hint": hint, "revision": revision, "file": file, "line": line}
        print(json.dumps({"error": {**told, "statement": statement, "violations": violations}}))
        return
    kind = f" [{code}]" if isinstance(error, errors.LimbeckError) else ""
    notes = [str(note) for note in getattr(error, "__notes__", [])]
    print(f"FAILED: {message}{kind}", *notes, sep="\n   ", file=sys.stderr)
    if file and not notes:
        print(f"   at: {file}:{line}" if line else f"   at: {file}", file=sys.stderr)
    for label, value in (("sql", statement), ("hint", hint)):
        if value:
            print(f"  {label}: {value}", file=sys.stderr)
