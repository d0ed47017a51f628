"""The templates of ``init``, Alembic's own and limbeck's: what they make runs, asynchronous drivers too."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest
import sqlalchemy as sa

import limbeck
from conftest import Project
from test_alembic import run

pytest.importorskip("aiosqlite")
from sqlalchemy.ext.asyncio import create_async_engine  # noqa: E402

VERSION = '''"""{doc}"""
from alembic import op
import sqlalchemy as sa

revision = "{revision}"
down_revision = {down!r}


def upgrade({parameter}):
    {up}


def downgrade({parameter}):
    {back}
'''


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Project]:
    """A project that one of the two tools has made by a template."""
    monkeypatch.chdir(tmp_path)

    def make(tool: str, template: str) -> Project:
        project = Project.__new__(Project)
        project.folder, project.db, project.versions = tmp_path, tmp_path / "app.db", tmp_path / "migrations" / "versions"
        project.ini = tmp_path / "alembic.ini"
        status, _, err = run(tool, project, "init", "--template", template, "migrations")
        assert status == 0, err
        driver = "sqlite+aiosqlite" if "async" in template else "sqlite"
        text = project.ini.read_text().replace("driver://user:pass@localhost/dbname", f"{driver}:///{project.db}")
        project.ini.write_text(text)
        return project

    return make


def write(project: Project, revision: str, down: Any, up: str, back: str = "pass", parameter: str = "") -> None:
    text = VERSION.format(doc=revision, revision=revision, down=down, up=up, back=back, parameter=parameter)
    (project.versions / f"{revision}.py").write_text(text)


TEMPLATES = ["generic", "async", "pyproject", "pyproject_async"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("tool", ["alembic", "limbeck"])
def test_a_project_of_each_template_runs_with_both_tools(tool: str, template: str, made: Callable[..., Project]) -> None:
    project = made(tool, template)
    assert run("limbeck", project, "revision", "-m", "users", "--rev-id", "a1")[0] == 0
    for path in project.versions.glob("a1*.py"):
        path.unlink()
    write(project, "a1", None, "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String))", "op.drop_table('users')")
    up = "op.get_bind().execute(sa.text(\"INSERT INTO users(name) VALUES ('x')\"))\n    op.alter_column('users', 'name', nullable=False)"
    write(project, "b2", "a1", up, "op.alter_column('users', 'name', nullable=True)")
    other = "alembic" if tool == "limbeck" else "limbeck"
    for by, *arguments in [(other, "upgrade", "a1"), ("limbeck", "upgrade", "head")]:
        status, _, err = run(by, project, *arguments)
        assert status == 0, (by, err)
    assert project.rows("SELECT id, name, version_num FROM users, alembic_version") == [(1, "x", "b2")]
    assert run("alembic", project, "current")[1] == run("limbeck", project, "current")[1] == "b2 (head)\n"
    assert '"revision":"b2"' in run("limbeck", project, "--json", "current")[1]
    assert "pending     none" in run("limbeck", project, "status")[1]
    status, out, err = run("limbeck", project, "downgrade", "b2:a1", "--sql")
    assert status == 0 and "COMMIT;" in out, err
    assert run("limbeck", project, "downgrade", "base")[0] == 0
    assert [row[0] for row in project.rows("SELECT name FROM sqlite_master WHERE type = 'table'")] == ["alembic_version"]


def test_a_failing_revision_through_an_asynchronous_driver(made: Callable[..., Project]) -> None:
    project = made("alembic", "async")
    write(project, "a1", None, "op.execute('CREATE TABLE t(a)')\n    1 / 0")
    for arguments in (["upgrade", "head"], ["--json", "upgrade", "head"]):
        status, out, err = run("limbeck", project, *arguments)
        assert status == 1 and "ZeroDivisionError" in out + err and "a1.py" in out + err
        assert project.rows("SELECT name FROM sqlite_master") == []


def test_ctrl_c_through_an_asynchronous_driver(made: Callable[..., Project]) -> None:
    project = made("alembic", "async")
    write(project, "a1", None, "op.execute('CREATE TABLE t(a)')\n    print('there', flush=True)\n    import time\n    time.sleep(60)")
    command = [sys.executable, "-m", "limbeck", "upgrade", "head"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None and run.stdout.readline() == "there\n"
    time.sleep(0.05)  # so that it sleeps
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "Traceback" not in err, err
    assert project.rows("SELECT name FROM sqlite_master") == []


FILES = [("0001_notes.sql", "CREATE TABLE notes(title TEXT)"), ("0002_firm.sql", "ALTER TABLE notes ALTER title SET NOT NULL")]


def in_async(url: str, work: Callable[[sa.Connection], Any], **options: Any) -> Any:
    """What an asynchronous app does."""

    async def main() -> Any:
        engine = create_async_engine(url, **options)
        try:
            async with engine.connect() as connection:
                answer = await connection.run_sync(work)
                rows = await connection.execute(sa.text("SELECT count(*) FROM notes"))
                assert rows.scalar() == 0, "the connection goes on"
                return answer
        finally:
            await engine.dispose()

    before = signal.getsignal(signal.SIGINT)
    answer = asyncio.run(main())
    assert signal.getsignal(signal.SIGINT) is before
    return answer


def test_an_asynchronous_app(tmp_path: Path) -> None:
    upgrade: Callable[[sa.Connection], Any] = lambda connection: limbeck.upgrade(connection, FILES)  # noqa: E731
    url = f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"
    assert in_async(url, upgrade).to == ["0002"]
    assert in_async(url, upgrade).steps == []
    shared = {"connect_args": {"check_same_thread": False}}
    assert in_async("sqlite+aiosqlite://", upgrade, **shared).to == ["0002"]
    with pytest.raises(limbeck.Contract, match="check_same_thread"):
        in_async("sqlite+aiosqlite://", upgrade)
    assert limbeck.current(url, FILES)[0].revision == "0002"


def test_an_asynchronous_engine_by_itself(tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'a.db'}")
    with pytest.raises(limbeck.BadSetting, match="run_sync"):
        limbeck.upgrade(engine, FILES)  # type: ignore[arg-type]
    asyncio.run(engine.dispose())


def test_templates_that_are_not_there(made: Callable[..., Project], tmp_path: Path) -> None:
    project = made("limbeck", "generic")
    for template, hint in [("multidb", "a folder for each database"), ("none", "use one of generic, async")]:
        status, _, err = run("limbeck", project, "init", "-t", template, "other")
        assert status == 1 and "settings.invalid" in err and hint in err
        assert not (tmp_path / "other").exists()
    listed = run("limbeck", project, "list_templates")[1]
    assert [line.split(" - ")[0] for line in listed.splitlines()[2:6]] == TEMPLATES


def test_a_pyproject_that_is_there_already(made: Callable[..., Project], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    project = made("limbeck", "pyproject")
    assert (tmp_path / "pyproject.toml").read_text().startswith('[project]\nname = "mine"\n\n[tool.alembic]\n')
    hook = tmp_path / "hook.py"
    hook.write_text("import sys\nopen(sys.argv[1], 'a').write('# ' + sys.argv[2])\n")
    with open(tmp_path / "pyproject.toml", "a") as file:
        file.write(f'[[tool.alembic.post_write_hooks]]\nname = "mark"\ntype = "exec"\nexecutable = "{sys.executable}"\n')
        file.write('options = "hook.py REVISION_SCRIPT_FILENAME marked"\n')
    assert run("limbeck", project, "revision", "-m", "x", "--rev-id", "a1")[0] == 0
    assert (project.versions / "a1_x.py").read_text().endswith("# marked")


def test_several_databases_of_alembics_template(made: Callable[..., Project], tmp_path: Path) -> None:
    project = made("alembic", "multidb")
    text = project.ini.read_text()
    for number in (2, 1):
        text = text.replace(f"sqlite:///{project.db}{'2' if number == 2 else ''}", f"sqlite:///{tmp_path}/{number}.db")
    project.ini.write_text(text)
    write(project, "a1", None, "op.create_table(engine_name, sa.Column('id', sa.Integer))", "op.drop_table(engine_name)", "engine_name")
    status, _, err = run("limbeck", project, "upgrade", "head")
    assert status == 0, err
    for number in (1, 2):
        connection = sqlite3.connect(tmp_path / f"{number}.db")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        assert tables == [("alembic_version",), (f"engine{number}",)]
        connection.close()
    assert run("limbeck", project, "current")[1] == "a1 (head)\na1 (head)\n"
    assert run("limbeck", project, "upgrade", "head", "--sql")[0] == 0
    assert "CREATE TABLE engine2" in (tmp_path / "engine2.sql").read_text()
    status, out, _ = run("limbeck", project, "--json", "downgrade", "base")
    assert status == 1 and "several databases" in out and os.path.getsize(tmp_path / "1.db")
    assert run("limbeck", project, "downgrade", "base")[0] == 0
