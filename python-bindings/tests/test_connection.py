"""Every kind of connection, and what a run does to it: nothing that stays."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from typing import Any, Callable, Iterator

import pytest
import sqlalchemy as sa

import limbeck
from limbeck import _limbeck

NOTES = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes VALUES (1, 'a')"
FILES = [("0001_notes.sql", NOTES), ("0002_firm.sql", "ALTER TABLE notes ALTER title SET NOT NULL")]


def contract(connection: sqlite3.Connection) -> None:
    from limbeck._database import opened

    with opened(connection) as found:
        _limbeck.check_contract(found.raw)


def test_keeps_the_contract() -> None:
    for options in ({}, {"isolation_level": None}, {"isolation_level": "IMMEDIATE"}):
        connection = sqlite3.connect(":memory:", **options)
        contract(connection)
        assert connection.isolation_level == options.get("isolation_level", "")


def test_what_the_app_has_set_is_not_met_and_stays() -> None:
    connection = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES)
    connection.row_factory = sqlite3.Row
    connection.text_factory = bytes
    connection.execute("PRAGMA foreign_keys = ON")
    contract(connection)
    limbeck.upgrade(connection, FILES)
    assert connection.row_factory is sqlite3.Row and connection.text_factory is bytes
    assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    assert connection.isolation_level == "" and not connection.in_transaction


@pytest.fixture
def converters() -> Iterator[dict[str, Any]]:
    """What is registered, which is registered for the whole process: as it was, afterwards."""
    registered: dict[str, Any] = getattr(sqlite3, "converters")
    before = dict(registered)
    yield registered
    registered.clear()
    registered.update(before)


@pytest.mark.parametrize("detect", [sqlite3.PARSE_DECLTYPES, sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES])
def test_converters_of_the_app_are_not_met(converters: dict[str, Any], detect: int) -> None:
    """Not of SQLite's own tables, of limbeck's, or of the app's; whatever they make of a value."""

    def refuse(value: bytes) -> Any:
        raise AssertionError(f"not limbeck's to call: {value!r}")

    connection = sqlite3.connect(":memory:", detect_types=detect)
    for name in ("TEXT", "INT", "INTEGER", "VARCHAR", "REAL", "BLOB"):
        sqlite3.register_converter(name, refuse)
    contract(connection)
    files = [
        *FILES,
        ("0003_rows.sql", "-- migrate:up\n-- migrate:unless SELECT title FROM notes WHERE id = 7 -- one\nINSERT INTO notes VALUES (7, 'b')"),
        ("0004_read.sql", "SELECT * FROM notes; WITH n(x) AS (VALUES (8)) INSERT INTO notes SELECT x, 'c' FROM n"),
        ("0005_unique.sql", "ALTER TABLE notes ADD UNIQUE (title), ALTER title TYPE BLOB"),
    ]
    limbeck.upgrade(connection, files, app_version="1.0")
    assert not limbeck.upgrade(connection, files)
    assert limbeck.current(connection, files)[0].revision == "0005"
    assert limbeck.Migrator(files).doctor(connection)["history"][0]["revision"] == "0005"
    assert limbeck.Migrator(files).verify(connection).differences == []
    with pytest.raises(limbeck.RowsBreakRule) as caught:
        limbeck.upgrade(connection, [*files, ("0006_short.sql", "ALTER TABLE notes ADD CHECK (id < 8)")])
    assert caught.value.violations[0].keys == ["8"]
    assert connection.execute("SELECT id + 0 FROM notes ORDER BY id").fetchall() == [(1,), (7,), (8,)]
    sqlite3.register_converter("TEXT", bytes.upper)
    limbeck.upgrade(connection, [*files, ("0006_more.sql", "ALTER TABLE notes ADD more TEXT")])
    assert connection.execute("SELECT sql FROM sqlite_master WHERE name = 'notes'").fetchone()[0].startswith(b"CREATE TABLE NOTES")


def test_a_migration_that_reads_what_python_would_convert() -> None:
    """Its rows are thrown away, and need not be what a converter takes."""
    connection = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES)
    connection.executescript("CREATE TABLE t(a TIMESTAMP); INSERT INTO t VALUES ('no time')")
    assert limbeck.upgrade(connection, {"1.sql": "SELECT a FROM t; ALTER TABLE t ALTER a SET NOT NULL"}).to == ["1"]


def test_a_cursor_that_still_reads() -> None:
    """SQLite drops no table then, which is how columns come to a table without rows; its own ALTER adds them."""
    connection = sqlite3.connect(":memory:")
    connection.executescript("CREATE TABLE a(x); CREATE TABLE b(x); INSERT INTO b VALUES (1), (2)")
    cursor = connection.execute("SELECT x FROM b")
    assert cursor.fetchone() == (1,)
    limbeck.upgrade(connection, {"1_a.sql": "ALTER TABLE a ADD y", "2_b.sql": "ALTER TABLE b ADD y"})
    assert cursor.fetchall() == [(2,)]
    columns = "SELECT group_concat(name) FROM pragma_table_info(?)"
    assert [connection.execute(columns, (table,)).fetchone()[0] for table in ("a", "b")] == ["x,y", "x,y"]


def test_a_subclass_that_overrides_cursor() -> None:
    class Odd(sqlite3.Connection):
        def cursor(self, *_: Any) -> Any:
            raise AssertionError("not limbeck's to call")

    connection = sqlite3.connect(":memory:", factory=Odd)
    assert limbeck.upgrade(connection, FILES).to == ["0002"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="autocommit came with Python 3.12")
def test_autocommit_attribute() -> None:
    connection = sqlite3.connect(":memory:", autocommit=True)
    contract(connection)
    assert connection.autocommit is True
    # Python's own transaction is always open here, and what is in it is the caller's to commit.
    connection = sqlite3.connect(":memory:", autocommit=False)
    limbeck.upgrade(connection, FILES)
    assert connection.autocommit is False
    connection.rollback()
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    limbeck.upgrade(connection, FILES)
    connection.commit()
    assert limbeck.current(connection, FILES)[0].revision == "0002"


def test_the_callers_own_transaction_stays_the_callers() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE mine(a)")
    connection.execute("INSERT INTO mine VALUES (1)")
    assert connection.in_transaction
    limbeck.upgrade(connection, FILES)
    assert connection.in_transaction and connection.isolation_level == ""
    connection.rollback()
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]


def test_connections_that_cannot_be_used(tmp_path: Any) -> None:
    closed = sqlite3.connect(":memory:")
    closed.close()
    with pytest.raises(limbeck.Contract, match="closed"):
        limbeck.upgrade(closed, FILES)
    other = sqlite3.connect(":memory:")
    raised: list[BaseException] = []

    def elsewhere() -> None:
        try:
            limbeck.upgrade(other, FILES)
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert isinstance(raised[0], limbeck.Contract) and "thread" in str(raised[0])
    for database in (None, 7, object()):
        with pytest.raises(limbeck.BadSetting):
            limbeck.upgrade(database, FILES)  # type: ignore[arg-type]
    with pytest.raises(limbeck.CannotOpen):
        limbeck.upgrade(str(tmp_path / "none" / "app.db"), FILES)
    # Whether one is there cannot be told: it is not taken for an empty one.
    (tmp_path / "file").touch()
    with pytest.raises(limbeck.CannotOpen):
        limbeck.current(tmp_path / "file" / "app.db", FILES)
    text = tmp_path / "text.db"
    text.write_text("no database at all, but a text that is long enough to be one" * 20)
    with pytest.raises(limbeck.NotADatabase):
        limbeck.upgrade(text, FILES)


def test_paths_and_urls(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert limbeck.current("sqlite:///app.db", FILES) == [] and not os.path.exists("app.db")
    limbeck.upgrade("sqlite:///app.db", FILES)
    for database in ("app.db", tmp_path / "app.db", f"sqlite:///{tmp_path}/app.db"):
        assert limbeck.current(database, FILES)[0].revision == "0002"


@pytest.mark.parametrize("autocommit", [None, True, False])
def test_sqlalchemy(tmp_path: Any, autocommit: Any) -> None:
    if autocommit is not None and sys.version_info < (3, 12):
        pytest.skip("autocommit came with Python 3.12")
    options = {} if autocommit is None else {"connect_args": {"autocommit": autocommit}}
    engine = sa.create_engine(f"sqlite:///{tmp_path}/app.db", **options)
    assert limbeck.upgrade(engine, FILES, "0001").to == ["0001"]
    with engine.connect() as connection:
        assert limbeck.upgrade(connection, FILES).to == ["0002"]
        assert not connection.in_transaction()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM notes")) == 1
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO notes VALUES (2, 'b')"))
        assert not limbeck.upgrade(connection, FILES)
    assert limbeck.current(engine, FILES)[0].revision == "0002"
    with pytest.raises(limbeck.BadSetting, match="postgresql"):
        limbeck.upgrade(sa.create_mock_engine("postgresql://", lambda *_: None), FILES)  # type: ignore[arg-type]


def test_a_locked_database_says_so(tmp_path: Any) -> None:
    path = tmp_path / "app.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    waiting = sqlite3.connect(path, timeout=0)
    with pytest.raises(limbeck.Locked) as caught:
        limbeck.upgrade(waiting, FILES)
    assert caught.value.code == "database.locked" and caught.value.hint


def test_messages_tell_what_codes_would() -> None:
    from limbeck._database import result_code

    class Old(sqlite3.OperationalError):
        """As Python before 3.11 raises it: without a code."""

    for message, code in [("database is locked", 5), ("disk I/O error", 10), ("near \"x\": syntax error", 1)]:
        assert result_code(Old(message)) == code
    assert result_code(sqlite3.ProgrammingError("closed")) is None
    with pytest.raises(TypeError):
        result_code(KeyboardInterrupt())


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n) INSERT INTO notes SELECT i, 'x' FROM n LIMIT 100000000"


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to itself")
def test_ctrl_c_stops_a_long_statement() -> None:
    connection = sqlite3.connect(":memory:")
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            limbeck.upgrade(connection, [FILES[0], ("0002_endless.sql", ENDLESS)])
    finally:
        timer.cancel()
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    assert not connection.in_transaction


def test_another_thread_cancels() -> None:
    connection = sqlite3.connect(":memory:")
    migrator = limbeck.Migrator([FILES[0], ("0002_endless.sql", ENDLESS)])
    handle = migrator.cancel_handle()
    timer = threading.Timer(0.3, handle.cancel)
    timer.start()
    with pytest.raises(limbeck.Cancelled):
        migrator.upgrade(connection)
    timer.join()
    assert handle.cancelled
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    handle.reset()
    assert migrator.upgrade(connection, "0001").to == ["0001"]


@pytest.mark.skipif(sqlite3.sqlite_version_info < (3, 45), reason="trusted_schema is left alone there, for full-text tables")
def test_a_schema_that_calls_functions_is_trusted_only_if_said_so() -> None:
    connection = sqlite3.connect(":memory:")
    connection.create_function("odd", 1, lambda value: value % 2, deterministic=True)
    connection.execute("CREATE TABLE t(a CHECK (odd(a)))")
    connection.execute("INSERT INTO t VALUES (1)")
    files = [("0001_more.sql", "INSERT INTO t VALUES (3); ALTER TABLE t ADD b FIRST")]
    with pytest.raises(limbeck.UntrustedSchema):
        limbeck.Migrator(files).upgrade(connection)
    assert connection.execute("PRAGMA trusted_schema").fetchone() == (1,)
    limbeck.Migrator(files, trust_schema=True, quick_check="always").upgrade(connection)
    assert connection.execute("SELECT a FROM t").fetchall() == [(1,), (3,)]


def test_a_callback_cancels_and_may_raise() -> None:
    connection = sqlite3.connect(":memory:")
    seen: list[limbeck.Event] = []
    with pytest.raises(limbeck.Cancelled):
        limbeck.upgrade(connection, FILES, on_progress=lambda event: (seen.append(event), len(seen) < 3)[1])
    assert [event.event for event in seen] == ["step_started", "step_finished", "step_started"]
    assert seen[0].text == "Running upgrade  -> 0001, notes"

    def fails(event: limbeck.Event) -> None:
        raise LookupError(event.event)

    with pytest.raises(LookupError, match="step_started"):
        limbeck.upgrade(connection, FILES, on_progress=fails)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_values_that_sqlite_keeps_and_python_may_not(tmp_path: Any) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE t(a, b)")
    connection.execute("INSERT INTO t VALUES (CAST(x'ff41' AS TEXT), 9223372036854775807), ('a' || char(0), x'00ff')")
    before = connection.execute("SELECT hex(a), b FROM t").fetchall()
    limbeck.upgrade(connection, [("1.sql", "ALTER TABLE t ALTER b SET NOT NULL")])
    assert connection.execute("SELECT hex(a), b FROM t").fetchall() == before


def test_a_migrator_made_on_one_thread_runs_on_another(folder: Callable[..., str]) -> None:
    where = folder(**{"0001_t_sql": NOTES, "0002_p_py": "def upgrade(step):\n    step.execute('CREATE TABLE more(a)')\n"})
    migrator = limbeck.Migrator(where)
    seen: list[Any] = []

    def work() -> None:
        connection = sqlite3.connect(":memory:")
        try:
            seen.append(migrator.upgrade(connection).to)
            migrator.upgrade(connection, "none")
        except limbeck.LimbeckError as error:
            seen.append(error.code)
        connection.close()

    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == [["0002"], "graph.unknown_revision"] * 2


def test_the_gil_is_free_while_sqlite_works() -> None:
    connection = sqlite3.connect(":memory:")
    counted = 0
    done = threading.Event()

    def count() -> None:
        nonlocal counted
        while not done.is_set():
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        limbeck.upgrade(connection, [FILES[0], ("0002_long.sql", ENDLESS.replace("100000000", "300000"))])
    finally:
        done.set()
        thread.join()
    assert counted > 100


def test_a_script_with_foreign_keys(tmp_path: Any) -> None:
    """Printing one needs what older SQLite does not have, and says so there."""
    files = [("1.sql", "CREATE TABLE p(id INTEGER PRIMARY KEY)"), ("2.sql", "CREATE TABLE c(a); ALTER TABLE c ADD COLUMN p REFERENCES p")]
    script = limbeck.Migrator(files).sql()
    connection = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    connection.executescript(script.replace(".bail on\n", ""))
    assert connection.execute("SELECT \"from\" FROM pragma_foreign_key_list('c')").fetchall() == [("p",)]
    connection.close()
