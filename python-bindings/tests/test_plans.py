"""What is told before anything runs: plans, scripts, the graph; and the forms in which migrations are given."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

import limbeck

FILES = {
    "0001_notes.sql": "-- migrate:up\nCREATE TABLE notes(title TEXT);\n-- migrate:down\nDROP TABLE notes;",
    "0002_titles.sql": "-- migrate:up\nALTER TABLE notes ALTER title SET NOT NULL;\n-- migrate:down\nALTER TABLE notes ALTER title DROP NOT NULL;",
}


def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    migrator = limbeck.Migrator(FILES)
    whole = migrator.plan(tmp_path / "new.db")
    assert whole and [step.revision for step in whole.steps] == ["0001", "0002"]
    assert not (tmp_path / "new.db").exists()
    database = sqlite3.connect(":memory:")
    migrator.upgrade(database, "0001")
    before = list(database.iterdump())
    up = migrator.plan(database)
    assert (up.from_, up.to, up.steps[0].direction, len(up.steps)) == (["0001"], ["0002"], "up", 1)
    assert up.steps[0].alterations[0].table == "notes" and up.steps[0].breaks_older_apps
    down = migrator.plan(database, "-1", direction="downgrade")
    assert (down.to, down.steps[0].direction, down.steps[0].statements) == ([], "down", ["DROP TABLE notes"])
    assert not migrator.plan(database, "0001") and list(database.iterdump()) == before
    for verb in (migrator.plan, migrator.sql):
        with pytest.raises(limbeck.BadSetting, match='direction = "sideways"'):
            verb(*([database] if verb == migrator.plan else []), direction="sideways")


def test_a_plan_runs_python_on_the_twin(folder: Any) -> None:
    where = folder(**{"0001_t_sql": "CREATE TABLE t(a)", "0002_more_py": "def upgrade(step):\n    step.execute('ALTER TABLE t ADD b FIRST')\n"})
    database = sqlite3.connect(":memory:")
    plan = limbeck.Migrator(where).plan(database)
    assert [alteration.way for alteration in plan.steps[1].alterations] == ["rebuild"]
    assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_script_is_what_the_run_would_do() -> None:
    migrator = limbeck.Migrator(FILES)
    by_hand, by_run = (sqlite3.connect(":memory:", isolation_level=None) for _ in range(2))
    for range_, direction in (("head", "upgrade"), ("head:0001", "downgrade"), ("0001:0002", "stamp")):
        by_hand.executescript(migrator.sql(range_, direction=direction).replace(".bail on\n", ""))
    migrator.upgrade(by_run)
    migrator.downgrade(by_run, "0001")
    migrator.stamp(by_run, "0002")
    assert migrator.current(by_hand) == migrator.current(by_run) != []
    assert migrator.fingerprint(by_hand) == migrator.fingerprint(by_run)
    with pytest.raises(limbeck.RangeRequired):
        migrator.sql("0001", direction="downgrade")


def test_what_the_graph_tells() -> None:
    forked = limbeck.Migrator({**FILES, "0003_tags.sql": "-- revises: 0001", "0004_late.sql": "-- revises: 0001\n-- depends_on: 0003"})
    assert [one.revision for one in forked.branches()] == ["0001"] and forked.branches()[0].branch_point
    assert forked.merge() == forked.merge("heads") == forked.merge([]) == ["0002", "0004"]
    assert forked.merge(["0002", "0003"]) == ["0002", "0003"]
    assert [one.revision for one in forked.heads()] == ["0002", "0003", "0004"]
    assert [one.revision for one in forked.heads(resolve_dependencies=True)] == ["0002", "0004"]
    with pytest.raises(limbeck.NotAHead):
        forked.merge(["0001", "0002"])


def test_a_fingerprint_is_of_the_schema() -> None:
    migrator = limbeck.Migrator(FILES)
    one, other = (sqlite3.connect(":memory:") for _ in range(2))
    migrator.upgrade(one)
    other.execute("create table NOTES ( title  text not null )")
    assert migrator.fingerprint(one) != migrator.fingerprint(sqlite3.connect(":memory:"))
    assert migrator.fingerprint(one) == one.execute("SELECT fingerprint FROM limbeck_history ORDER BY rowid DESC").fetchone()[0]
    other.execute("ALTER TABLE notes RENAME TO other")
    assert migrator.fingerprint(one) != migrator.fingerprint(other)


@pytest.mark.parametrize("given", [FILES, FILES.items(), list(FILES.items()), tuple(map(list, FILES.items())), iter(FILES.items())])
def test_forms_of_migrations(given: Any) -> None:
    assert [one.revision for one in limbeck.Migrator(given).heads()] == ["0002"]


@pytest.mark.parametrize(
    "given, message, hint, file",
    [
        (None, "the list of migrations is of type NoneType", "give a folder, a dict", None),
        (7, "the list of migrations is of type int", "give a folder, a dict", None),
        (["0001_notes.sql"], "a migration is of type str", "a list of pairs", None),
        ([("0001_notes.sql",)], "a migration is of type tuple", "a list of pairs", None),
        ([Path("0001_notes.sql")], "Path", "a list of pairs", None),
        ({Path("0001_notes.sql"): "SELECT 1"}, "the name of a migration is of type", "such as '0001_notes.sql'", None),
        ({"0001_notes.sql": b"SELECT 1"}, "the text of '0001_notes.sql' is of type bytes", "as a str", "0001_notes.sql"),
        ([("0001_notes.sql", None)], "the text of '0001_notes.sql' is of type NoneType", "as a str", "0001_notes.sql"),
        ({"0001_notes.sql": "SELECT '\ud800'"}, "the text of '0001_notes.sql' is no UTF-8", "lone surrogate", "0001_notes.sql"),
    ],
)
def test_wrong_forms_of_migrations(given: Any, message: str, hint: str, file: Any) -> None:
    with pytest.raises(limbeck.SourceUnreadable) as caught:
        limbeck.Migrator(given)
    error = caught.value
    assert error.code == "script.unreadable" and message in error.message and hint in error.hint and error.file == file, error


def test_what_a_list_of_migrations_raises_comes_through() -> None:
    def generated() -> Any:
        yield next(iter(FILES.items()))
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        limbeck.Migrator(generated())


@pytest.mark.parametrize(
    "call, kind, message, hint",
    [
        (lambda m: m.upgrade(":memory:", 2), limbeck.BadSetting, "target is 2", "write '2'"),
        (lambda m: m.downgrade(":memory:", -1), limbeck.BadSetting, "target is -1", "write '-1'"),
        (lambda m: m.stamp(":memory:", ["0001", 2]), limbeck.BadSetting, "a target is 2", "write '2'"),
        (lambda m: m.merge(None), limbeck.BadSetting, "a target is None", "give a str"),
        (lambda m: m.check(b"CREATE TABLE t(a)"), limbeck.BadSetting, "schema is b'CREATE", "give a str"),
        (lambda m: m.check("DROP TABLE t"), limbeck.ForbiddenStatement, "DROP in a schema", "delete it"),
        (lambda m: m.diff(":memory:", "CREATE TABEL t(a)"), limbeck.StatementFailed, "TABEL", "mend"),
        (lambda m: m.restore(":memory:", None), limbeck.NoBackup, "None", "backups()"),
        (lambda m: m.upgrade(":memory:", on_progress="yes"), limbeck.BadSetting, "on_progress is 'yes'", "a function"),
        (lambda m: limbeck.Migrator(FILES, app_version=2.0), limbeck.BadSetting, "app_version is 2.0", "write '2.0'"),
        (lambda m: limbeck.Migrator(FILES, rebuild=True), limbeck.BadSetting, "rebuild is True", "give a str"),
        (lambda m: limbeck.Migrator(FILES, keep_backups="3"), limbeck.BadSetting, "keep_backups is '3'", "give an int"),
        (lambda m: m.upgrade("postgresql+psycopg://localhost/x"), limbeck.BadSetting, "is postgresql", "use Alembic"),
        (lambda m: m.upgrade("no/such/app.db"), limbeck.CannotOpen, "no/such/app.db", "make the folder 'no/such' first"),
        (lambda m: m.upgrade("."), limbeck.CannotOpen, "it is a folder", "name a file in it"),
        (lambda m: m.upgrade(""), limbeck.BadSetting, "name is empty", "give a path"),
    ],
)
def test_a_newcomers_mistakes(call: Any, kind: type[limbeck.LimbeckError], message: str, hint: str) -> None:
    with pytest.raises(kind) as caught:
        call(limbeck.Migrator(FILES))
    assert message in caught.value.message and hint in caught.value.hint, caught.value
    assert "None:" not in str(caught.value), caught.value
