"""Errors as Python has them."""

from __future__ import annotations

import sqlite3
from typing import Any, Callable

import pytest

import limbeck
from limbeck import _limbeck, errors


def test_every_kind_has_a_class_that_is_exported() -> None:
    for name, code, about in _limbeck.error_kinds():
        kind = getattr(limbeck, name)
        assert issubclass(kind, limbeck.LimbeckError) and kind.code == code, name
        assert name in limbeck.__all__ and name in errors.__all__
        assert " ".join(kind.__doc__.split()) == " ".join(about.split()), name
    import write_errors

    for path, text in write_errors.texts().items():
        assert path.read_text("utf-8") == text, "run tests/write_errors.py"
    assert len(errors.__all__) == len(_limbeck.error_kinds()) + 1
    assert sorted(limbeck.__all__) == limbeck.__all__ and all(hasattr(limbeck, name) for name in limbeck.__all__)


def test_an_error_carries_what_the_core_knows() -> None:
    files = [("0001_t.sql", "CREATE TABLE t(a); INSERT INTO t VALUES (NULL)"), ("0002_a.sql", "\nALTER TABLE t ALTER a SET NOT NULL")]
    connection = sqlite3.connect(":memory:")
    with pytest.raises(limbeck.RowsBreakRule) as caught:
        limbeck.Migrator(files, transaction="per_revision").upgrade(connection)
    error = caught.value
    assert (error.code, error.revision, error.file, error.line) == ("alter.rows_break_rule", "0002", "0002_a.sql", 2)
    assert error.violations[0].table == "t" and error.violations[0].count == 1
    assert error.report is not None and error.report.to == ["0001"]
    assert error.hint and error.statement and "0002_a.sql:2" in str(error)


def test_wrong_options_and_folders(tmp_path: Any) -> None:
    for options in ({"rebuild": "sometimes"}, {"transaction": "none"}):
        with pytest.raises(limbeck.BadSetting, match=next(iter(options))):
            limbeck.Migrator([], **options)
    with pytest.raises(limbeck.SourceUnreadable):
        limbeck.Migrator(tmp_path / "nowhere")
    with pytest.raises(limbeck.Cycle):
        # How files hang together is looked at by the first verb: a launch with nothing to do never asks.
        limbeck.Migrator([("a.sql", "-- x\n-- revision: a\n-- revises: b"), ("b.sql", "-- x\n-- revision: b\n-- revises: a")]).heads()


@pytest.mark.parametrize(
    "text, kind, line",
    [
        ("def upgrade(:\n", SyntaxError, None),
        ("import nothing_of_that_name\n", ModuleNotFoundError, None),
        ("revision = 7\n", limbeck.BadDirective, None),
        ("down_revision = 7\n", limbeck.BadDirective, None),
        ("def upgrade():\n    {}['x']\n", KeyError, 2),
        ("def upgrade():\n    from limbeck import op\n    op.add_column('t')\n", TypeError, 3),
        ("def upgrade(step):\n    step.execute('ALTER TABLE t ADD b')\n    step.execute('COMMIT')\n", limbeck.ForbiddenStatement, 3),
        ("def upgrade(step):\n    step.execute('ALTER TABLE t ADD b')\n    step.connection.commit()\n", limbeck.CodeFailed, None),
        ("def upgrade(step):\n    step.execute('ALTER TABLE t')\n", limbeck.LimbeckError, 2),
        ("def upgrade():\n    raise SystemExit(3)\n", SystemExit, 2),
    ],
)
def test_bad_version_files(folder: Callable[..., str], text: str, kind: type[BaseException], line: Any) -> None:
    where = folder(**{"0001_t_sql": "CREATE TABLE t(a)"})
    connection = sqlite3.connect(":memory:")
    limbeck.upgrade(connection, where)
    before = list(connection.iterdump())
    where = folder(**{"0002_bad_py": text})
    with pytest.raises(kind) as caught:
        limbeck.upgrade(connection, where)
    error = caught.value
    if isinstance(error, limbeck.CodeFailed):
        return  # it committed by itself: what it had done stays, and is reported as a failure
    assert list(connection.iterdump()) == before and not connection.in_transaction
    if isinstance(error, limbeck.LimbeckError):
        assert error.file and error.file.endswith("0002_bad.py") and error.line == line
    elif line is not None:
        assert f"0002_bad.py:{line}" in error.__notes__[0]  # type: ignore[attr-defined]


def test_an_error_of_the_core_is_read_whole() -> None:
    data = _limbeck.sqlite_error(13, "database or disk is full")
    error = errors._from_core(data, None)
    assert isinstance(error, limbeck.Full) and data["error"]["hint"] == error.hint
