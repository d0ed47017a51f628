"""What calls answer are dataclasses in all but what importing them takes."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any, Callable

import limbeck
import pytest

ALTERATION = limbeck.AlterationReport("notes", "rebuild", 3)
REPORT = limbeck.Report(["0001"], to=["0002"], steps=[limbeck.StepReport("0002", "up", [ALTERATION])])
KINDS = [kind for kind in vars(limbeck._report).values() if isinstance(kind, type) and hasattr(kind, "__match_args__")]


def real(kind: Any) -> Any:
    """What ``dataclasses`` makes of the same members."""
    members = [(each.name, each.type, each) for each in dataclasses.fields(kind)]
    return dataclasses.make_dataclass(kind.__name__, members, frozen=True)


@pytest.mark.parametrize("kind", KINDS)
def test_as_dataclasses_makes_them(kind: Any) -> None:
    made = real(kind)
    assert kind.__match_args__ == made.__match_args__ if sys.version_info >= (3, 10) else True
    needed = [each for each in dataclasses.fields(kind) if each.default is each.default_factory is dataclasses.MISSING]
    values = [f"value {at}" for at in range(len(needed))]
    ours, its = kind(*values), made(*values)
    assert repr(ours) == repr(its)
    assert dataclasses.asdict(ours) == dataclasses.asdict(its)
    assert ours == kind(**{each.name: value for each, value in zip(needed, values)}) and ours != its
    members = [getattr(ours, each.name) for each in dataclasses.fields(kind)]
    if list not in map(type, members) and kind is not limbeck.Report:
        assert hash(ours) == hash(kind(*values))
    assert typing.get_type_hints(kind).keys() == {each.name for each in dataclasses.fields(kind)}


def test_what_dataclasses_does_with_them() -> None:
    assert len(KINDS) == 13
    assert dataclasses.is_dataclass(limbeck.Report) and dataclasses.is_dataclass(REPORT)
    assert dataclasses.asdict(REPORT)["steps"][0]["alterations"][0]["rows"] == 3
    assert dataclasses.replace(REPORT, to=["0003"]).to == ["0003"] and REPORT.to == ["0002"]
    assert pickle.loads(pickle.dumps(REPORT)) == REPORT == copy.deepcopy(REPORT)
    assert bool(REPORT) and not limbeck.Report()
    assert limbeck.Report().steps is not limbeck.Report().steps

    @dataclasses.dataclass(frozen=True)
    class Mine(limbeck.Report):
        mine: int = 3

    assert Mine(["0001"], mine=4).mine == 4
    if sys.version_info >= (3, 13):
        assert copy.replace(REPORT, to=[]).from_ == ["0001"]


@pytest.mark.parametrize(
    "bad",
    [
        lambda: limbeck.Timing(1, [], 3),
        lambda: limbeck.Timing(1, total_ms=1),
        lambda: limbeck.Timing(milliseconds=1),
        lambda: limbeck.Violation("notes"),
        lambda: hash(REPORT),
        lambda: setattr(REPORT, "to", []),
        lambda: delattr(REPORT, "to"),
    ],
)
def test_what_raises_as_a_dataclass_does(bad: Callable[[], object]) -> None:
    with pytest.raises((TypeError, dataclasses.FrozenInstanceError)):
        bad()


LAUNCH = """
import sys
sys.path.insert(0, sys.argv[1])
import __future__, os, sqlite3
before = set(sys.modules)
import limbeck
assert not limbeck.upgrade(sys.argv[2], sys.argv[3])
print(*sorted(name for name in set(sys.modules) - before if not name.startswith("limbeck")))
"""


def test_a_launch_imports_nothing_that_sqlite3_does_not(tmp_path: Path) -> None:
    (tmp_path / "0001_notes.sql").write_text("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)", "utf-8")
    limbeck.upgrade(tmp_path / "app.db", tmp_path)
    package = str(Path(limbeck.__file__).parents[1])
    # Without site, which imports what lies in this environment.
    command = [sys.executable, "-I", "-S", "-c", LAUNCH, package, str(tmp_path / "app.db"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr
