"""What an app calls its database → a ``sqlite3.Connection`` that a run may have for itself."""

from __future__ import annotations

import os
import sqlite3
import sys

from . import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any, Optional

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
    ("locking protocol", 15),
    ("file is not a database", 26),
)

SECONDS_TO_WAIT = 5


class _Own(sqlite3.Connection):
    """What a revision's code would roll back is the whole run; that it has tried is told when its function is over."""

    rolled_back = False

    def rollback(self) -> None:
        self.rolled_back = True


#: For connections of limbeck's own: no BEGIN and no COMMIT but the run's. Since Python 3.12 ``commit()`` and ``executescript()``
#: in a revision end no transaction then.
OWN: dict[str, Any] = {"factory": _Own, "isolation_level": None, **({"autocommit": True} if sys.version_info >= (3, 12) else {})}


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
    path = database
    if "://" in database:
        import re

        found = re.match(r"sqlite(?:\+\w+)?://(?:/|$)", database)
        path = database if found is None else database[found.end():].split("?")[0] or ":memory:"
        dialect = re.match(r"(?!file:)(\w+)(?:\+\w+)?://", path)
        if dialect is not None:
            refuse_others(dialect[1])
    if path[:5].lower() == "file:":
        # Whether SQLite takes it for a URI is a matter of how it was compiled, and its file has another name then.
        raise errors.BadSetting(
            f"the database '{database}' is a URI", hint="open it with sqlite3.connect(…, uri=True), and give the connection"
        )
    return path


def refuse_others(dialect: str) -> None:
    """Raises for a database of another kind."""
    if dialect != "sqlite":
        raise errors.BadSetting(f"the database is {dialect}", hint="use Alembic there: limbeck is for SQLite")


class Opened:
    """A connection for the time of one call, whose ``with`` has it to itself.

    Python's own transaction control is taken off it, and put back on every path; what was opened for the call is closed. A
    transaction that the caller has open stays open, and nothing is switched: switching would commit it.
    """

    def __init__(self, raw: sqlite3.Connection, sqlalchemy: Any = None, *, idle: bool = False, ours: bool = False) -> None:
        self.raw = raw
        #: What ``get_bind()`` may hand out; without it, one is made on ``raw``.
        self.sqlalchemy = sqlalchemy
        #: Whether SQLAlchemy, if it is there, has nothing under way.
        self._idle = idle
        self._ours = ours
        self._before: list[tuple[str, Any]] = []

    def __enter__(self) -> Opened:
        raw = self.raw
        try:
            # Where Python has the attribute (3.12): True, False, or what was Python's only way before.
            autocommit = getattr(raw, "autocommit", None)
            if autocommit is False:
                # PEP 249's way: a transaction is always open. SQLAlchemy says whether anything is in it.
                if self._idle or not raw.in_transaction:
                    self._switch("autocommit", True)
            elif not raw.in_transaction:
                if autocommit is not None and autocommit is not True:
                    # commit() and executescript() in a revision would end the run's transaction; now they end nothing.
                    self._switch("autocommit", True)
                elif raw.isolation_level is not None:
                    self._switch("isolation_level", None)
            if raw.text_factory is not str:
                self._switch("text_factory", str)
            if raw.row_factory is not None:
                # A revision in Python unpacks tuples, and so does SQLAlchemy's dialect.
                self._switch("row_factory", None)
        except sqlite3.ProgrammingError as error:
            raise errors.Contract(
                f"the connection cannot be used: {str(error).rstrip('.')}",
                hint="give an open sqlite3 connection, on the thread that made it",
            ) from error
        return self

    def _switch(self, name: str, value: Any) -> None:
        self._before.append((name, getattr(self.raw, name)))
        setattr(self.raw, name, value)

    def __exit__(self, *_: object) -> None:
        for name, value in reversed(self._before):
            try:
                setattr(self.raw, name, value)
            except sqlite3.ProgrammingError:
                pass  # closed meanwhile: the error that is under way says so
        if self._ours:
            self.raw.close()


def opened(database: Any, create: bool = True) -> AbstractContextManager[Opened]:
    """What the app calls its database, for one call.

    ``database``: a path or ``sqlite:///`` URL, a ``sqlite3.Connection``, an SQLAlchemy ``Connection`` or ``Engine``.
    """
    if isinstance(database, sqlite3.Connection):
        return Opened(database)
    if isinstance(database, (str, os.PathLike)):
        path = path_of(os.fspath(database))
        if not path:
            # SQLite would take no name for a database of its own that is gone at the end.
            raise errors.BadSetting("the database's name is empty", hint="give a path, or ':memory:'")
        return Opened(_connect(path, create), ours=True)
    from ._sqlalchemy import opened as of_sqlalchemy

    return of_sqlalchemy(database)


def gone(database: Any) -> Optional[str]:
    """The path of a database that has no file there; None where it is anything else."""
    if not isinstance(database, (str, os.PathLike)):
        return None
    path = path_of(os.fspath(database))
    return None if path in ("", ":memory:") or not _is_gone(path) else path


def _is_gone(path: str) -> bool:
    """Where it cannot be told, as in a folder that only somebody else may enter, it is not: to open it fails, and says why."""
    try:
        os.stat(path)
    except (FileNotFoundError, ValueError):
        return True
    except OSError:
        pass
    return False


def _connect(path: str, create: bool) -> sqlite3.Connection:
    # One that is not there yet is an empty one; only a run that writes makes it.
    if not create and _is_gone(path):
        path = ":memory:"
    try:
        raw: sqlite3.Connection = sqlite3.connect(path, timeout=SECONDS_TO_WAIT, **OWN)
        return raw
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
