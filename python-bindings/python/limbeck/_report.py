"""What calls answer: the core's own data, as objects."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass, field
    from typing import Any, Optional, TypeVar

    _T = TypeVar("_T")
else:
    from ._dataclass import dataclass, field

    class Optional:
        """``typing.Optional``, for who reads the annotations of these classes while the app runs: typing is slow to import."""

        def __class_getitem__(cls, kind):
            from typing import Optional

            return Optional[kind]


def read(kind: type[_T], data: dict[str, Any]) -> _T:
    """An object of a class from the core's data. Members that this version does not know are left out."""
    known = kind.__match_args__  # type: ignore[attr-defined]
    return kind(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True)
class AlterationReport:
    """One batch of actions on one table, as it was done."""

    table: str
    #: ``native``, ``in_place`` or ``rebuild``.
    way: str
    rows: int = 0
    #: Why a cheaper way was not taken.
    why: Optional[str] = None


@dataclass(frozen=True)
class StepReport:
    """One revision, as it was applied, taken back or stamped."""

    revision: str
    #: ``up``, ``down`` or ``stamp``.
    direction: str
    alterations: list[AlterationReport] = field(default_factory=list)


@dataclass(frozen=True)
class Timing:
    """How long things took, in milliseconds."""

    total_ms: int = 0
    steps_ms: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class NewerRevision:
    """A revision that a database has and the app does not: a newer version of the app applied it."""

    revision: str
    message: str = ""
    #: In UTC; None where the database has no record of it.
    applied_at: Optional[str] = None
    app_version: Optional[str] = None
    #: Whether an app that does not have it can use the database after it; None where that is not known.
    compatible: Optional[bool] = None
    #: Whether the database has the script that undoes it.
    has_downgrade: bool = False


@dataclass(frozen=True)
class Report:
    """What a run did."""

    #: The version rows before and after. (``from`` is a word of Python's.)
    from_: list[str] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    steps: list[StepReport] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    #: What the database has and the app does not, where the app runs on all the same.
    newer: list[NewerRevision] = field(default_factory=list)
    #: The backup that was taken before the first write.
    backup: Optional[str] = None
    timing: Timing = field(default_factory=Timing)

    def __bool__(self) -> bool:
        """Whether anything was done."""
        return bool(self.steps) or self.from_ != self.to


@dataclass(frozen=True)
class PlannedStep:
    """One revision, as it would be applied or taken back."""

    revision: str
    #: ``up`` or ``down``.
    direction: str
    #: What would run, without limbeck's own record.
    statements: list[str] = field(default_factory=list)
    #: ``rows`` are those that a rebuild would copy.
    alterations: list[AlterationReport] = field(default_factory=list)
    #: Why an app that does not have the revision might not live with it.
    breaks_older_apps: Optional[str] = None


@dataclass(frozen=True)
class Plan:
    """What a run would do, as far as it can be known without its rows. False where that is nothing."""

    #: The version rows now and after.
    from_: list[str] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    steps: list[PlannedStep] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.steps) or self.from_ != self.to


def plan(data: dict[str, Any]) -> Plan:
    """A plan from the core's data."""
    steps = [read(PlannedStep, {**step, "alterations": _alterations(step)}) for step in data["steps"]]
    return Plan(data["from"], data["to"], steps, data["warnings"])


def report(data: dict[str, Any]) -> Report:
    """A report from the core's data."""
    steps = [StepReport(step["revision"], step["direction"], _alterations(step)) for step in data["steps"]]
    newer = [read(NewerRevision, each) for each in data.get("newer", [])]
    timing = Timing(data["timing"]["total_ms"], data["timing"]["steps_ms"])
    return Report(data["from"], data["to"], steps, data["warnings"], newer, data.get("backup"), timing)


def _alterations(step: dict[str, Any]) -> list[AlterationReport]:
    return [read(AlterationReport, each) for each in step["alterations"]]


@dataclass(frozen=True)
class Backup:
    """One backup: an SQLite database by itself."""

    #: The name of the database's file.
    database: str
    #: The version rows.
    heads: list[str]
    #: Of the app that brought the database there.
    app_version: Optional[str]
    #: In UTC.
    taken_at: str
    bytes: int
    sha256: str
    #: What ``PRAGMA quick_check`` finds in it, and found in the database.
    problems: list[str]
    path: str


@dataclass(frozen=True)
class Difference:
    """One thing that differs between two schemas."""

    #: What is to be done: ``add_table``, ``drop_column``, ``change_index`` …
    kind: str
    #: The table (or view) that the object belongs to; its own name for a table or view.
    table: str
    name: str
    #: The statement that does it, in the extended ALTER.
    sql: str
    #: How much it matters, where a database was verified: ``slight``, ``rule`` or ``data``.
    grade: Optional[str] = None


@dataclass(frozen=True)
class Verified:
    """What was found of a database. False where it is not what the migrations make."""

    #: The version rows: where it says it is.
    revisions: list[str]
    #: Of its schema as it is.
    fingerprint: str
    #: What would make it what the migrations make.
    differences: list[Difference] = field(default_factory=list)

    def __bool__(self) -> bool:
        return not self.differences


@dataclass(frozen=True)
class RevisionInfo:
    """One revision, as the folder and the database know it."""

    revision: str
    revises: list[str] = field(default_factory=list)
    branch_labels: list[str] = field(default_factory=list)
    depends_on: list[str] = field(default_factory=list)
    message: str = ""
    head: bool = False
    branch_point: bool = False
    merge_point: bool = False
    current: bool = False
    path: Optional[str] = None


@dataclass(frozen=True)
class Event:
    """What a run says while it works. Which members are set, ``event`` says."""

    #: ``step_started``, ``checking``, ``copied``, ``indexing``, ``proving``, ``backing_up``, ``restoring`` or ``step_finished``.
    event: str
    revision: Optional[str] = None
    direction: Optional[str] = None
    #: As Alembic logs it.
    text: Optional[str] = None
    table: Optional[str] = None
    step: Optional[int] = None
    rows: Optional[int] = None
    index: Optional[int] = None
    pages: Optional[int] = None
    of: Optional[int] = None
    milliseconds: Optional[int] = None


@dataclass(frozen=True)
class Violation:
    """Rows that break a rule."""

    table: str
    rule: str
    count: int
    keys: list[str] = field(default_factory=list)
