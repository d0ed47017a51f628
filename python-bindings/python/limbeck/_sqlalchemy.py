"""An SQLAlchemy ``Engine`` or ``Connection`` → the ``sqlite3.Connection`` in it."""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import contextmanager
from typing import Any, Iterator

from . import errors
from ._database import Opened, refuse_others


@contextmanager
def opened(database: Any) -> Iterator[Opened]:
    """As that of ``_database``, which knows what needs no SQLAlchemy."""
    if hasattr(database, "sync_engine") or hasattr(database, "sync_connection"):  # an AsyncEngine, an AsyncConnection
        raise errors.BadSetting(
            f"an asynchronous database: {database!r}",
            hint="write 'await connection.run_sync(lambda connection: limbeck.upgrade(connection, …))'",
        )
    if hasattr(database, "connect") and hasattr(database, "dialect"):  # an Engine
        refuse_others(database.dialect.name)
        with database.connect() as connection:
            with _of_sqlalchemy(connection) as found:
                yield found
    elif hasattr(database, "exec_driver_sql"):  # a Connection
        if database.dialect.is_async:
            with _interruptible(), _of_aiosqlite(database) as found:
                yield found
        else:
            with _of_sqlalchemy(database) as found:
                yield found
    else:
        raise errors.BadSetting(
            f"no database: {database!r}",
            hint="give a path, a sqlite3.Connection, or an SQLAlchemy Connection or Engine",
        )


def _of_sqlalchemy(connection: Any) -> Opened:
    refuse_others(connection.dialect.name)
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise _odd_driver(driver)
    return Opened(driver, connection, idle=not connection.in_transaction())


def _of_aiosqlite(connection: Any) -> Opened:
    """The connection inside aiosqlite's, in ``run_sync()``.

    Its thread waits for the event loop, which waits for this call: nobody else uses it meanwhile. SQLAlchemy's
    ``Connection`` is left alone, because it would go through that thread.
    """
    refuse_others(connection.dialect.name)
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
