"""What an app calls its database → a ``sqlite3.Connection`` that a run may have for itself."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import threading
from contextlib import contextmanager
from typing import Any, Iterator, Optional

from . import errors

# SQLite's result codes by the messages they come with: Python before 3.11 hands over no code.
# https://sqlite.org/rescode.html
_MESSAGES = (
    ("database is locked", 5),
    ("database table is locked", 6),
    ("attempt to write a readonly database", 8),
    ("interrupted", 9),
    ("disk I/O error", 10),
    ("database disk image is malformed", 11),
    ("Could not decode to UTF-8", 11),
    ("database or disk is full", 13),
    ("unable to open database file", 14),
    ("file is not a database", 26),
)

SECONDS_TO_WAIT = 5


def result_code(error: BaseException) -> Optional[int]:
    """SQLite's result code for an exception of sqlite3; None where the connection itself cannot be used.

    Any other exception is not sqlite3's: TypeError.
    """
    if isinstance(error, (sqlite3.ProgrammingError, sqlite3.InterfaceError)):
        return None
    if not isinstance(error, (sqlite3.Error, sqlite3.Warning)):
        raise TypeError(error)
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return int(code)
    message = str(error)
    return next((code for start, code in _MESSAGES if message.startswith(start)), 1)


def path_of(database: str) -> str:
    """``sqlite:///relative`` and ``sqlite:////absolute``, as SQLAlchemy has them, or a path."""
    found = re.match(r"sqlite(?:\+\w+)?://(?:/|$)", database)
    return database if found is None else database[found.end():].split("?")[0] or ":memory:"


class Opened:
    """A connection for the time of one call."""

    def __init__(self, raw: sqlite3.Connection, sqlalchemy: Any = None, idle: bool = False) -> None:
        self.raw = raw
        #: What ``get_bind()`` may hand out; without it, one is made on ``raw``.
        self.sqlalchemy = sqlalchemy
        #: Whether SQLAlchemy, if it is there, has nothing under way.
        self.idle = idle


@contextmanager
def opened(database: Any, create: bool = True) -> Iterator[Opened]:
    """Opens what needs opening, and closes just that.

    ``database``: a path or ``sqlite:///`` URL, a ``sqlite3.Connection``, an SQLAlchemy ``Connection`` or ``Engine``.
    """
    if isinstance(database, sqlite3.Connection):
        yield Opened(database)
    elif isinstance(database, (str, os.PathLike)):
        path = path_of(os.fspath(database))
        if not path:
            # SQLite would take no name for a database of its own that is gone at the end.
            raise errors.BadSetting("the database's name is empty", hint="give a path, or ':memory:'")
        dialect = re.match(r"(?!file:)(\w+)(?:\+\w+)?://", path)
        if dialect is not None:
            _refuse_others(dialect[1])
        connection = _connect(path, create)
        try:
            yield Opened(connection)
        finally:
            connection.close()
    elif hasattr(database, "sync_engine") or hasattr(database, "sync_connection"):  # an AsyncEngine, an AsyncConnection
        raise errors.BadSetting(
            f"an asynchronous database: {database!r}",
            hint="write 'await connection.run_sync(lambda connection: limbeck.upgrade(connection, …))'",
        )
    elif hasattr(database, "connect") and hasattr(database, "dialect"):  # an Engine
        _refuse_others(database.dialect.name)
        with database.connect() as connection:
            yield _of_sqlalchemy(connection)
    elif hasattr(database, "exec_driver_sql"):  # a Connection
        if database.dialect.is_async:
            with _interruptible():
                yield _of_aiosqlite(database)
        else:
            yield _of_sqlalchemy(database)
    else:
        raise errors.BadSetting(
            f"no database: {database!r}",
            hint="give a path, a sqlite3.Connection, or an SQLAlchemy Connection or Engine",
        )


def _connect(path: str, create: bool) -> sqlite3.Connection:
    # One that is not there yet is an empty one; only a run that writes makes it.
    if not create and not os.path.exists(path):
        path = ":memory:"
    try:
        return sqlite3.connect(path, timeout=SECONDS_TO_WAIT, isolation_level=None)
    except sqlite3.Error as error:
        raise errors.CannotOpen(f"cannot open '{path}': {_why(path, error)}", hint=_way_out(path)) from error


def _why(path: str, error: sqlite3.Error) -> str:
    """SQLite says of a folder no more than that it cannot be opened."""
    return "it is a folder" if os.path.isdir(path) else str(error)


def _way_out(path: str) -> str:
    folder = os.path.dirname(path)
    if os.path.isdir(path):
        return "name a file in it"
    if folder and not os.path.isdir(folder):
        return f"make the folder '{folder}' first"
    return "check that the path exists and may be written"


def _refuse_others(dialect: str) -> None:
    if dialect != "sqlite":
        raise errors.BadSetting(f"the database is {dialect}", hint="use Alembic there: limbeck is for SQLite")


def _of_sqlalchemy(connection: Any) -> Opened:
    _refuse_others(connection.dialect.name)
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise _odd_driver(driver)
    return Opened(driver, connection, idle=not connection.in_transaction())


def _of_aiosqlite(connection: Any) -> Opened:
    """The connection inside aiosqlite's, in ``run_sync()``.

    Its thread waits for the event loop, which waits for this call: nobody else uses it meanwhile. SQLAlchemy's
    ``Connection`` is left alone, because it would go through that thread.
    """
    _refuse_others(connection.dialect.name)
    driver = connection.connection.driver_connection
    raw = getattr(driver, "_conn", None)
    if not isinstance(raw, sqlite3.Connection):
        raise _odd_driver(driver)
    try:
        sqlite3.Cursor(raw).execute("SELECT 1").close()
    except sqlite3.ProgrammingError as error:
        raise errors.Contract(
            f"the connection cannot be used: {error}",
            hint="make its engine with connect_args={'check_same_thread': False}",
        ) from error
    return Opened(raw, idle=not connection.in_transaction())


def _odd_driver(driver: Any) -> errors.LimbeckError:
    return errors.BadSetting(
        f"the driver's connection is a {type(driver).__module__}.{type(driver).__qualname__}",
        hint="use the driver pysqlite, which is Python's own sqlite3, or aiosqlite",
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C at once, as without asyncio: its handler cancels a task that would not look before this is over."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT) if main else None
    if getattr(getattr(before, "func", None), "__module__", None) != "asyncio.runners":
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def to_itself(database: Opened) -> Iterator[sqlite3.Connection]:
    """Takes Python's own transaction control off a connection, and puts it back on every path.

    A transaction that the caller has open stays open, and nothing is switched: switching would commit it.
    """
    raw = database.raw
    before: list[tuple[str, Any]] = []

    def switch(name: str, value: Any) -> None:
        before.append((name, getattr(raw, name)))
        setattr(raw, name, value)

    try:
        if getattr(raw, "autocommit", True) is False:
            # PEP 249's way: a transaction is always open. SQLAlchemy says whether anything is in it.
            if database.idle or not raw.in_transaction:
                switch("autocommit", True)
        elif not raw.in_transaction and raw.isolation_level is not None:
            switch("isolation_level", None)
        switch("text_factory", str)
    except sqlite3.ProgrammingError as error:
        raise errors.Contract(
            f"the connection cannot be used: {str(error).rstrip('.')}",
            hint="give an open sqlite3 connection, on the thread that made it",
        ) from error
    try:
        yield raw
    finally:
        for name, value in reversed(before):
            try:
                setattr(raw, name, value)
            except sqlite3.ProgrammingError:
                pass  # closed meanwhile: the error that is under way says so
