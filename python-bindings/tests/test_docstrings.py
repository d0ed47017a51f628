"""``help()`` tells all: each public name says what it is, each verb also what it raises, with an example that runs."""

import doctest
import inspect
import re
import sqlite3

import limbeck
import pytest

op = pytest.importorskip("limbeck.op", reason="op needs SQLAlchemy")

#: What every example is given: a folder of two revisions, a database of the first, and one that is empty.
MIGRATIONS = [
    ("0001_notes.sql", "-- migrate:up\nCREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT);\n-- migrate:down\nDROP TABLE notes;"),
    (
        "0002_titles.sql",
        "-- migrate:up\nALTER TABLE notes ALTER title SET NOT NULL;\n-- migrate:down\nALTER TABLE notes ALTER title DROP NOT NULL;",
    ),
]

VERBS = [
    *(getattr(limbeck.Migrator, name) for name in sorted(dir(limbeck.Migrator)) if not name.startswith("_")),
    *(getattr(limbeck, name) for name in ("upgrade", "downgrade", "stamp", "current", "history", "heads")),
]


@pytest.mark.parametrize("name", limbeck.__all__)
def test_every_public_name(name):
    thing = getattr(limbeck, name)
    if isinstance(thing, str):
        return
    told = inspect.getdoc(thing)
    assert told and (told[0].isupper() or told[0] == "`"), name
    if inspect.isclass(thing):
        assert told != inspect.getdoc(thing.__mro__[1]), f"{name} has only the words of {thing.__mro__[1]}"
        # A dataclass without words gets its signature for a docstring.
        assert not told.startswith(f"{name}("), name
        for method, value in vars(thing).items():
            if not method.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                assert inspect.getdoc(value), f"{name}.{method}"


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__qualname__)
def test_every_verb(verb, tmp_path, monkeypatch):
    told = inspect.getdoc(verb)
    assert "raises" in told.lower(), "what it raises"
    for name in re.findall(r":class:`(\w+)`", told):
        assert name in limbeck.__all__, name
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    for file, text in MIGRATIONS:
        (tmp_path / "migrations" / file).write_text(text, "utf-8")
    migrator = limbeck.Migrator("migrations", backups=tmp_path / "backups")
    migrator.upgrade("app.db", "0001")
    given = {"limbeck": limbeck, "sqlite3": sqlite3, "migrator": migrator}
    example = doctest.DocTestParser().get_doctest(told, given, verb.__qualname__, None, None)
    assert example.examples, "an example"
    said = []
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append).failed == 0, "".join(said)


@pytest.mark.parametrize("name", [name for name in dir(op) if not name.startswith("_")])
def test_every_directive(name):
    thing = getattr(op, name)
    if inspect.isroutine(thing):
        assert inspect.getdoc(thing), f"op.{name}"
