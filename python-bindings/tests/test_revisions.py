"""Revisions in Python: what their functions meet, and what is no revision."""

from __future__ import annotations

import os
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest

import limbeck

NOTES = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes(title) VALUES ('Ab Cd'), ('Ef');"
SLUGS = """
def upgrade(step):
    step.execute("ALTER TABLE notes ADD COLUMN slug TEXT AFTER id")
    for id, title in step.connection.execute("SELECT id, title FROM notes").fetchall():
        step.connection.execute("UPDATE notes SET slug = ? WHERE id = ?", (title.lower().replace(" ", "-"), id))
"""
BIND = """
from alembic import op
import sqlalchemy as sa
def upgrade():
    for row in op.get_bind().execute(sa.text("SELECT id, title FROM notes")).fetchall():
        op.get_bind().execute(sa.text("UPDATE notes SET title = :t WHERE id = :i"), {"t": row.title.lower(), "i": row.id})
"""


def as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row)}


@pytest.mark.parametrize("factory", [as_dict, sqlite3.Row])
def test_a_row_factory_of_the_app_is_not_met(folder: Callable[..., str], factory: Any) -> None:
    """One that makes dicts hands out names where a revision unpacks values: nothing would be written, and no error raised."""
    where = folder(**{"0001_notes_sql": NOTES, "0002_slugs_py": SLUGS, "0003_low_py": BIND})
    connection = sqlite3.connect(":memory:")
    connection.row_factory = factory
    limbeck.upgrade(connection, where)
    assert connection.row_factory is factory
    connection.row_factory = None
    assert connection.execute("SELECT slug, title FROM notes").fetchall() == [("ab-cd", "ab cd"), ("ef", "ef")]
    connection.row_factory = factory
    with pytest.raises(limbeck.StatementFailed):
        limbeck.upgrade(connection, folder(**{"0004_no_sql": "INSERT INTO nowhere VALUES (1)"}))
    assert connection.row_factory is factory


@pytest.mark.parametrize("parameters, seen", [("dry_run=False", "dry_run"), ("**options", "options"), ("*tables", "tables"), ("*, only=None", "only")])
def test_a_parameter_with_a_default_is_the_revisions_own(folder: Callable[..., str], parameters: str, seen: str) -> None:
    text = f"from limbeck import op\ndef upgrade({parameters}):\n    assert not {seen}\n    op.execute('CREATE TABLE t(a)')\n"
    connection = sqlite3.connect(":memory:")
    limbeck.upgrade(connection, folder(**{"0001_x_py": text}))
    assert connection.execute("SELECT * FROM t").fetchall() == []


@pytest.mark.parametrize(
    "text, says",
    [
        ("async def upgrade(step):\n    pass", r"upgrade\(\) is asynchronous"),
        ("async def upgrade(step):\n    yield", r"upgrade\(\) is asynchronous"),
        ("def upgrade(step):\n    yield", r"upgrade\(\) is a generator"),
        ("def upgarde(step):\n    pass", r"'0002_x.py' defines no upgrade\(\)"),
        ("upgrade = 'CREATE TABLE a(b)'", "which is no function"),
        ("def upgrade():\n    pass\nasync def downgrade():\n    pass", r"downgrade\(\) is asynchronous"),
    ],
)
def test_what_would_be_recorded_and_not_run_is_refused(folder: Callable[..., str], text: str, says: str) -> None:
    where = folder(**{"0001_notes_sql": NOTES, "0002_x_py": text})
    with pytest.raises(limbeck.BadDirective, match=says) as caught:
        limbeck.Migrator(where)
    assert caught.value.hint and str(caught.value.file).endswith("0002_x.py")


def test_a_wrapped_coroutine_is_refused_where_it_runs(folder: Callable[..., str]) -> None:
    text = "async def work():\n    pass\ndef upgrade():\n    return work()\n"
    connection = sqlite3.connect(":memory:")
    with pytest.raises(limbeck.CodeFailed, match="coroutine"):
        limbeck.upgrade(connection, folder(**{"0001_x_py": text}))
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_file_without_upgrade_is_no_revision(folder: Callable[..., str]) -> None:
    """It was one of the name ``helpers``, and the database's version row was, too."""
    with pytest.raises(limbeck.BadDirective, match=r"'helpers.py' defines no upgrade\(\)"):
        limbeck.Migrator(folder(**{"0001_notes_sql": NOTES, "helpers_py": "X = 1\n"}))


def test_a_file_of_alembics_names_its_revision(project: Any) -> None:
    """Without its env.py too; a path was the id of one that does not."""
    project.version("a", None)
    (project.versions / "b.py").write_text("def upgrade():\n    pass\n")
    for read in (lambda: limbeck.Migrator(project.folder / "migrations"), lambda: project_scripts(project)):
        with pytest.raises(limbeck.BadDirective, match="'b.py' names no revision"):
            read()


def project_scripts(project: Any) -> Any:
    from limbeck.alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(project.config)


def test_python_is_not_given_as_text(tmp_path: Path) -> None:
    with pytest.raises(limbeck.SourceUnreadable, match="'0002_x.py' is Python's"):
        limbeck.Migrator({"0001_notes.sql": NOTES, "0002_x.py": "def upgrade(step): pass"})


def test_a_folder_inside_an_archive(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("migrations/0001_notes.sql", NOTES)
    with pytest.raises(limbeck.SourceUnreadable) as caught:
        limbeck.Migrator(zipfile.Path(tmp_path / "app.zip", "migrations/"))  # type: ignore[arg-type]
    assert "as_file" in str(caught.value.hint)


def test_a_migrator_that_runs_says_so() -> None:
    """To a callback, whatever it asks."""
    migrator = limbeck.Migrator({"0001_notes.sql": NOTES})
    asks: list[Callable[[], Any]] = [
        migrator.heads, lambda: migrator.current(":memory:"), lambda: migrator.upgrade(":memory:"), migrator.cancel_handle,
    ]
    seen: list[str] = []

    def told(event: limbeck.Event) -> None:
        for ask in asks:
            with pytest.raises(limbeck.TransactionOpen, match="is running already"):
                ask()
            seen.append(event.event)

    assert migrator.upgrade(":memory:", on_progress=told).to == ["0001"]
    assert len(seen) >= len(asks) and migrator.heads()[0].revision == "0001"


def test_foreign_keys_are_not_switched_by_a_migration(project: Any) -> None:
    """Alembic's do, inside a transaction, where SQLite does nothing: an old migration runs all the same."""
    project.version("a", None, "op.execute('CREATE TABLE p(id INTEGER PRIMARY KEY)')\n"
                    "op.execute('-- off\\nPRAGMA foreign_keys=OFF')\nop.execute('PRAGMA main.foreign_keys = ON; DROP TABLE p')\n"
                    "op.get_bind().execute(sa.text('PRAGMA foreign_keys = OFF'))")
    report = limbeck.upgrade(project.db, project.folder / "migrations")
    assert [warning.startswith("skipped, because limbeck checks foreign keys") for warning in report.warnings] == [True] * 3
    assert project.rows("SELECT count(*) FROM sqlite_master WHERE name = 'p'") == [(0,)]


ENDS = {
    "commit": "step.connection.commit()",
    "executescript": "step.connection.executescript('CREATE TABLE made(a)')",
    "with": "with step.connection: step.connection.execute('CREATE TABLE made(a)')",
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("fails", [False, True])
def test_what_ends_a_transaction_of_pythons(folder: Callable[..., str], tmp_path: Path, how: str, fails: bool) -> None:
    """Since 3.12 it ends nothing; before, it is told of, and the disk is not blamed."""
    text = f"def upgrade(step):\n    step.execute('CREATE TABLE before(a)')\n    {ENDS[how]}\n"
    where = folder(**{"0001_notes_sql": NOTES, "0002_x_py": text + ("    raise LookupError('own')\n" if fails else "")})
    connection = sqlite3.connect(tmp_path / "app.db")
    if sys.version_info < (3, 12):
        with pytest.raises(LookupError if fails else limbeck.CodeFailed) as caught:
            limbeck.upgrade(connection, where)
        told = getattr(caught.value, "__notes__", None) or [str(caught.value), str(caught.value.hint)]  # type: ignore[attr-defined]
        assert "ended the transaction" in " ".join(told) and "what is left of the run" in " ".join(told)
    elif fails:
        with pytest.raises(LookupError):
            limbeck.upgrade(connection, where)
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    else:
        assert limbeck.upgrade(connection, where).to == ["0002"]
        assert limbeck.upgrade(tmp_path / "other.db", where).to == ["0002"]
    assert connection.isolation_level == "" and getattr(connection, "autocommit", -1) == -1


def test_the_run_stops_where_the_callers_transaction_has_ended(folder: Callable[..., str], tmp_path: Path) -> None:
    text = "def upgrade(step):\n    step.connection.commit()\n    step.execute('CREATE TABLE outside(a)')\n"
    connection = sqlite3.connect(tmp_path / "app.db")
    connection.execute("CREATE TABLE mine(a)")
    connection.execute("INSERT INTO mine VALUES (1)")
    with pytest.raises(limbeck.CodeFailed, match="the code of revision 0001 ended the transaction"):
        limbeck.upgrade(connection, folder(**{"0001_x_py": text}))
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'outside'").fetchall() == []


def test_a_callback_that_ends_the_transaction(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "app.db")

    def ends(event: limbeck.Event) -> None:
        if event.event == "step_finished":
            connection.execute("COMMIT")

    files = {"0001_notes.sql": NOTES, "0002_more.sql": "CREATE TABLE more(a)"}
    with pytest.raises(limbeck.CodeFailed, match="listens to the run's events ended the transaction"):
        limbeck.upgrade(connection, files, on_progress=ends)
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchall() == []


def test_a_rollback_is_told_of(folder: Callable[..., str], tmp_path: Path) -> None:
    """It takes nothing back on a connection of limbeck's own; an exception does."""
    where = folder(**{"0001_notes_sql": NOTES, "0002_x_py": "def upgrade(step):\n    step.connection.rollback()\n"})
    with pytest.raises(limbeck.CodeFailed, match="rolled the connection back"):
        limbeck.upgrade(tmp_path / "app.db", where)
    connection = sqlite3.connect(tmp_path / "app.db")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    folder(**{"0002_x_py": "def upgrade(step):\n    step.connection.rollback()\n    raise LookupError('own')\n"})
    with pytest.raises(LookupError):
        limbeck.upgrade(tmp_path / "app.db", where)


@pytest.mark.parametrize("begins", [False, True])
def test_the_begin_of_sqlalchemys_documentation(project: Any, begins: bool) -> None:
    """A listener that sends BEGIN itself, for savepoints that work: the run has begun already."""
    import sqlalchemy as sa

    project.version("a", None, "t = op.create_table('t', sa.Column('id', sa.Integer))\nop.bulk_insert(t, [{'id': 1}])")
    commit = "" if begins else "op.get_bind().commit()\n"
    look = "assert op.get_bind().scalar(sa.text('SELECT id FROM t')) == 1"
    project.version("b", "a", f"assert sa.inspect(op.get_bind()).get_table_names() != []\n{commit}{look}")

    def connected(driver: Any, _: Any) -> None:
        driver.isolation_level = None

    def began(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    engine = sa.create_engine(f"sqlite:///{project.db}")
    sa.event.listen(engine, "connect", connected)
    sa.event.listen(engine, "begin", began)
    with engine.begin() if begins else engine.connect() as connection:
        assert limbeck.upgrade(connection, project.folder / "migrations").to == ["b"]
    with engine.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM t")) == 1


def test_many_threads_each_with_a_database(project: Any) -> None:
    for at in range(3):
        project.version(f"r{at}", f"r{at - 1}" if at else None,
                        f"t = op.create_table('t{at}', sa.Column('id', sa.Integer))\nop.bulk_insert(t, [{{'id': n}} for n in range(20)])")
    there = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "alembic"}
    writes = sys.dont_write_bytecode

    def work(at: int) -> list[str]:
        return limbeck.Migrator(project.folder / "migrations").upgrade(project.folder / f"{at}.db").to

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(24))) == [["r2"]] * 24
    for at in range(24):
        connection = sqlite3.connect(project.folder / f"{at}.db")
        assert [connection.execute(f"SELECT count(*) FROM t{n}").fetchone()[0] for n in range(3)] == [20] * 3
        connection.close()
    assert {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "alembic"} == there
    assert sys.dont_write_bytecode is writes


ELSEWHERE = """
import threading
from limbeck import LimbeckError, op
seen = []
def elsewhere():
    try:
        op.execute("CREATE TABLE a(b)")
    except LimbeckError as error:
        seen.append(error.code)
def upgrade():
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == ["script.code_failed"], seen
"""


def test_op_is_of_the_thread_that_runs(folder: Callable[..., str]) -> None:
    assert limbeck.upgrade(":memory:", folder(**{"0001_x_py": ELSEWHERE})).to == ["0001"]


@pytest.mark.parametrize("database", ["file:k.db", "FILE:k.db?mode=ro", "sqlite:///file:k.db?uri=true"])
def test_a_uri_is_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    """SQLite may open what it names, and then nothing of that name is there."""
    monkeypatch.chdir(tmp_path)
    migrator = limbeck.Migrator({"0001_notes.sql": NOTES}, backups="backups")
    for verb in (migrator.upgrade, migrator.current, migrator.back_up, migrator.backups):
        with pytest.raises(limbeck.BadSetting, match="is a URI"):
            verb(database)
    assert os.listdir(tmp_path) == []
    connection = sqlite3.connect("file:k.db", uri=True)
    assert migrator.upgrade(connection).to == ["0001"] and migrator.back_up(connection).heads == ["0001"]


def test_what_is_not_there_is_not_backed_up(tmp_path: Path) -> None:
    migrator = limbeck.Migrator({"0001_notes.sql": NOTES}, backups=tmp_path / "backups")
    with pytest.raises(limbeck.CannotOpen, match="typo.db"):
        migrator.back_up(tmp_path / "typo.db")
    assert not (tmp_path / "backups").exists()
