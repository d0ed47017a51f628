"""The ``limbeck`` command of the wheel: the core's, on Python's sqlite3, with revisions in Python."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

import limbeck.__main__
from conftest import Project
from test_conformance import CASES, Record, bare, compare_database, everything, make, name_of, plain, skip, skip_what_is_too_new

MAIN = [sys.executable, "-m", "limbeck"]


class Command:
    """Runs the command in this process. The core writes to the file descriptors."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def __call__(self, *arguments: Any) -> tuple[int, str, str]:
        self._capfd.readouterr()
        try:
            status = limbeck.__main__.main([str(each) for each in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        out, err = self._capfd.readouterr()
        return status, out, err

    def json(self, *arguments: Any) -> tuple[int, Any]:
        """The one object on stdout."""
        status, out, _ = self("--json", *arguments)
        assert out.endswith("\n") and out.count("\n") == 1, out
        return status, json.loads(out)


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    for name in ("LIMBECK_CONFIG", "LIMBECK_DATABASE", "LIMBECK_MIGRATIONS", "DATABASE_URL", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return Command(capfd)


# The conformance suite


def words(run: str, path: Path) -> list[str]:
    """A call of the suite as it is typed."""
    verb, *rest = run.split(" ")
    if verb == "history":
        return [verb, "-i", "-r", *rest]
    return [verb, "--schema", str(path / rest[0])] if verb == "check" else [verb, *rest]


def answer(run: str, told: dict[str, Any]) -> Any:
    """What the suite expects, of what the command prints."""
    members = {"check": "differences", "current": "heads", "ensure_version": "made"}
    if run.endswith(" --sql"):
        return told["sql"]
    members.update({verb: "revisions" for verb in ("heads", "history", "branches", "show")})
    member = members.get(run.split(" ")[0])
    return told if member is None else told[member]


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    made = Record("Command")
    yield made
    made.write()


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parent.name}/{path.name}" for path in CASES])
def test_case(path: Path, command: Command, record: Record) -> None:
    line = record.case(name_of(path))
    skip_what_is_too_new(path, line)
    case = json.loads((path / "case.json").read_text("utf-8"))
    options = case.get("options", {})
    if "app_version" in options:
        skip(line, "command_app_version")
    if path.parent.name == "connection":
        skip(line, "command_connection", "the area of connections")
    if path.name == "later_body_first":
        skip(line, "command_reads_all")
    settings = {name: options[name] for name in ("rebuild", "transaction", "keep_user_version") if name in options}
    Path("limbeck.toml").write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
    db = sqlite3.connect("app.db", isolation_level=None)
    make(db, path, line)
    if db.execute("SELECT 1 FROM sqlite_temp_master").fetchone():
        skip(line, "command_connection", "temporary objects")
    if any(row[1] not in ("main", "temp") for row in db.execute("PRAGMA database_list")):
        skip(line, "command_connection", "an attached database")
    for step in case["steps"]:
        if step["run"].split(" ")[0] in ("merge", "diff"):
            line["steps"].append({"skipped": "command_other_words"})
            continue
        before = everything(db)
        folder = path / step.get("migrations", "migrations")
        newer = ["--newer-database", step["newer_database"]] if "newer_database" in step else []
        status, told = command.json("-d", "app.db", "-m", folder, *words(step["run"], path), *newer)
        code = told.get("error", {}).get("code")
        if "keep_user_version" in settings and step.get("expect", {}).get("to") == []:
            assert told["from"] == told["to"] != []  # the library names none where the header answers
            told["from"] = told["to"] = []
        if code == "alter.sqlite_too_old" and step.get("error") != code:
            skip(line, "older_sqlite", told["error"]["message"])
        if "warnings" in told:  # of drift the command tells after each run, the library where it is asked
            told["warnings"] = [each for each in told["warnings"] if not each.startswith("the schema has drifted")]
        if code and step["run"].startswith("check "):
            told["error"]["file"] = None  # the schema is a file here, and a text elsewhere
        found = told if code else answer(step["run"], told)
        line["steps"].append(plain(found) if code else {"ok": plain(found)})
        if step["run"].endswith(" --sql") and code is None:
            try:
                db.executescript(told["sql"].replace(".bail on\n", ""))
            except sqlite3.Error:
                assert step["error"] == "sql.failed"
                if db.in_transaction:
                    db.execute("ROLLBACK")
                assert everything(db) == before
            continue
        if "error" in step:
            assert (status, code) == (1, step["error"]), told
            assert step.get("message", "") in told["error"]["message"]
            assert all(told["error"][name] == step[name] for name in ("file", "line") if name in step)
            if "newer" in step:
                assert bare(told["error"]["newer"]) == step["newer"]
            if "report" in step:
                assert bare(told["report"]) == bare(step["report"])
            else:
                assert everything(db) == before
        else:
            assert bare(found) == bare(step.get("expect")), told
            compares = step["run"].split(" ")[0] in ("check", "verify")
            assert status == (1 if compares and told["differences"] else 0)
    compare_database(db, path, line)
    db.close()


# A folder of SQL with Python in it


def sql_folder() -> None:
    os.mkdir("migrations")
    files = {
        "0001_notes.sql": "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes VALUES (1, 'A b')",
        "0002_slugs.py": '"""Slugs"""\n\n\ndef upgrade(step):\n    step.execute("ALTER TABLE notes ADD COLUMN slug TEXT AFTER id")\n'
        "    for id, title in step.connection.execute('SELECT id, title FROM notes').fetchall():\n"
        "        step.connection.execute('UPDATE notes SET slug = ? WHERE id = ?', (title.lower().replace(' ', '-'), id))\n"
        '\n\ndef downgrade(step):\n    step.execute("ALTER TABLE notes DROP slug")\n',
        "0003_firm.sql": "-- migrate:up\nALTER TABLE notes ALTER slug SET NOT NULL\n-- migrate:down\nALTER TABLE notes ALTER slug DROP NOT NULL",
    }
    for name, text in files.items():
        Path("migrations", name).write_text(text)


def test_python_among_sql(command: Command) -> None:
    sql_folder()
    status, _, err = command("-d", "app.db", "upgrade", "head")
    assert (status, err.splitlines()[1]) == (0, "Running upgrade 0001 -> 0002, Slugs"), err
    db = sqlite3.connect("app.db")
    assert db.execute("SELECT * FROM notes").fetchall() == [(1, "a-b", "A b")]
    assert command.json("-d", "app.db", "current")[1]["heads"][0]["revision"] == "0003"
    assert "0002_slugs.py" in command("show", "0002")[1]
    status, told = command.json("-d", "app.db", "downgrade", "0001")
    assert (status, [step["revision"] for step in told["steps"]]) == (0, ["0003", "0002"])
    assert command.json("-d", "app.db", "status")[1]["pending"][0]["revision"] == "0002"
    status, told = command.json("-d", "new.db", "upgrade", "0002", "--plan")
    assert (status, told["steps"][1]["alterations"][0]["table"], Path("new.db").exists()) == (0, "notes", False)
    # The file that is next is written by the core, and follows the SQL and the Python alike.
    status, told = command.json("revision", "-m", "More", "--rev-id", "0004")
    assert status == 0 and "-- revises: 0003" in Path(told["path"]).read_text()
    db.close()


def test_what_python_raises_is_told_as_any_error(command: Command) -> None:
    os.mkdir("migrations")
    file = Path("migrations", "0001_bad.py")
    for text, code, message, line in [
        ("def upgrade(step):\n    step.execute('CREATE TABLE t(a)')\n    1 / 0\n", "script.code_failed", "ZeroDivisionError: ", 3),
        ("def upgrade(step):\n    step.execute('ALTER TABLE none DROP a')\n", "alter.unknown_table", "none", 2),
        ("def upgrade(step):\n    step.connection.execute('COMMIT')\n", "script.code_failed", "ended the transaction", None),
        ("import nowhere\n", "script.unreadable", "ModuleNotFoundError: ", 1),
        ("def upgrade(step:\n", "script.unreadable", "SyntaxError: ", 1),
        ("revision = 5\n", "script.bad_directive", "revision is 5", None),
    ]:
        file.write_text(text)
        status, told = command.json("-d", "app.db", "upgrade", "head")
        error = told["error"]
        assert (status, error["code"], error["line"]) == (1, code, line), told
        assert message in error["message"] and error["file"].endswith("0001_bad.py")
        db = sqlite3.connect("app.db")
        assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 't'").fetchone() == (0,)
        db.close()
        status, out, err = command("-d", "app.db", "upgrade", "head")
        assert (status, out) == (1, "") and f"[{code}]" in err


def test_ctrl_c_rolls_back(command: Command) -> None:
    os.mkdir("migrations")
    Path("migrations", "0001_long.py").write_text(
        "import sys\n\n\ndef upgrade(step):\n    step.execute('CREATE TABLE t(a)')\n    print('there', flush=True)\n"
        "    step.execute('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO t SELECT max(i) FROM n')\n"
    )
    run = subprocess.Popen([*MAIN, "--json", "-d", "app.db", "upgrade", "head"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert run.stdout is not None and run.stdout.readline() == "there\n"
    run.send_signal(signal.SIGINT)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert json.loads(out)["error"]["code"] == "run.cancelled" and "Traceback" not in err
    db = sqlite3.connect("app.db")
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 't'").fetchone() == (0,)
    db.close()


def test_wrong_usage_and_help(command: Command) -> None:
    assert command("nothing")[0] == 2
    assert command()[0] == 2
    assert command("--help")[0] == 0 and "graph" in command("--help")[1]
    assert command("--version")[1] == f"limbeck {limbeck.__version__}\n"
    status, told = command.json("-d", "missing/app.db", "-m", ".", "ensure_version")
    assert (status, told["error"]["code"]) == (1, "database.cannot_open")


# An Alembic project


def in_project(project: Project) -> None:
    project.version("0001aaaa", None, "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('users')", doc="create users")
    project.version("0002bbbb", "0001aaaa", "op.add_column('users', sa.Column('phone', sa.String(20)))", "op.drop_column('users', 'phone')", doc="add phone")


def test_json_and_limbecks_own_commands_in_an_alembic_project(project: Project, command: Command) -> None:
    in_project(project)
    status, told = command.json("upgrade", "0001aaaa")
    assert (status, told["to"], [step["revision"] for step in told["steps"]]) == (0, ["0001aaaa"], ["0001aaaa"])
    assert project.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1") == [("alembic_version",), ("users",)]
    assert command.json("upgrade", "head")[1]["to"] == ["0002bbbb"]
    assert command.json("current")[1]["heads"][0]["path"] == str(project.versions / "0002bbbb.py")
    assert [each["revision"] for each in command.json("history")[1]["revisions"]] == ["0002bbbb", "0001aaaa"]
    status, out, _ = command("status")
    assert status == 0 and f"database    {project.db}\n" in out and "pending     none\n" in out
    assert command("graph")[1].startswith("◉  0002bbbb (head) (current)  add phone\n")
    status, told = command.json("downgrade", "-1", "--plan")
    assert (status, told["steps"][0]["revision"]) == (0, "0002bbbb"), told
    assert command("upgrade", "head", "--nothing")[0] == 2
    assert project.rows("SELECT version_num FROM alembic_version") == [("0002bbbb",)]
    status, told = command.json("revision", "-m", "more", "--rev-id", "0003cccc")
    assert (status, told) == (0, {"revision": "0003cccc", "path": str(project.versions / "0003cccc_more.py")})
    status, told = command.json("upgrade", "nowhere")
    assert (status, told["error"]["code"]) == (1, "graph.unknown_revision")
    sql = command.json("upgrade", "0002bbbb:head", "--sql")[1]["sql"]
    assert sql.endswith("COMMIT;\n\n") and "0003cccc" in sql
    assert command.json("-x", "a=b", "stamp", "head")[1]["to"] == ["0003cccc"]


def test_an_env_py_that_fails(project: Project, command: Command) -> None:
    in_project(project)
    (project.folder / "migrations" / "env.py").write_text("import nowhere\n")
    status, told = command.json("current")
    assert (status, told["error"]["message"]) == (1, "ModuleNotFoundError: No module named 'nowhere'")
    assert told["error"]["file"].endswith("env.py") and told["error"]["line"] == 1
    # What needs no database does not need env.py either.
    assert command.json("heads")[0] == 0


def test_an_alembic_folder_without_its_settings(project: Project, command: Command) -> None:
    in_project(project)
    project.ini.unlink()
    status, told = command.json("-d", "app.db", "-m", "migrations", "upgrade", "head")
    assert (status, told["to"]) == (0, ["0002bbbb"])
    assert {row[0] for row in project.rows("SELECT name FROM sqlite_master")} >= {"alembic_version", "users"}
    assert not project.rows("SELECT 1 FROM sqlite_master WHERE name LIKE 'limbeck%'")


def test_ctrl_c_in_an_alembic_project(project: Project, command: Command) -> None:
    project.version("a1", None, "op.execute('CREATE TABLE t(a)')\nprint('there', flush=True)\nimport time\ntime.sleep(60)")
    for arguments in (["upgrade", "head"], ["--json", "upgrade", "head"]):
        run = subprocess.Popen([*MAIN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert run.stdout is not None and run.stdout.readline() == "there\n"
        time.sleep(0.05)  # so that it sleeps
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
        assert run.returncode == 130 and "Traceback" not in err, err
        assert project.rows("SELECT name FROM sqlite_master WHERE name = 't'") == []
