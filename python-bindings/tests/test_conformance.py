"""The conformance suite, through Python: the same cases as every other surface."""

from __future__ import annotations

import dataclasses
import json
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any, Iterator, NoReturn

import pytest

import limbeck
from limbeck import _limbeck

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "conformance" / "cases").glob("*/*"))
SKIPS = json.loads((ROOT / "tests" / "conformance" / "skips.json").read_text("utf-8"))
RECORDS = ROOT / "target" / "conformance"
#: The class of each code.
KINDS = {code: getattr(limbeck, name) for name, code, _ in _limbeck.error_kinds()}
#: What the cases' reports were written for depends on the version of SQLite.
OF_A_VERSION = ("way", "why", "rows", "statements")


#: The cases that show what only a newer SQLite does, and what that is.
STRICT = (3, 37, "STRICT")
EDITS = (3, 33, "the edit of a stored text")
NEEDS = {
    "column_by_column": STRICT,
    "many_actions": STRICT,
    "options_and_generated": STRICT,
    "strict_after_the_types": STRICT,
    "strict_with_unknown_types": STRICT,
    "without_rowid_strict": STRICT,
    "generated_cycle": (3, 40, "the message that the case has"),
    "generated_from_itself": (3, 40, "the message that the case has"),
    "add_column_with_a_comment_behind": EDITS,
    "rebuild_never_where_none_is_needed": EDITS,
    "short_rows_rebuild_never": EDITS,
    "statements_of_every_kind": (3, 35, "RETURNING"),
}


class Record:
    """What came of each case, for tests/surfaces: a line a case."""

    def __init__(self, surface: str, folder: Path = RECORDS) -> None:
        version = "%d.%d" % sys.version_info[:2]
        self._folder = folder
        self._name = f"{surface.lower()}-{version}-{sqlite3.sqlite_version}.jsonl"
        self._lines: list[Any] = [{"surface": f"{surface} {version}", "sqlite": sqlite3.sqlite_version}]

    def case(self, name: str) -> dict[str, Any]:
        """The line of a case, to be filled."""
        line: dict[str, Any] = {"case": name, "steps": []}
        self._lines.append(line)
        return line

    def write(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in self._lines)
        (self._folder / self._name).write_bytes(text.encode())


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    made = Record("Python")
    yield made
    made.write()


def name_of(path: Path) -> str:
    """``area/case``."""
    return f"{path.parent.name}/{path.name}"


def skip(line: dict[str, Any], reason: str, detail: str = "") -> NoReturn:
    """Skips a case, for one of the reasons of tests/conformance/skips.json."""
    line.update(skipped=reason, detail=detail)
    pytest.skip(SKIPS[reason] + (f": {detail}" if detail else ""))


def skip_what_is_too_new(path: Path, line: dict[str, Any]) -> None:
    if path.name == "count_changes" and sys.version_info < (3, 11):
        skip(line, "python_counts")
    *since, what = NEEDS.get(path.name, (0, 0, ""))
    if sqlite3.sqlite_version_info < tuple(since):
        skip(line, "older_sqlite", f"{since[0]}.{since[1]}: {what}")


def make(db: sqlite3.Connection, path: Path, line: dict[str, Any]) -> None:
    """The case's database, past limbeck."""
    try:
        if (path / "before.sql").exists():
            db.executescript((path / "before.sql").read_bytes().decode())
    except sqlite3.OperationalError as error:
        skip(line, "module" if "no such" in str(error) else "older_sqlite", str(error))


def told(error: limbeck.LimbeckError) -> dict[str, Any]:
    """An error as the core words it."""
    members = ("code", "message", "hint", "revision", "file", "line", "statement", "violations", "newer")
    body = {name: plain(getattr(error, name)) for name in members}
    if not error.newer:
        del body["newer"]
    return {"error": body} if error.report is None else {"error": body, "report": plain(error.report)}


def plain(value: Any) -> Any:
    """One of the classes of ``limbeck`` as the core's JSON, without what differs from run to run."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in ("timing", "applied_at")}
    if not dataclasses.is_dataclass(value):
        return value
    names = [each.name for each in dataclasses.fields(value)]
    absent = {"why": None, "newer": [], "backup": None, "breaks_older_apps": None, "grade": None}
    members = {name: getattr(value, name) for name in sorted(names, key=lambda name: (name == "rows", names.index(name)))}
    return plain({name.rstrip("_"): each for name, each in members.items() if name not in absent or each != absent[name]})


def files(path: Path) -> list[tuple[str, str]]:
    return [(each.name, each.read_bytes().decode()) for each in sorted(path.glob("*.[sS][qQ][lL]"))]


def memory(sql: str = "") -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(sql)
    return db


def call(case: dict[str, Any], path: Path, db: sqlite3.Connection, step: dict[str, Any]) -> Any:
    folder = files(path / step.get("migrations", "migrations"))
    migrator = limbeck.Migrator(folder, newer_database=step.get("newer_database"), **case.get("options", {}))
    verb, *rest = step["run"].split(" ")
    if rest[-1:] == ["--sql"]:
        return migrator.sql(rest[0], direction=verb)
    if rest[-1:] == ["--plan"]:
        return migrator.plan(db, rest[0], direction=verb)
    if verb == "current" and rest:
        migrator.check_heads(db)

    def diff() -> Any:
        # The verb takes the wanted schema as text, and answers the differences alone.
        wanted = memory((path / rest[0]).read_bytes().decode())
        return migrator._core.diff(db, wanted, json.dumps(step.get("compare", {})))

    answers: dict[str, Any] = {
        "upgrade": lambda: migrator.upgrade(db, rest[0]),
        "downgrade": lambda: migrator.downgrade(db, rest[0]),
        "stamp": lambda: migrator.stamp(db, [each for each in rest if each != "--purge"], purge="--purge" in rest),
        "current": lambda: migrator.current(db),
        "heads": lambda: migrator.heads(resolve_dependencies=bool(rest)),
        "branches": lambda: migrator.branches(),
        "history": lambda: migrator.history(rest[0], database=db),
        "show": lambda: migrator.show(rest[0]),
        "merge": lambda: migrator.merge(rest),
        "check": lambda: migrator.check((path / rest[0]).read_bytes().decode()),
        "diff": diff,
        "verify": lambda: migrator.verify(db),
        "ensure_version": lambda: migrator.ensure_version(db),
    }
    return answers[verb]()


def ran(db: sqlite3.Connection, answer: Any) -> Any:
    """A printed script is no result: it is run, without its one line that only the shell knows."""
    if not isinstance(answer, str):
        return answer
    try:
        db.executescript(answer.replace(".bail on\n", ""))
    except sqlite3.Error as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise limbeck.StatementFailed(str(error)) from error
    return None


def bare(value: Any) -> Any:
    """Without what differs from version to version of SQLite, and from run to run."""
    if isinstance(value, dict):
        return {key: bare(each) for key, each in value.items() if key not in ("timing", "applied_at", *OF_A_VERSION)}
    return [bare(each) for each in value] if isinstance(value, list) else value


def everything(db: sqlite3.Connection) -> list[Any]:
    return [db.execute("SELECT * FROM sqlite_master").fetchall(), rows(db, own=True)]


def schema(db: sqlite3.Connection) -> str:
    sql = (
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " AND tbl_name NOT LIKE 'limbeck\\_%' ESCAPE '\\' ORDER BY type, name"
    )
    return "\n".join(text + ";\n" for (text,) in db.execute(sql))


def rows(db: sqlite3.Connection, own: bool = False) -> str:
    quoted = lambda name: '"' + name.replace('"', '""') + '"'  # noqa: E731
    lines = []
    for name, sql in db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
        if (name.startswith(("limbeck_", "sqlite_")) and not own) or sql.upper().startswith("CREATE VIRTUAL"):
            continue
        columns = [row[0] for row in db.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden <> 1", (name,))]
        listed = " || '|' || ".join(f"quote({quoted(each)})" for each in columns)
        # A table WITHOUT ROWID is in the order of its key.
        order = "" if re.search(r"\)[^)]*WITHOUT\s+ROWID[^)]*$", sql, re.IGNORECASE) else " ORDER BY rowid"
        found = db.execute(f"SELECT {listed} FROM {quoted(name)} NOT INDEXED{order}").fetchall()
        lines += [f"{name}|{row[0]}\n" for row in found]
    return "".join(lines)


def same_layout(text: str) -> str:
    """SQLite's own ALTER, whose layout is its own, does less in older versions."""
    return "".join(text.split()).replace('"', "")


@pytest.mark.parametrize("path", CASES, ids=map(name_of, CASES))
def test_case(path: Path, record: Record) -> None:
    line = record.case(name_of(path))
    skip_what_is_too_new(path, line)
    case = json.loads((path / "case.json").read_text("utf-8"))
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    make(db, path, line)
    switched = db.execute("PRAGMA foreign_keys").fetchone()
    for step in case["steps"]:
        before = everything(db)
        error = found = None
        try:
            found = plain(call(case, path, db, step))
        except limbeck.LimbeckError as caught:
            error = caught
        line["steps"].append(told(error) if error else {"ok": found})
        try:
            found = ran(db, found)
        except limbeck.StatementFailed as caught:
            error = caught
        if isinstance(error, limbeck.SqliteTooOld) and step.get("error") != error.code:
            skip(line, "older_sqlite", str(error))
        if "error" in step:
            assert error is not None, f"{step['error']} was expected, and it succeeds: {found}"
            assert error.code == step["error"], error
            assert type(error) is KINDS[error.code]
            assert step.get("message", "") in error.message
            for name in ("file", "line"):
                assert getattr(error, name) == step[name] if name in step else True
            for name in ("violations", "newer"):
                assert plain(getattr(error, name)) == step[name] if name in step else True
            if "report" not in step:
                assert everything(db) == before
            else:
                assert bare(plain(error.report)) == bare(step["report"])
        elif error is not None:
            raise error
        else:
            assert bare(found) == bare(step.get("expect"))
        assert db.execute("PRAGMA foreign_keys").fetchone() == switched
    compare_database(db, path, line)


def compare_database(db: sqlite3.Connection, path: Path, line: dict[str, Any]) -> None:
    """What the case leaves is what it says."""
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    wanted = {name: (path / name).read_bytes().decode() if (path / name).exists() else "" for name in ("schema.sql", "rows.txt")}
    line.update({"schema.sql": schema(db), "rows.txt": rows(db)})
    assert same_layout(line["schema.sql"]) == same_layout(wanted["schema.sql"])
    assert line["rows.txt"] == wanted["rows.txt"]
