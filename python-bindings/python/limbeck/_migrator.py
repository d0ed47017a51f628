"""The verbs: long, for each has its documentation, with an example that runs."""

from __future__ import annotations

import os
import sqlite3
from _thread import allocate_lock
from collections.abc import Iterable, Mapping

from . import _limbeck, errors
from ._database import OWN, gone, opened
from ._folder import is_of_alembic, python_files
from ._report import Backup, Difference, Event, Plan, Report, RevisionInfo, Verified, plan, read, report
from ._run import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import closing
    from typing import Any, Callable, Optional, Sequence, Union

    from ._types import Database, Migrations, OnProgress


def _text(name: str, value: Any) -> Any:
    """A str, and not the number that somebody means by one."""
    if isinstance(value, str):
        return value
    raise errors.BadSetting(f"{name} is {value!r}, which is no str", hint=f"write {str(value)!r}" if type(value) in (int, float) else "give a str")


def _optional(name: str, value: Any) -> Any:
    return None if value is None else _text(name, value)


def _count(name: str, value: Any) -> Optional[int]:
    if value is None or isinstance(value, int) and value >= 0:
        return value
    raise errors.BadSetting(f"{name} is {value!r}", hint="give an int, 0 or more")


def _texts(name: str, value: Any) -> list[str]:
    """One str, or several."""
    several = isinstance(value, Iterable) and not isinstance(value, str)
    return [_text(name, each) for each in (value if several else [value])]


class Migrator:
    """A folder of migrations, ready to be brought to databases.

    The folder holds SQL files, Python files among them, or is that of an Alembic project (with ``versions/``), whose
    version table is then ``alembic_version``. It is read once, here; so an app that opens several databases makes one.

    >>> limbeck.Migrator({"0001_notes.sql": "CREATE TABLE notes(title)"}).heads()[0].message
    'notes'
    """

    def __init__(
        self,
        migrations: Migrations,
        *,
        app_version: Optional[str] = None,
        version_table: Optional[str] = None,
        rebuild: Optional[str] = None,
        transaction: Optional[str] = None,
        newer_database: Optional[str] = None,
        backups: Optional[Union[str, os.PathLike[str]]] = None,
        keep_backups: Optional[int] = None,
        check_room: bool = True,
        quick_check: Optional[str] = None,
        trust_schema: bool = False,
        keep_user_version: bool = False,
    ) -> None:
        """Takes the folder; what is wrong with a header or the graph is an error of the first call that has to know it.

        Raises :class:`SourceUnreadable` for what cannot be read, :class:`BadSetting` for an option's value.

        ``version_table``: of the version rows. Two folders may share a database, each with a table of its own, where no
        revision is in both: ``limbeck_history`` is one for all.
        ``rebuild``: ``auto``, ``always`` or ``never``. ``transaction``: ``per_upgrade`` or ``per_revision``.
        ``newer_database``: what ``upgrade`` does with a database that has revisions which the folder does not: ``refuse``
        (:class:`DatabaseNewer`, whose ``newer`` tells of them), ``run_on`` where each of them leaves older apps working
        (``Report.newer``), or ``take_down``, with the downgrade scripts that the database has kept.
        ``backups``: a folder; the database is backed up into it before the first write of each run, and the last
        ``keep_backups`` (3) are kept. ``check_room``: whether the room on the volumes that a backup or a rebuild needs is
        looked at first.
        ``quick_check``: whether the file is looked through for damage before a run that has something to do: ``auto``, up to
        64 MiB, ``always`` or ``never``. ``trust_schema``: whether triggers, views, CHECKs, generated columns and indexes may
        call functions made with ``create_function``; else what needs one fails with :class:`UntrustedSchema`, because the
        file may come from elsewhere.
        ``keep_user_version``: whether limbeck may have the file's ``user_version``: an ``upgrade`` with nothing to do then
        compares that one number with the files, and its report names no revisions; let nothing but limbeck move the version
        rows then. Another number there is :class:`UserVersionTaken`.
        """
        self._scope = Scope()
        self._busy = allocate_lock()
        keep_history = True
        folder: Optional[str] = None
        files: Any = []
        code: list[Any] = []
        if isinstance(migrations, (str, os.PathLike)):
            folder = os.fspath(migrations)
            if is_of_alembic(folder):
                code = self._code(python_files(os.path.join(folder, "versions")), str, of_alembic=True)
                folder, version_table = None, "alembic_version" if version_table is None else version_table
                keep_history = False  # the file is Alembic's too, which would propose to drop an unknown table
            else:
                code = self._code(python_files(folder), os.path.basename)
        else:
            if hasattr(migrations, "iterdir"):  # a folder of a package's that is no folder on the disk
                raise errors.SourceUnreadable(
                    f"the folder of migrations is of type {type(migrations).__name__}",
                    hint="write 'with importlib.resources.as_file(folder) as path:', and give the path",
                )
            files = migrations.items() if isinstance(migrations, Mapping) else migrations
        self._idle_core = _limbeck.Migrator(
            folder,
            files,
            code,
            app_version=_optional("app_version", app_version),
            version_table=_optional("version_table", version_table),
            keep_history=keep_history,
            rebuild=_optional("rebuild", rebuild),
            transaction=_optional("transaction", transaction),
            newer_database=_optional("newer_database", newer_database),
            backups=None if backups is None else os.fspath(backups),
            keep_backups=_count("keep_backups", keep_backups),
            check_room=check_room,
            quick_check=_optional("quick_check", quick_check),
            trust_schema=trust_schema,
            keep_user_version=keep_user_version,
        )

    def _code(self, paths: list[str], name: Callable[[str], str], of_alembic: bool = False) -> list[Any]:
        """The revisions in Python; a folder without them does without what reads them."""
        if not paths:
            return []
        from ._versions import load

        return [load(path, name(path), self._scope, of_alembic) for path in paths]

    @classmethod
    def _of_code(cls, code: list[Any], scope: Scope, **options: Any) -> Migrator:
        self = cls.__new__(cls)
        self._scope = scope
        self._busy = allocate_lock()
        self._idle_core = _limbeck.Migrator(None, [], code, keep_history=False, **options)
        return self

    @property
    def _core(self) -> _limbeck.Migrator:
        """The core's, which does one thing at a time: a callback, a revision and another thread are told so."""
        if self._busy.locked():
            raise _running()
        return self._idle_core

    def cancel_handle(self) -> _limbeck.CancelHandle:
        """What cancels this migrator's runs from another thread: ``migrator.cancel_handle().cancel()``. All are one.

        Get it before the run: the migrator itself is busy while it runs. The run raises :class:`Cancelled`, rolled back.

        >>> handle = migrator.cancel_handle()
        >>> handle.cancel()
        >>> migrator.upgrade("app.db")
        Traceback (most recent call last):
        ...
        limbeck.errors.Cancelled: ...
        """
        return self._core.cancel_handle()

    def upgrade(
        self, database: Database, target: str = "head", *, on_progress: Optional[OnProgress] = None
    ) -> Report:
        """Applies revisions up to a target: ``head``, ``heads``, ``+1``, an id or its beginning, ``label@head``.

        One transaction (or one a revision, if the migrator was told so): what fails has changed nothing but what the error's
        ``report`` lists. Where nothing is to do, one SELECT is all.

        A transaction that the connection has open stays open, with the run in it, and is yours to commit. On a connection made
        with ``autocommit=False`` there always is one: call its ``commit()`` behind this.

        Raises :class:`DatabaseNewer`, :class:`ChangedRevision`, :class:`UnknownRevision`, :class:`MultipleHeads` before any write;
        :class:`RowsBreakRule` with the rows, :class:`StatementFailed`, :class:`Locked`, :class:`Full` and others on the way; what a
        migration in Python raises, as it is.

        >>> migrator.upgrade("app.db").to
        ['0002']
        >>> bool(migrator.upgrade("app.db"))
        False
        """
        return self._run(database, on_progress, self._core.upgrade, _text("target", target))

    def downgrade(self, database: Database, target: str, *, on_progress: Optional[OnProgress] = None) -> Report:
        """Takes revisions back down to a target: ``base``, ``-1``, an id.

        As :meth:`upgrade`. What the downgrades throw away is gone; a backup has it.

        Raises :class:`NoDowngrade` before any write where a revision has none; :class:`NotAncestor`, :class:`RelativeOutOfRange`.

        >>> migrator.downgrade("app.db", "-1").to
        []
        """
        return self._run(database, on_progress, self._core.downgrade, _text("target", target))

    def stamp(self, database: Database, targets: Union[str, Sequence[str]], *, purge: bool = False) -> Report:
        """Sets the version rows and runs nothing.

        For a database that is there already. ``purge`` throws the rows away first, also such as the folder does not know.

        Raises :class:`UnknownRevision`, :class:`OverlappingRevisions`.

        >>> migrator.stamp("app.db", "0002").to
        ['0002']
        """
        return self._stamp(database, _texts("a target", targets), purge, None)

    def _stamp(self, database: Database, targets: list[str], purge: bool, on_progress: Optional[OnProgress]) -> Report:
        return self._run(database, on_progress, self._core.stamp, targets, purge)

    def back_up(self, database: Database, *, on_progress: Optional[OnProgress] = None) -> Backup:
        """Takes a backup now: through SQLite, checked, in a file that nobody else may read.

        It goes to the folder that the migrator was given as ``backups``, with a line in the catalogue beside it.

        Raises :class:`BadSetting` without such a folder, :class:`CannotOpen` where no file is there, :class:`BackupFailed`,
        :class:`Full`.

        >>> migrator.back_up("app.db").heads
        ['0001']
        """
        path = gone(database)
        if path is not None:
            raise errors.CannotOpen(f"there is no database '{path}' to back up", hint="check the path")
        with opened(database, create=False) as found:
            return read(Backup, self._core.back_up(found.raw, _teller(on_progress)))

    def check(self, schema: str) -> list[Difference]:
        """What is missing in the folder: the way from what it makes, replayed in memory, to a text of CREATE statements.

        No database is looked at. Raises :class:`StatementFailed`, and :class:`ForbiddenStatement` for what is no CREATE.

        >>> [difference.sql for difference in migrator.check("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL, body)")]
        ['ALTER TABLE notes ADD COLUMN body']
        """
        with _scratch() as present, _scratch() as wanted:
            return _differences(self._core.check(present, wanted, _text("schema", schema)))

    def diff(self, database: Database, schema: str, *, renames: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[Difference]:
        """The way from a database's schema to a text of CREATE statements. ``renames``: ``users.mail:email``, ``old:new``.

        The database is only read. Raises :class:`BadRename`, :class:`StatementFailed` for the text, :class:`NotADatabase`.

        >>> wanted = "CREATE TABLE notes(id INTEGER PRIMARY KEY, name TEXT)"
        >>> [difference.sql for difference in migrator.diff("app.db", wanted, renames=["notes.title:name"])]
        ['ALTER TABLE notes RENAME COLUMN title TO name']
        """
        import json

        options = json.dumps({"renames": list(renames), "exclude": list(exclude)})
        with _scratch() as wanted, opened(database, create=False) as found:
            try:
                wanted.executescript(_text("schema", schema))
            except sqlite3.Error as error:
                raise errors.StatementFailed(f"the wanted schema: {error}", hint="mend the statement") from error
            return _differences(self._core.diff(found.raw, wanted, options)["differences"])

    def verify(self, database: Database) -> Verified:
        """Whether a database is what the migrations make up to its version rows. It is only read.

        Raises :class:`DatabaseNewer` for rows that the folder does not know, :class:`NotADatabase`.

        >>> migrator.verify("app.db").differences
        []
        """
        with _scratch() as scratch, opened(database, create=False) as found:
            told = self._core.verify(found.raw, scratch)
        return Verified(told["revisions"], told["fingerprint"], [read(Difference, each) for each in told["differences"]])

    def fingerprint(self, database: Database) -> str:
        """The fingerprint of a database's schema: equal for two that :meth:`diff` finds the same. It is only read.

        The last step of each run leaves it in ``limbeck_history``. Raises :class:`NotADatabase`.

        >>> migrator.fingerprint("app.db") == migrator.verify("app.db").fingerprint
        True
        """
        with opened(database, create=False) as found:
            return self._core.fingerprint(found.raw)

    def doctor(self, database: Database) -> dict[str, Any]:
        """Looks at a database and its SQLite for a bug report, without rows and paths, and changes nothing.

        What is wrong with the database stands in the answer, damage too, and nothing of it raises; so do what is pending, and
        what that would take. A file that is not there is looked at as an empty database.

        >>> migrator.doctor("app.db")["pending"]
        ['0002']
        """
        with _scratch() as scratch, opened(database, create=False) as found:
            looked: dict[str, Any] = self._core.doctor(found.raw, scratch)
        return looked

    def backups(self, database: Database) -> list[Backup]:
        """The backups of a database, by the path of its file, newest first. It is not read, and may be damaged or gone.

        Raises :class:`BadSetting` where the migrator has no folder of them, :class:`BackupFailed` where it cannot be read.

        >>> len(migrator.backups("app.db"))
        0
        """
        return self._backups(database, compatible=False)

    def newest_compatible_backup(self, database: Database) -> Optional[Backup]:
        """The newest backup whose revisions the folder has all: one that this app can open.

        None where there is none. Raises as :meth:`backups`.

        >>> migrator.newest_compatible_backup("app.db") is None
        True
        """
        return next(iter(self._backups(database, compatible=True)), None)

    def _backups(self, database: Database, compatible: bool) -> list[Backup]:
        path = gone(database)
        if path is not None:
            return [read(Backup, each) for each in self._core.backups(None, path, compatible)]
        with opened(database) as found:
            return [read(Backup, each) for each in self._core.backups(found.raw, None, compatible)]

    def restore(
        self,
        database: Database,
        backup: Union[Backup, str, os.PathLike[str]],
        *,
        on_progress: Optional[OnProgress] = None,
    ) -> Report:
        """Puts a backup in the place of all that is in the database, which is backed up first. The backup stays.

        It is verified, and goes through SQLite into the open database, in one transaction.

        Raises :class:`NoBackup`, :class:`BackupDamaged` before any write; :class:`Locked`.

        >>> backup = migrator.back_up("app.db")
        >>> _ = migrator.upgrade("app.db")
        >>> migrator.restore("app.db", backup).to
        ['0001']
        """
        if not isinstance(backup, (Backup, str, os.PathLike)):
            raise errors.NoBackup(f"no backup: {backup!r}", hint="give one of backups(), or its path")
        path = backup.path if isinstance(backup, Backup) else os.fspath(backup)
        self._core.refuse_no_backup(path)  # before a file is made for a database that is gone
        return self._run(database, on_progress, self._core.restore, path)

    def current(self, database: Database) -> list[RevisionInfo]:
        """What the database is at.

        Also such rows as the folder does not know; nothing, of a file that is not there. Raises :class:`NotADatabase`.

        >>> [revision.revision for revision in migrator.current("app.db")]
        ['0001']
        """
        with opened(database, create=False) as found:
            return _revisions(self._core.current(found.raw))

    def check_heads(self, database: Database) -> None:
        """Raises unless the database is at every head.

        It raises :class:`NotUpToDate`; the database is only read.

        >>> migrator.check_heads("app.db")
        Traceback (most recent call last):
        ...
        limbeck.errors.NotUpToDate: ...
        """
        with opened(database, create=False) as found:
            self._core.check_heads(found.raw)

    def ensure_version(self, database: Database) -> bool:
        """Makes limbeck's own tables, and answers whether any was missing.

        Raises :class:`ReadOnly`, :class:`Locked`.

        >>> migrator.ensure_version("new.db"), migrator.ensure_version("new.db")
        (True, False)
        """
        with opened(database) as found:
            return self._core.ensure_version(found.raw)

    def pending(self, database: Database) -> list[RevisionInfo]:
        """The revisions that an upgrade to ``heads`` would apply, in order.

        The database is only read. Raises :class:`DatabaseNewer`, :class:`NotADatabase`.

        >>> [revision.revision for revision in migrator.pending("app.db")]
        ['0002']
        """
        with opened(database, create=False) as found:
            return _revisions(self._core.pending(found.raw))

    def plan(self, database: Database, target: str = "head", *, direction: str = "upgrade") -> Plan:
        """What an upgrade, or with ``direction="downgrade"`` a downgrade, would do: steps, statements, and how.

        The database is only read: the steps run on a twin of it in memory, without its rows, the functions of
        revisions in Python too. So it is not known whether rows break a rule.

        Raises what the run raises before its first write; :class:`StatementFailed` too where the schema names what a new
        connection does not have, such as a function of the app's; :class:`BadSetting` for another direction.

        >>> plan = migrator.plan("app.db")
        >>> plan.from_, plan.to, plan.steps[0].alterations[0].way
        (['0001'], ['0002'], 'in_place')
        >>> migrator.plan("app.db", "base", direction="downgrade").steps[0].statements
        ['DROP TABLE notes']
        """
        with _scratch() as scratch, opened(database, create=False) as found:
            return plan(self._core.dry_run(found.raw, scratch, _text("direction", direction), _text("target", target)))

    def sql(self, revisions: str = "head", *, direction: str = "upgrade") -> str:
        """The script of an upgrade over a range ``from:to``, for the ``sqlite3`` shell: Alembic's ``--sql``.

        ``direction``: ``upgrade``, ``downgrade``, whose range has both ends, or ``stamp``. No database is looked at: the
        range runs on an empty one in memory, the functions of revisions in Python too. Whoever runs the script gets
        limbeck's record with it, and nothing of a statement that fails.

        Raises :class:`UnknownRevision`, :class:`RangeRequired`; :class:`NotOffline` for what would have to ask the rows.

        >>> print(migrator.sql("0001:0002"))
        -- limbeck upgrade 0001:0002
        ...
        >>> migrator.sql("head:base", direction="downgrade").count("DROP TABLE notes;")
        1
        """
        with _scratch() as scratch:
            return self._core.sql(scratch, _text("direction", direction), _text("revisions", revisions))

    def history(self, revisions: str = ":", *, database: Optional[Database] = None) -> list[RevisionInfo]:
        """The revisions of a range ``low:high``, newest first; with a database, where it is at is marked.

        Raises :class:`UnknownRevision`.

        >>> [(each.revision, each.current) for each in migrator.history(database="app.db")]
        [('0002', False), ('0001', True)]
        """
        rows: list[str] = []
        if database is not None:
            with opened(database, create=False) as found:
                rows = self._core.rows(found.raw)
        return _revisions(self._core.history(_text("revisions", revisions), rows))

    def heads(self, *, resolve_dependencies: bool = False) -> list[RevisionInfo]:
        """The revisions that nothing follows; with ``resolve_dependencies``, and nothing depends on.

        Raises :class:`Cycle`, :class:`DuplicateRevision` and the others for what is wrong between the files.

        >>> [revision.revision for revision in migrator.heads()]
        ['0002']
        """
        return _revisions(self._core.heads(resolve_dependencies))

    def branches(self) -> list[RevisionInfo]:
        """The revisions that several others follow.

        Raises as :meth:`heads` (:class:`Cycle` and the like).

        >>> one, other = "-- revises: 0001", "-- revises: 0001"
        >>> forked = limbeck.Migrator({"0001_notes.sql": "", "0002_tags.sql": one, "0003_links.sql": other})
        >>> [revision.revision for revision in forked.branches()]
        ['0001']
        """
        return _revisions(self._core.branches())

    def merge(self, targets: Union[str, Sequence[str]] = ()) -> list[str]:
        """The ids that a merge of these targets, by default all heads, would revise. Nothing is written: ``limbeck merge`` writes a file.

        Raises :class:`NotAHead`, :class:`DuplicateHeads`, :class:`UnknownRevision`.

        >>> one, other = "-- revises: 0001", "-- revises: 0001"
        >>> limbeck.Migrator({"0001_notes.sql": "", "0002_tags.sql": one, "0003_links.sql": other}).merge()
        ['0002', '0003']
        """
        return self._core.merge(_texts("a target", targets), False)

    def show(self, target: str) -> list[RevisionInfo]:
        """The revisions that a target names.

        Raises :class:`UnknownRevision`, :class:`AmbiguousPrefix`.

        >>> migrator.show("head")[0].message
        'titles'
        """
        return _revisions(self._core.show(_text("target", target)))

    def validate(self) -> None:
        """Reads every body that is SQL, and raises what is wrong with it.

        For a test of the app's: a launch reads only what it runs. Raises :class:`SqlSyntax`, :class:`AlterSyntax`,
        :class:`ForbiddenStatement`, :class:`BadDirective`.

        >>> migrator.validate()
        """
        self._core.validate()

    def _run(
        self, database: Database, on_progress: Optional[OnProgress], verb: Callable[..., dict[str, Any]], *arguments: Any
    ) -> Report:
        if not self._busy.acquire(blocking=False):
            raise _running()
        try:
            with opened(database) as found:
                self._scope.database = found
                return report(verb(found.raw, *arguments, _teller(on_progress)))
        finally:
            self._scope.database = None
            self._busy.release()


def _running() -> errors.LimbeckError:
    return errors.TransactionOpen("this migrator is running already", hint="make one for each thread")


def _teller(on_progress: Optional[OnProgress]) -> Optional[Callable[[dict[str, Any]], bool]]:
    if on_progress is None:
        return None
    if not callable(on_progress):
        raise errors.BadSetting(f"on_progress is {on_progress!r}", hint="give a function that takes an Event")
    return lambda event: on_progress(read(Event, event)) is not False


def _scratch() -> closing[sqlite3.Connection]:
    """An empty database in memory."""
    from contextlib import closing

    return closing(sqlite3.connect(":memory:", **OWN))


def _differences(data: list[dict[str, Any]]) -> list[Difference]:
    return [read(Difference, each) for each in data]


def _revisions(data: list[dict[str, Any]]) -> list[RevisionInfo]:
    return [read(RevisionInfo, each) for each in data]


def upgrade(
    database: Database,
    migrations: Migrations = "migrations",
    target: str = "head",
    *,
    on_progress: Optional[OnProgress] = None,
    app_version: Optional[str] = None,
) -> Report:
    """Brings a database up to date: see :meth:`Migrator.upgrade`. What fails changes nothing.

    Raises a :class:`LimbeckError` with ``code`` and ``hint``.

    >>> limbeck.upgrade("app.db", "migrations").to
    ['0002']
    """
    return Migrator(migrations, app_version=app_version).upgrade(database, target, on_progress=on_progress)


def downgrade(
    database: Database, migrations: Migrations = "migrations", target: str = "-1", *, on_progress: Optional[OnProgress] = None
) -> Report:
    """Takes revisions back: see :meth:`Migrator.downgrade`.

    Raises :class:`NoDowngrade` before any write where a revision has none.

    >>> limbeck.downgrade("app.db", "migrations").to
    []
    """
    return Migrator(migrations).downgrade(database, target, on_progress=on_progress)


def stamp(
    database: Database,
    migrations: Migrations = "migrations",
    targets: Union[str, Sequence[str]] = "heads",
    *,
    purge: bool = False,
) -> Report:
    """Sets the version rows and runs nothing: see :meth:`Migrator.stamp`.

    Raises :class:`UnknownRevision`.

    >>> limbeck.stamp("app.db", "migrations", "0002").to
    ['0002']
    """
    return Migrator(migrations).stamp(database, targets, purge=purge)


def current(database: Database, migrations: Migrations = "migrations") -> list[RevisionInfo]:
    """What the database is at.

    Raises :class:`NotADatabase`, :class:`SourceUnreadable`.

    >>> [revision.revision for revision in limbeck.current("app.db", "migrations")]
    ['0001']
    """
    return Migrator(migrations).current(database)


def history(migrations: Migrations = "migrations", revisions: str = ":") -> list[RevisionInfo]:
    """The revisions of a range, newest first.

    Raises :class:`UnknownRevision`, :class:`SourceUnreadable`.

    >>> [revision.revision for revision in limbeck.history("migrations", "0002:")]
    ['0002']
    """
    return Migrator(migrations).history(revisions)


def heads(migrations: Migrations = "migrations") -> list[RevisionInfo]:
    """The revisions that nothing follows.

    Raises :class:`SourceUnreadable`.

    >>> [revision.revision for revision in limbeck.heads("migrations")]
    ['0002']
    """
    return Migrator(migrations).heads()
