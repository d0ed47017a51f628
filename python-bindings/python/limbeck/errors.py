"""What limbeck's calls raise: :class:`LimbeckError`, and a subclass for each kind of error: long, and written by tests/write_errors.py."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional

    from ._report import NewerRevision, Report, Violation


class LimbeckError(Exception):
    """An error of limbeck's. Nothing is in the database that was not there before, unless ``report`` says so."""

    #: The stable code, such as ``graph.multiple_heads``: the same in every language.
    code: str = ""

    def __init__(
        self,
        message: str,
        *,
        hint: Optional[str] = None,
        revision: Optional[str] = None,
        file: Optional[str] = None,
        line: Optional[int] = None,
        statement: Optional[str] = None,
        violations: Optional[list[Violation]] = None,
        newer: Optional[list[NewerRevision]] = None,
        report: Optional[Report] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        #: What to do about it.
        self.hint = hint
        self.revision = revision
        self.file = file
        self.line = line
        self.statement = statement
        #: The rows that break a rule, rule by rule.
        self.violations = violations or []
        #: Of :class:`DatabaseNewer`: what the database has and the app does not, in the order in which it was applied.
        self.newer = newer or []
        #: What was committed before the failure.
        self.report = report

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        if self.line and not self.file:
            place = f"line {self.line}"  # of a text that is no file
        hint = f"; {self.hint}" if self.hint else ""
        return self.message + (f" ({place})" if place else "") + hint


class UnknownRevision(LimbeckError):
    """No revision or branch label has this id or prefix."""

    code = "graph.unknown_revision"


class UnknownBranch(LimbeckError):
    """The part before `@` names no branch label and no revision."""

    code = "graph.unknown_branch"


class AmbiguousPrefix(LimbeckError):
    """Several revisions or labels begin with the given prefix."""

    code = "graph.ambiguous_prefix"


class NotInBranch(LimbeckError):
    """`branch@revision`, where the revision is not in that lineage."""

    code = "graph.not_in_branch"


class MultipleHeads(LimbeckError):
    """One revision is needed and the target names several."""

    code = "graph.multiple_heads"


class NotAncestor(LimbeckError):
    """The target cannot be reached in this direction from where the database is."""

    code = "graph.not_ancestor"


class RelativeOutOfRange(LimbeckError):
    """`+N` or `-N` walks off the graph, or goes the wrong way."""

    code = "graph.relative_out_of_range"


class AmbiguousWalk(LimbeckError):
    """`+N` or `-N` meets a branch point or a merge and cannot choose."""

    code = "graph.ambiguous_walk"


class AmbiguousCurrent(LimbeckError):
    """`+N` or `-N` while the database has several current revisions to start from."""

    code = "graph.ambiguous_current"


class OverlappingRevisions(LimbeckError):
    """Two targets, or two version rows, of which one is the other's ancestor."""

    code = "graph.overlapping_revisions"


class RangeNotAllowed(LimbeckError):
    """`a:b` where one target is wanted."""

    code = "graph.range_not_allowed"


class RangeRequired(LimbeckError):
    """A range `a:b` is wanted."""

    code = "graph.range_required"


class NotAHead(LimbeckError):
    """A merge names a revision that is not a head."""

    code = "graph.not_a_head"


class DuplicateHeads(LimbeckError):
    """A merge names the same head twice."""

    code = "graph.duplicate_heads"


class Cycle(LimbeckError):
    """Revisions revise each other in a circle."""

    code = "graph.cycle"


class DependencyCycle(LimbeckError):
    """Revisions depend on each other in a circle."""

    code = "graph.dependency_cycle"


class SelfLoop(LimbeckError):
    """A revision revises itself."""

    code = "graph.self_loop"


class DependencySelfLoop(LimbeckError):
    """A revision depends on itself."""

    code = "graph.dependency_self_loop"


class MissingReference(LimbeckError):
    """`revises` or `depends_on` names a revision that is not there."""

    code = "graph.missing_reference"


class DuplicateRevision(LimbeckError):
    """Two files carry the same revision id."""

    code = "graph.duplicate_revision"


class DuplicateBranchLabel(LimbeckError):
    """A branch label is used twice, or is also a revision's id."""

    code = "graph.duplicate_branch_label"


class IllegalRevisionId(LimbeckError):
    """A revision id holds `@`, `-`, `+` or `:`, or is empty."""

    code = "graph.illegal_revision_id"


class SourceUnreadable(LimbeckError):
    """The migrations cannot be read: a missing folder, a file that is not UTF-8."""

    code = "script.unreadable"


class BadDirective(LimbeckError):
    """A header line or a `migrate:` marker is not understood."""

    code = "script.bad_directive"


class ForbiddenStatement(LimbeckError):
    """A statement that may not stand there, such as `COMMIT` in a migration, or `INSERT` in a schema."""

    code = "script.forbidden_statement"


class BodyIsCode(LimbeckError):
    """SQL text is wanted of a revision whose body is code."""

    code = "script.body_is_code"


class CodeFailed(LimbeckError):
    """The code of a revision failed, or did what it may not do."""

    code = "script.code_failed"


class NoDowngrade(LimbeckError):
    """A downgrade is asked for and the revision has no `migrate:down`."""

    code = "script.no_downgrade"


class NotOffline(LimbeckError):
    """A script printed offline cannot say what depends on the rows of a database."""

    code = "script.not_offline"


class CannotWrite(LimbeckError):
    """A new file would overwrite one that is there, or cannot be written."""

    code = "script.cannot_write"


class SqlSyntax(LimbeckError):
    """The SQL text cannot be read."""

    code = "sql.syntax"


class SqlTooDeep(LimbeckError):
    """The SQL text is nested too deeply."""

    code = "sql.too_deep"


class StatementFailed(LimbeckError):
    """A statement failed in SQLite."""

    code = "sql.failed"


class AlterSyntax(LimbeckError):
    """An `ALTER TABLE` that is not in the grammar."""

    code = "alter.syntax"


class UnknownTable(LimbeckError):
    """`ALTER TABLE` names a table that is not there, or something that is no ordinary table."""

    code = "alter.unknown_table"


class UnknownColumn(LimbeckError):
    """`ALTER TABLE` names a column that is not there."""

    code = "alter.unknown_column"


class UnknownConstraint(LimbeckError):
    """`ALTER TABLE` names a constraint that is not there."""

    code = "alter.unknown_constraint"


class AlreadyExists(LimbeckError):
    """What is to be added is there already, with this or with another definition."""

    code = "alter.already_exists"


class StillNeeded(LimbeckError):
    """An index, constraint, trigger, view or foreign key needs what is to go."""

    code = "alter.still_needed"


class RowsBreakRule(LimbeckError):
    """Rows that are in the table break the new rule."""

    code = "alter.rows_break_rule"


class WouldLose(LimbeckError):
    """The change cannot be made without losing something."""

    code = "alter.would_lose"


class RebuildRefused(LimbeckError):
    """The table would have to be rebuilt, and that is forbidden or impossible here."""

    code = "alter.rebuild_refused"


class SqliteTooOld(LimbeckError):
    """This SQLite lacks what the change needs."""

    code = "alter.sqlite_too_old"


class ProofFailed(LimbeckError):
    """The proof before COMMIT found a difference that the plan does not name."""

    code = "proof.difference"


class DependentBroken(LimbeckError):
    """A view, trigger or foreign key that worked before an alteration or a DROP no longer does."""

    code = "proof.dependent_broken"


class ForeignKeyViolated(LimbeckError):
    """The run left rows whose foreign key finds no parent."""

    code = "proof.foreign_key"


class DatabaseNewer(LimbeckError):
    """The database holds a revision that this folder does not have: a newer app wrote it."""

    code = "history.database_newer"


class ChangedRevision(LimbeckError):
    """The text of a revision that is applied has changed since."""

    code = "history.changed_revision"


class PassedOver(LimbeckError):
    """A revision stands before one that is applied, and never ran itself: it came later."""

    code = "history.passed_over"


class NotUpToDate(LimbeckError):
    """The database is not at every head of the folder."""

    code = "history.not_up_to_date"


class NothingToAdopt(LimbeckError):
    """Neither another tool's record nor the schema tells a revision to adopt, or limbeck's own names another."""

    code = "history.nothing_to_adopt"


class Unfinished(LimbeckError):
    """A `transaction:false` revision was begun and never finished."""

    code = "history.unfinished"


class CannotOpen(LimbeckError):
    """The database cannot be opened."""

    code = "database.cannot_open"


class NotADatabase(LimbeckError):
    """The file is not an SQLite database, or it is encrypted."""

    code = "database.not_a_database"


class Locked(LimbeckError):
    """Another connection holds the lock."""

    code = "database.locked"


class ReadOnly(LimbeckError):
    """The file or its folder cannot be written."""

    code = "database.read_only"


class Corrupt(LimbeckError):
    """The file is damaged."""

    code = "database.corrupt"


class Full(LimbeckError):
    """No room is left on the volume, or in SQLite's temporary folder."""

    code = "database.full"


class Io(LimbeckError):
    """The operating system reported an error."""

    code = "database.io"


class TransactionOpen(LimbeckError):
    """The caller's own transaction is open and the work cannot be done inside it."""

    code = "database.transaction_open"


class Contract(LimbeckError):
    """The backend, or the connection's state, does not do what limbeck relies on."""

    code = "database.contract"


class Cancelled(LimbeckError):
    """A callback, a signal or another thread cancelled the run."""

    code = "run.cancelled"


class BadSetting(LimbeckError):
    """A setting is missing or not understood."""

    code = "settings.invalid"


class StoredScriptRefused(LimbeckError):
    """A downgrade script that the database has kept is damaged, or does what such a script may not do."""

    code = "history.stored_script_refused"


class BadRename(LimbeckError):
    """A rename that a comparison of schemas was given cannot be taken."""

    code = "diff.bad_rename"


class BackupUnsupported(LimbeckError):
    """The connection has no way to SQLite's backup API."""

    code = "backup.unsupported"


class BackupFailed(LimbeckError):
    """A backup could not be written or read."""

    code = "backup.failed"


class BackupDamaged(LimbeckError):
    """A backup is not what it was when it was taken."""

    code = "backup.damaged"


class NoBackup(LimbeckError):
    """There is no backup that could be restored."""

    code = "backup.none"


class UntrustedSchema(LimbeckError):
    """The schema calls a function, or uses a virtual table, that only a trusted schema may."""

    code = "database.untrusted_schema"


class UserVersionTaken(LimbeckError):
    """The number in the file's header, which limbeck was to keep, is somebody else's."""

    code = "history.user_version_taken"


_BY_CODE = {kind.code: kind for kind in LimbeckError.__subclasses__()}

__all__ = [
    "AlreadyExists",
    "AlterSyntax",
    "AmbiguousCurrent",
    "AmbiguousPrefix",
    "AmbiguousWalk",
    "BackupDamaged",
    "BackupFailed",
    "BackupUnsupported",
    "BadDirective",
    "BadRename",
    "BadSetting",
    "BodyIsCode",
    "Cancelled",
    "CannotOpen",
    "CannotWrite",
    "ChangedRevision",
    "CodeFailed",
    "Contract",
    "Corrupt",
    "Cycle",
    "DatabaseNewer",
    "DependencyCycle",
    "DependencySelfLoop",
    "DependentBroken",
    "DuplicateBranchLabel",
    "DuplicateHeads",
    "DuplicateRevision",
    "ForbiddenStatement",
    "ForeignKeyViolated",
    "Full",
    "IllegalRevisionId",
    "Io",
    "LimbeckError",
    "Locked",
    "MissingReference",
    "MultipleHeads",
    "NoBackup",
    "NoDowngrade",
    "NotADatabase",
    "NotAHead",
    "NotAncestor",
    "NotInBranch",
    "NotOffline",
    "NotUpToDate",
    "NothingToAdopt",
    "OverlappingRevisions",
    "PassedOver",
    "ProofFailed",
    "RangeNotAllowed",
    "RangeRequired",
    "ReadOnly",
    "RebuildRefused",
    "RelativeOutOfRange",
    "RowsBreakRule",
    "SelfLoop",
    "SourceUnreadable",
    "SqlSyntax",
    "SqlTooDeep",
    "SqliteTooOld",
    "StatementFailed",
    "StillNeeded",
    "StoredScriptRefused",
    "TransactionOpen",
    "Unfinished",
    "UnknownBranch",
    "UnknownColumn",
    "UnknownConstraint",
    "UnknownRevision",
    "UnknownTable",
    "UntrustedSchema",
    "UserVersionTaken",
    "WouldLose",
]


def _from_core(data: dict[str, Any], cause: Optional[BaseException]) -> BaseException:
    """The exception of the core's error. What Python code raised inside a run stays what it was."""
    from ._report import NewerRevision, Violation, read, report

    error: dict[str, Any] = data["error"]
    if cause is not None and not isinstance(cause, LimbeckError):
        _note(cause, error)
        return cause
    made = cause if isinstance(cause, LimbeckError) else _BY_CODE[error["code"]](error["message"])
    for name in ("hint", "revision", "file", "line", "statement"):
        if getattr(made, name) is None:
            setattr(made, name, error[name])
    if cause is not None:
        made.line = _line(cause, made.file) or made.line
    if not made.violations:
        made.violations = [read(Violation, violation) for violation in error["violations"]]
    if not made.newer:
        made.newer = [read(NewerRevision, each) for each in error.get("newer", [])]
    if "report" in data:
        made.report = report(data["report"])
    return made


def _told(data: dict[str, Any], cause: BaseException) -> tuple[Any, ...]:
    """What the command says of an exception: its code, message, hint, file, line, statement and violations."""
    error = _from_core(data, cause)
    core = data["error"]
    if isinstance(error, LimbeckError):
        rows = [(each.table, each.rule, each.count, each.keys) for each in error.violations]
        return error.code, error.message, error.hint, error.file, error.line, error.statement, rows
    file, line = core["file"], _line(error, core["file"])
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno
    elif line is None and error.__traceback__ is not None:
        at = error.__traceback__
        while at.tb_next is not None:
            at = at.tb_next
        file, line = at.tb_frame.f_code.co_filename, at.tb_lineno
    code = Cancelled.code if isinstance(error, KeyboardInterrupt) else core["code"]
    message = "cancelled" if code == Cancelled.code else f"{type(error).__name__}: {error}"
    return code, message, core["hint"], file, line, core["statement"], []


def _line(error: BaseException, file: Optional[str]) -> Optional[int]:
    """The line of a version file in which an exception began: the innermost of its frames."""
    line, at = None, error.__traceback__
    while at is not None and file is not None:
        if os.path.basename(at.tb_frame.f_code.co_filename) == os.path.basename(file):
            line = at.tb_lineno
        at = at.tb_next
    return line


def _note(cause: BaseException, error: dict[str, Any]) -> None:
    """Says where an exception happened that is not limbeck's, and what is left to do; Python prints notes since 3.11."""
    notes = []
    if error["revision"]:
        line = _line(cause, error["file"])
        notes.append(f"in revision {error['revision']} ({error['file']}{f':{line}' if line else ''})")
    if error["hint"] and error["code"] == CodeFailed.code:
        notes.append(error["hint"])
    if notes:
        cause.__notes__ = [*getattr(cause, "__notes__", []), *notes]
