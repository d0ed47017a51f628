"""Schemas compared: a folder, a database and a text of CREATE statements."""

import sqlite3

import pytest

import limbeck

FILES = [("0001_notes.sql", "CREATE TABLE notes(title TEXT)"), ("0002_titles.sql", "CREATE INDEX titles ON notes(title)")]
WANTED = "CREATE TABLE notes(title TEXT NOT NULL); CREATE INDEX titles ON notes(title);"


@pytest.fixture
def database() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    limbeck.upgrade(connection, FILES)
    return connection


def test_what_the_folder_lacks() -> None:
    found = limbeck.Migrator(FILES).check(WANTED)
    assert [(one.kind, one.table, one.name, one.grade) for one in found] == [("change_nullable", "notes", "title", None)]
    assert limbeck.Migrator(FILES).check("CREATE TABLE notes ( title text ); CREATE INDEX titles ON notes(title)") == []
    with pytest.raises(limbeck.LimbeckError):
        limbeck.Migrator(FILES).check("DROP TABLE notes")


def test_what_a_database_lacks(database: sqlite3.Connection) -> None:
    migrator = limbeck.Migrator(FILES)
    renamed = "CREATE TABLE notes(name TEXT); CREATE INDEX titles ON notes(name)"
    assert {one.kind for one in migrator.diff(database, renamed)} >= {"add_column", "drop_column"}
    assert [one.kind for one in migrator.diff(database, renamed, renames=["notes.title:name"])] == ["rename_column"]
    assert migrator.diff(database, "CREATE TABLE other(a)", exclude=["notes", "other"]) == []
    with pytest.raises(limbeck.BadRename):
        migrator.diff(database, renamed, renames=["notes.nothing:name"])


def test_a_database_that_has_drifted(database: sqlite3.Connection) -> None:
    migrator = limbeck.Migrator(FILES)
    sound = migrator.verify(database)
    assert sound and sound.revisions == ["0002"] and sound.differences == []
    database.execute("DROP INDEX titles")
    drifted = migrator.verify(database)
    assert not drifted and drifted.fingerprint != sound.fingerprint
    assert [(one.kind, one.name, one.grade) for one in drifted.differences] == [("add_index", "titles", "slight")]
    assert database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'titles'").fetchone() == (0,)
