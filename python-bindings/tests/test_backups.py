"""Backups on Python's own sqlite3."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import limbeck

FILES = [("1_a.sql", "CREATE TABLE a(x)"), ("2_b.sql", "DELETE FROM a; ALTER TABLE a ADD y;")]


def app(tmp_path: Path, release: int) -> limbeck.Migrator:
    return limbeck.Migrator(FILES[:release], app_version=f"{release}.0", backups=tmp_path / "backups", keep_backups=2)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_an_older_app_finds_its_way_home(tmp_path: Path, mode: str) -> None:
    path, events = tmp_path / "app.db", []
    db = sqlite3.connect(path, isolation_level=None)
    assert db.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
    app(tmp_path, 1).upgrade(db)
    db.execute("INSERT INTO a VALUES (zeroblob(2000000))")
    report = app(tmp_path, 2).upgrade(db, on_progress=lambda event: events.append(event.event))
    assert report.backup and Path(report.backup).exists() and "backing_up" in events
    old = app(tmp_path, 1)
    with pytest.raises(limbeck.DatabaseNewer) as caught:
        old.upgrade(db)
    assert [each.app_version for each in caught.value.newer] == ["2.0"]
    backup = old.newest_compatible_backup(db)
    assert backup is not None and (backup.heads, backup.app_version, backup.path) == (["1"], "1.0", report.backup)
    with pytest.raises(limbeck.Cancelled):
        old.restore(db, backup, on_progress=lambda event: event.event != "restoring")
    assert db.execute("SELECT count(*) FROM a").fetchone() == (0,)
    assert old.restore(db, backup).to == ["1"]
    assert db.execute("SELECT length(x) FROM a").fetchone() == (2000000,)
    assert db.execute("PRAGMA journal_mode").fetchone() == (mode,)
    assert not old.upgrade(db)
    assert [each.heads for each in old.backups(path)] == [["2"], ["1"]]
    # By path, also where the database is gone.
    db.close()
    path.unlink()
    assert [each.heads for each in old.backups(str(path))] == [["2"], ["1"]] and not path.exists()
    with pytest.raises(limbeck.NoBackup):
        old.restore(path, tmp_path / "nowhere.backup")
    assert old.newest_compatible_backup(f"sqlite:///{path}") is not None and not path.exists()
    newest = app(tmp_path, 2).newest_compatible_backup(path)
    assert newest is not None and app(tmp_path, 2).restore(path, newest.path).to == ["2"]


def test_what_stands_in_the_way(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    app(tmp_path, 1).upgrade(db)
    with pytest.raises(limbeck.BadSetting):
        limbeck.Migrator(FILES).back_up(db)
    with pytest.raises(limbeck.NoBackup):
        app(tmp_path, 1).restore(db, tmp_path / "nowhere.backup")
    with pytest.raises(limbeck.Cancelled):
        app(tmp_path, 1).back_up(db, on_progress=lambda event: False)
    backup = app(tmp_path, 1).back_up(db)
    Path(backup.path).write_bytes(b"")
    with pytest.raises(limbeck.BackupDamaged):
        app(tmp_path, 1).restore(db, backup)
    (tmp_path / "backups").rename(tmp_path / "elsewhere")
    (tmp_path / "backups").write_text("a file")
    with pytest.raises(limbeck.BackupFailed):
        app(tmp_path, 2).upgrade(db)
    assert [each.revision for each in app(tmp_path, 2).current(db)] == ["1"]


def test_a_locked_database_is_not_waited_for_without_an_end(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "app.db", isolation_level=None, timeout=0.1)
    app(tmp_path, 1).upgrade(db)
    backup = app(tmp_path, 1).back_up(db)
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(limbeck.Locked):
        app(tmp_path, 1).restore(db, backup)
    other.execute("ROLLBACK")
    assert app(tmp_path, 1).restore(db, backup).to == ["1"]


def test_a_look_for_a_bug_report(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    app(tmp_path, 1).upgrade(db)
    found = app(tmp_path, 2).doctor(db)
    assert (found["heads"], found["pending"], found["problems"]) == (["1"], ["2"], [])
    assert found["sqlite"] == sqlite3.sqlite_version and str(tmp_path) not in str(found)
    assert [step["revision"] for step in found["plan"]["steps"]] == ["2"] and found["failures"] == []
    assert found["plan"]["volumes"][0]["holds"][0] == "database"
    assert limbeck.Migrator(FILES, check_room=False).upgrade(db).to == ["2"]
