"""An Alembic project as it is: the same commands, the same answers, there and back."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from typing import Any

import alembic.config
import pytest

import limbeck
from conftest import Project


TEMPLATE = os.path.join(os.path.dirname(alembic.__file__), "templates", "generic", "script.py.mako")


def run(tool: str, project: Project, *arguments: str) -> tuple[int, str, str]:
    """A tool's exit status, stdout and stderr."""
    import limbeck.__main__

    mains: dict[str, Any] = {"alembic": alembic.config.main, "limbeck": limbeck.__main__.main}
    out, err, before = io.StringIO(), io.StringIO(), os.getcwd()
    # The core writes to the file descriptors.
    files, kept = [tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")], [os.dup(1), os.dup(2)]
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
    os.chdir(project.folder)
    written = alembic.config.Config.print_stdout
    # Alembic's goes to what was stdout when it was imported.
    alembic.config.Config.print_stdout = lambda _, text, *arg: print(text % arg if arg else text)  # type: ignore[assignment]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = mains[tool](argv=list(arguments)) or 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    finally:
        alembic.config.Config.print_stdout = written  # type: ignore[method-assign]
        os.chdir(before)
        for number, descriptor in enumerate(kept, 1):
            os.dup2(descriptor, number)
            os.close(descriptor)
    texts = []
    for file in files:
        file.seek(0)
        texts.append(file.read())
        file.close()
    return status, out.getvalue() + texts[0], err.getvalue() + texts[1]


def test_the_command() -> None:
    for command in ([sys.executable, "-m", "limbeck"], [os.path.join(os.path.dirname(sys.executable), "limbeck")]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, f"limbeck {limbeck.__version__}\n"), done.stderr


@pytest.fixture
def graph(project: Project) -> Project:
    """Two branches that are joined again."""
    project.version("0001aaaa", None, "op.create_table('users', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('users')", doc="create users")
    project.version("0002bbbb", "0001aaaa", "op.add_column('users', sa.Column('phone', sa.String(20)))", "with op.batch_alter_table('users') as b: b.drop_column('phone')", doc="add phone\n\nWith more to say.")
    project.version("0003cccc", "0002bbbb", doc="add subscription fields", head="branch_labels = ('billing',)")
    project.version("000fdddd", "0002bbbb", "op.create_table('tags', sa.Column('id', sa.Integer, primary_key=True))", "op.drop_table('tags')", doc="add tags")
    project.version("0004eeee", ("0003cccc", "000fdddd"), doc="merge branches")
    return project


QUESTIONS = [
    ("current",), ("current", "--verbose"), ("history",), ("history", "-i"), ("history", "-v"), ("history", "-r", "0001aaaa:0002bbbb"),
    ("history", "-r", ":current"), ("heads",), ("heads", "-v"), ("branches",), ("branches", "-v"), ("show", "0004eeee"), ("show", "0002"),
    ("show", "billing@head"),
]


@pytest.mark.parametrize("at", [None, "0002bbbb", "billing@head", "head"])
def test_answers_are_alembics(graph: Project, at: Any) -> None:
    if at is not None:
        assert run("limbeck", graph, "upgrade", at)[0] == 0
    for question in QUESTIONS:
        if at is None and question[-1] == ":current":
            continue  # from nothing to nothing: Alembic lists all
        theirs, ours = run("alembic", graph, *question), run("limbeck", graph, *question)
        assert ours[0] == theirs[0] and in_order(ours[1]) == in_order(theirs[1]), question


def in_order(text: str) -> str:
    """Alembic keeps children in a set, whose order is another in each process."""
    text = re.sub(r"(?<=Branches into: ).*", lambda found: ", ".join(sorted(found[0].split(", "))), text)
    return re.sub(r"(?: +-> .*\n)+", lambda found: "".join(sorted(found[0].splitlines(True))), text)


def test_there_and_back(graph: Project) -> None:
    steps = [
        ("alembic", "upgrade", "0001aaaa"), ("limbeck", "upgrade", "+1"), ("alembic", "upgrade", "000fdddd"),
        ("limbeck", "upgrade", "head"), ("alembic", "downgrade", "0002bbbb"), ("limbeck", "downgrade", "-1"),
        ("limbeck", "stamp", "base"), ("alembic", "stamp", "head"), ("limbeck", "stamp", "--purge", "0002bbbb"),
    ]
    revisions = [["0001aaaa"], ["0002bbbb"], ["000fdddd"], ["0004eeee"], ["0002bbbb"], ["0001aaaa"], [], ["0004eeee"], ["0002bbbb"]]
    for (tool, *arguments), want in zip(steps, revisions):
        status, _, err = run(tool, graph, *arguments)
        assert status == 0, err
        assert [row[0] for row in graph.rows("SELECT version_num FROM alembic_version")] == want, (tool, arguments)
    tables = {row[0] for row in graph.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"alembic_version", "users"}
    assert graph.rows("SELECT group_concat(name) FROM pragma_table_info('users')") == [("id",)]


def test_log_lines_and_statuses(graph: Project) -> None:
    command = [sys.executable, "-m", "limbeck", "upgrade", "head"]
    done = subprocess.run(command, cwd=graph.folder, capture_output=True, text=True)
    err = done.stderr
    assert (done.returncode, done.stdout) == (0, "")
    lines = [line for line in err.splitlines() if "Running" in line]
    assert lines[-1] == "INFO  [alembic.runtime.migration] Running upgrade 0003cccc, 000fdddd -> 0004eeee, merge branches"
    for arguments, want, text in [
        (("upgrade", "head"), 0, ""),
        (("upgrade", "none"), 1, "graph.unknown_revision"),
        (("upgrade",), 2, "usage"),
        (("downgrade", "-9"), 1, "graph."),
        (("current", "--check-heads"), 0, ""),
        (("revision", "--rev-id", "a+b"), 1, "graph.illegal_revision_id"),
        (("revision", "--rev-id", "0001aaaa"), 1, "graph.duplicate_revision"),
        (("revision", "--head", "0002bbbb"), 1, "graph.not_a_head"),
        (("-c", "none.ini", "heads"), 1, "none.ini"),
    ]:
        status, _, err = run("limbeck", graph, *arguments)
        assert status == want and text in err, (arguments, err)


def test_new_files(graph: Project) -> None:
    status, out, err = run("limbeck", graph, "revision", "-m", "Add users' e-mail", "--rev-id", "0005ffff")
    assert status == 0, err
    path = graph.versions / "0005ffff_add_users_e_mail.py"
    assert out == f"Generating {path} ...  done\n"
    (graph.folder / "migrations" / "script.py.mako").write_text(open(TEMPLATE).read())
    theirs = run("alembic", graph, "revision", "-m", "Add users' e-mail", "--rev-id", "0006ffff", "--head", "0004eeee", "--splice")
    assert theirs[0] == 0, theirs
    status, out, err = run("limbeck", graph, "merge", "-m", "both", "--rev-id", "0007aaaa")
    assert status == 0, err
    assert "0007aaaa (billing) (head)\n" == run("alembic", graph, "heads")[1] == run("limbeck", graph, "heads")[1]
    assert run("alembic", graph, "upgrade", "head")[0] == 0
    assert run("limbeck", graph, "current")[1] == "0007aaaa (head) (mergepoint)\n"


def test_a_new_file_is_what_alembic_writes(project: Project) -> None:
    texts = []
    for tool, own in [("alembic", True), ("limbeck", True), ("limbeck", False)]:
        mako = project.folder / "migrations" / "script.py.mako"
        mako.write_text(open(TEMPLATE).read()) if own else mako.unlink()
        assert run(tool, project, "revision", "-m", "add phone", "--rev-id", "0001")[0] == 0
        path = project.versions / "0001_add_phone.py"
        texts.append(re.sub(r"Create Date: .*", "Create Date: …", path.read_text()))
        path.unlink()
    assert texts[1] == texts[0]
    assert re.sub(r"\n+", "\n", texts[2]) == re.sub(r"\n+", "\n", texts[0])


def test_init_makes_a_project_that_both_tools_run(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project.__new__(Project)
    project.folder = tmp_path
    for tool, *arguments in [
        ("limbeck", "init", "migrations", "--template", "generic"), ("limbeck", "revision", "-m", "one"), ("limbeck", "upgrade", "head"),
        ("alembic", "revision", "-m", "two"), ("alembic", "upgrade", "head"), ("limbeck", "downgrade", "base"),
    ]:
        status, _, err = run(tool, project, *arguments)
        assert status == 0, (tool, arguments, err)
    assert run("limbeck", project, "init", "--template=generic", "migrations")[0] == 1


def test_ini_settings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "my_types.py").write_text("import sqlalchemy as sa\n\nWIDE = sa.String(99)\n")
    for folder in ("one", "two/deep"):
        (tmp_path / folder).mkdir(parents=True)
    project.ini.write_text(
        "[alembic]\nscript_location = migrations\nprepend_sys_path = .:lib\npath_separator = os\n"
        "version_locations = %(here)s/one:%(here)s/two\nrecursive_version_locations = true\n"
        "file_template = %%(year)d_%%(rev)s_%%(slug)s\ntimezone = UTC\nsqlalchemy.url = sqlite:///other.db\n"
    )
    text = "revision = {!r}\ndown_revision = {!r}\nimport sqlalchemy as sa\nfrom alembic import op\nfrom my_types import WIDE\n\n\ndef upgrade():\n    {}\n"
    (tmp_path / "one" / "a.py").write_text(text.format("a", None, "op.create_table('t', sa.Column('w', WIDE))"))
    (tmp_path / "two" / "deep" / "b.py").write_text(text.format("b", "a", "pass"))
    assert run("limbeck", project, "upgrade", "head")[0] == 0
    project.db = tmp_path / "other.db"
    assert project.rows("SELECT type FROM pragma_table_info('t')") == [("VARCHAR(99)",)]
    assert run("limbeck", project, "current")[1] == run("alembic", project, "current")[1] == "b (head)\n"
    assert run("limbeck", project, "revision", "-m", "New one", "--rev-id", "c")[0] == 0
    assert re.fullmatch(r"\d{4}_c_new_one\.py", next(p.name for p in (tmp_path / "one").iterdir() if "_c_" in p.name))
    # No `downgrade` at all: it cannot be taken back, and both say so.
    status, _, err = run("limbeck", project, "downgrade", "base")
    assert status == 1 and "no downgrade" in err


def test_library_calls_that_apps_make(graph: Project) -> None:
    import sqlalchemy as sa

    from limbeck.alembic import command
    from limbeck.alembic.config import Config
    from limbeck.alembic.migration import MigrationContext
    from limbeck.alembic.script import ScriptDirectory

    config = Config(str(graph.ini))
    config.attributes["from_the_app"] = 1
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == "0004eeee" and script.get_base() == "0001aaaa"
    assert [each.revision for each in script.walk_revisions()][::4] == ["0004eeee", "0001aaaa"]
    assert script.get_revision("0004").down_revision == ("0003cccc", "000fdddd")
    assert [each.revision for each in script.iterate_revisions("0002bbbb", "base")] == ["0002bbbb", "0001aaaa"]
    command.upgrade(config, "head")
    with sa.create_engine(f"sqlite:///{graph.db}").connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == "0004eeee" and context.get_current_heads() == ("0004eeee",)
    assert limbeck.upgrade(graph.db, graph.folder / "migrations").steps == []
    assert limbeck.current(graph.db, graph.folder / "migrations")[0].revision == "0004eeee"


def test_alembic_itself_stays_where_it_is(graph: Project) -> None:
    import alembic.op

    from limbeck.alembic import command

    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "alembic"}
    command.upgrade(graph.config, "head")
    assert {name: module for name, module in sys.modules.items() if name.split(".")[0] == "alembic"} == before
    assert alembic.op is not __import__("limbeck.op").op


def test_offline(graph: Project) -> None:
    """What is printed leads where a run leads, rebuilds included."""
    graph.version("0005ffff", "0004eeee", """
t = op.create_table('firm', sa.Column('id', sa.Integer, primary_key=True), sa.Column('d', sa.Date), sa.Column('user', sa.Integer))
import datetime
op.bulk_insert(t, [{'id': 1, 'd': datetime.date(2026, 1, 2), 'user': None}, {'id': 2, 'd': None, 'user': None}])
op.execute(t.update().where(t.c.id == 2).values(d=datetime.date(2026, 1, 3)))
with op.batch_alter_table('firm') as b:
    b.alter_column('d', nullable=False)
    b.create_foreign_key('fk', 'users', ['user'], ['id'])
""", "op.drop_table('firm')")
    for arguments in (("upgrade", "0002bbbb", "--sql"), ("upgrade", "0002bbbb:head", "--sql")):
        status, out, err = run("limbeck", graph, *arguments)
        assert status == 0, err
        script = [line for line in out.splitlines() if not line.startswith(".")]
        graph.script("\n".join(script))
    assert graph.rows("SELECT version_num FROM alembic_version") == [("0005ffff",)]
    assert graph.rows("SELECT id, d FROM firm") == [(1, "2026-01-02"), (2, "2026-01-03")]
    assert "limbeck_history" not in out
    printed = graph.everything()
    status, out, err = run("limbeck", graph, "downgrade", "0005ffff:base", "--sql")
    assert status == 0, err
    assert graph.everything() == printed, "nothing runs"
    graph.db.unlink()
    assert run("limbeck", graph, "upgrade", "0002bbbb")[0] == 0


def test_offline_cannot_look(project: Project) -> None:
    project.version("a1", None, "op.get_bind()")
    status, _, err = run("limbeck", project, "upgrade", "head", "--sql")
    assert status == 1 and "script.not_offline" in err


def test_what_env_py_may_say(project: Project) -> None:
    env = project.folder / "migrations" / "env.py"
    env.write_text(
        env.read_text()
        .replace("target_metadata=", "version_table=context.get_x_argument(as_dictionary=True)['table'], transaction_per_migration=True, target_metadata=")
        .replace("config = context.config", "config = context.config\nassert context.get_head_revision() == 'b2'\nassert config.get_section('mine')['key'] == 'value'")
    )
    project.ini.write_text(project.ini.read_text() + "[mine]\nkey = value\n")
    project.version("a1", None, "op.create_table('t', sa.Column('a', sa.Integer))")
    project.version("b2", "a1", "op.execute('INSERT INTO nowhere VALUES (1)')")
    status, _, err = run("limbeck", project, "-x", "table=mine_version", "upgrade", "head")
    assert status == 1 and "nowhere" in err and "b2.py:16" in err, err
    assert project.rows("SELECT version_num FROM mine_version") == [("a1",)], "one transaction a revision"
    assert run("limbeck", project, "-x", "table=mine_version", "current")[1] == "a1\n"


def test_settings_in_pyproject(project: Project) -> None:
    project.ini.unlink()
    (project.folder / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\nfile_template = "%%(slug)s"\n'
    )
    project.version("a1", None, "op.create_table('t', sa.Column('a', sa.Integer))")
    assert run("limbeck", project, "-d", "else.db", "upgrade", "head")[0] == 0
    assert (project.folder / "else.db").exists()
    assert run("limbeck", project, "revision", "-m", "by slug")[0] == 0 and (project.versions / "by_slug.py").exists()


def test_post_write_hooks(project: Project) -> None:
    (project.folder / "hook.py").write_text("import sys\nopen(sys.argv[1], 'a').write('# ' + sys.argv[2])\n")
    project.ini.write_text(
        project.ini.read_text() + "[post_write_hooks]\nhooks = mark\nmark.type = exec\n"
        f"mark.executable = {sys.executable}\nmark.options = hook.py REVISION_SCRIPT_FILENAME marked\n"
    )
    assert run("limbeck", project, "revision", "-m", "x", "--rev-id", "a1")[0] == 0
    assert (project.versions / "a1_x.py").read_text().endswith("# marked")


def test_a_row_that_the_folder_does_not_know(graph: Project) -> None:
    assert run("limbeck", graph, "upgrade", "head")[0] == 0
    graph.script("UPDATE alembic_version SET version_num = 'gone'")
    assert run("limbeck", graph, "current")[:2] == (0, "gone\n")
    status, _, err = run("limbeck", graph, "upgrade", "head")
    assert status == 1 and "history.database_newer" in err
    assert run("limbeck", graph, "stamp", "--purge", "head")[0] == 0
    assert run("limbeck", graph, "ensure_version")[0] == 0
