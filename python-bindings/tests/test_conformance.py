"""The conformance suite, through Python: the same cases as every other surface."""

from __future__ import annotations

import dataclasses
import json
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

import limbeck
from limbeck import _limbeck, _report

CASES = sorted((Path(__file__).parents[2] / "tests" / "conformance" / "cases").glob("*/*"))
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
    "many_rows_are_counted": (3, 40, "the list of the first keys"),
    "add_column_with_a_comment_behind": EDITS,
    "rebuild_never_where_none_is_needed": EDITS,
    "short_rows_rebuild_never": EDITS,
    "statements_of_every_kind": (3, 35, "RETURNING"),
}


def skip_what_is_too_new(path: Path) -> None:
    if path.name == "count_changes" and sys.version_info < (3, 11):
        pytest.skip("this Python's sqlite3 miscounts the changes of a statement that answers a row: the rebuild is refused, and nothing changed")
    *since, what = NEEDS.get(path.name, (0, 0, ""))
    if sqlite3.sqlite_version_info < tuple(since):
        pytest.skip(f"needs SQLite {since[0]}.{since[1]}: {what}")


def files(path: Path) -> list[tuple[str, str]]:
    return [(each.name, each.read_bytes().decode()) for each in sorted(path.glob("*.[sS][qQ][lL]"))]


def memory(sql: str = "") -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(sql)
    return db


def call(case: dict[str, Any], path: Path, db: sqlite3.Connection, step: dict[str, Any]) -> Any:
    folder = files(path / step.get("migrations", "migrations"))
    core = _limbeck.Migrator(None, folder, [], newer_database=step.get("newer_database"), **case.get("options", {}))
    verb, *rest = step["run"].split(" ")
    if rest[-1:] == ["--sql"]:
        script = core.sql(memory(), verb, rest[0]).replace(".bail on\n", "")
        try:
            db.executescript(script)
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise limbeck.StatementFailed(str(error)) from error
        return None
    if rest[-1:] == ["--plan"]:
        return json.loads(core.dry_run(db, memory(), verb, rest[0]))
    if verb == "current" and rest:
        core.check_heads(db)
    answers: dict[str, Any] = {
        "upgrade": lambda: core.upgrade(db, rest[0], None),
        "downgrade": lambda: core.downgrade(db, rest[0], None),
        "stamp": lambda: core.stamp(db, [each for each in rest if each != "--purge"], "--purge" in rest, None),
        "current": lambda: core.current(db),
        "heads": lambda: core.real_heads() if rest else core.heads(),
        "branches": lambda: core.branches(),
        "history": lambda: core.history(rest[0], core.rows(db)),
        "show": lambda: core.show(rest[0]),
        "merge": lambda: json.dumps(core.merge(rest, False)),
        "check": lambda: core.check(memory(), memory(), (path / rest[0]).read_bytes().decode()),
        "diff": lambda: core.diff(db, memory((path / rest[0]).read_bytes().decode()), json.dumps(step.get("compare", {}))),
        "verify": lambda: core.verify(db, memory()),
        "ensure_version": lambda: json.dumps(core.ensure_version(db)),
    }
    return json.loads(answers[verb]())


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


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.name}" for path in CASES])
def test_case(path: Path) -> None:
    skip_what_is_too_new(path)
    case = json.loads((path / "case.json").read_text("utf-8"))
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("PRAGMA foreign_keys = OFF")
    if (path / "before.sql").exists():
        try:
            db.executescript((path / "before.sql").read_bytes().decode())
        except sqlite3.OperationalError as error:
            pytest.skip(f"this SQLite cannot make the case's database: {error}")
    switched = db.execute("PRAGMA foreign_keys").fetchone()
    for step in case["steps"]:
        before = everything(db)
        if "error" in step:
            with pytest.raises(limbeck.LimbeckError) as caught:
                call(case, path, db, step)
            error = caught.value
            if error.code == "alter.sqlite_too_old":
                pytest.skip(str(error))
            assert error.code == step["error"], error
            assert step.get("message", "") in error.message
            for name in ("file", "line"):
                assert getattr(error, name) == step[name] if name in step else True
            if "newer" in step:
                assert [bare(dataclasses.asdict(each)) for each in error.newer] == step["newer"]
            if "report" not in step:
                assert everything(db) == before
            else:
                want = _report.report({"timing": {}, **step["report"]})
                assert error.report is not None and (error.report.from_, error.report.to) == (want.from_, want.to)
                assert [each.revision for each in error.report.steps] == [each.revision for each in want.steps]
        else:
            try:
                assert bare(call(case, path, db, step)) == bare(step.get("expect"))
            except limbeck.SqliteTooOld as error:
                pytest.skip(str(error))
        assert db.execute("PRAGMA foreign_keys").fetchone() == switched
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    wanted = {name: (path / name).read_bytes().decode() if (path / name).exists() else "" for name in ("schema.sql", "rows.txt")}
    assert same_layout(schema(db)) == same_layout(wanted["schema.sql"])
    assert rows(db) == wanted["rows.txt"]
