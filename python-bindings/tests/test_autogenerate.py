"""``revision --autogenerate`` and ``check``: real Alembic says what there is to detect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import alembic.autogenerate
import alembic.migration
import pytest
import sqlalchemy as sa

import limbeck
from conftest import Project
from test_alembic import run

BEFORE = """
users = sa.Table("users", metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(50)),
    sa.Column("age", sa.Integer, nullable=False),
    sa.Column("bio", sa.Text),
    sa.UniqueConstraint("name", name="uq_users_name"),
    sa.Index("ix_users_age", "age"),
)
"""
NAMING = 'metadata.naming_convention = {"uq": "uq_%(table_name)s_%(column_0_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s", "ix": "ix_%(column_0_label)s"}\n'
TEAMS = 'teams = sa.Table("teams", metadata, sa.Column("id", sa.Integer, primary_key=True))\n'

#: What the models were, and what they are.
CHANGES: dict[str, tuple[str, str]] = {
    "nothing": (BEFORE, BEFORE),
    "a table": (BEFORE, BEFORE + TEAMS + 'sa.Table("logs", metadata, sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("at", sa.DateTime, server_default=sa.func.now()), '
        'sa.Column("team", sa.ForeignKey("teams.id", ondelete="CASCADE")), sa.Column("kind", sa.Enum("a", "b", name="kinds")), sa.Column("cost", sa.Numeric(10, 2), index=True), sa.CheckConstraint("cost > 0", name="ck"))\n'),
    "a table gone": (BEFORE + TEAMS, BEFORE),
    "a column": (BEFORE, BEFORE.replace('sa.Column("bio", sa.Text),', 'sa.Column("bio", sa.Text), sa.Column("phone", sa.String(20)),')),
    "a column that must not be NULL": (BEFORE, BEFORE.replace('sa.Column("bio", sa.Text),', 'sa.Column("bio", sa.Text), sa.Column("phone", sa.String(20), nullable=False),')),
    "a key that must not be NULL": (BEFORE + TEAMS, BEFORE.replace('sa.Column("bio", sa.Text),', 'sa.Column("bio", sa.Text), sa.Column("team", sa.ForeignKey("teams.id", name="fk_team"), nullable=False),') + TEAMS),
    "a column with a default": (BEFORE, BEFORE.replace('sa.Column("bio", sa.Text),', 'sa.Column("bio", sa.Text), sa.Column("plan", sa.String(9), nullable=False, server_default="free"),')),
    "a column gone": (BEFORE, BEFORE.replace('    sa.Column("bio", sa.Text),\n', "")),
    "not NULL": (BEFORE, BEFORE.replace("sa.String(50)", "sa.String(50), nullable=False")),
    "NULL": (BEFORE, BEFORE.replace(", nullable=False", "")),
    "a type": (BEFORE, BEFORE.replace("sa.String(50)", "sa.String(99)").replace('"age", sa.Integer', '"age", sa.BigInteger')),
    "type and NULL at once": (BEFORE, BEFORE.replace("sa.Integer, nullable=False", "sa.BigInteger")),
    "a default": (BEFORE, BEFORE.replace("sa.Text", 'sa.Text, server_default="x"')),
    "an index": (BEFORE, BEFORE.replace("sa.Index", 'sa.Index("ix_bio", "bio", "age", unique=True), sa.Index')),
    "an index gone": (BEFORE, BEFORE.replace('    sa.Index("ix_users_age", "age"),\n', "")),
    "an index changed": (BEFORE, BEFORE.replace('"ix_users_age", "age"', '"ix_users_age", "age", "bio"')),
    "a partial index": (BEFORE, BEFORE.replace("sa.Index", 'sa.Index("ix_part", "bio", sqlite_where=sa.text("age > 3")), sa.Index')),
    "a UNIQUE": (BEFORE, BEFORE.replace("sa.Index", 'sa.UniqueConstraint("bio", "age", name="uq_both"), sa.Index')),
    "a UNIQUE gone": (BEFORE, BEFORE.replace('    sa.UniqueConstraint("name", name="uq_users_name"),\n', "")),
    "a foreign key": (BEFORE + TEAMS, BEFORE.replace('"age", sa.Integer', '"age", sa.ForeignKey("teams.id", name="fk_age")') + TEAMS),
    "a foreign key gone": (BEFORE.replace('"age", sa.Integer', '"age", sa.Integer, sa.ForeignKey("teams.id", name="fk_age")') + TEAMS, BEFORE + TEAMS),
    "a column with a foreign key": (BEFORE + TEAMS, BEFORE.replace('sa.Column("bio", sa.Text),', 'sa.Column("bio", sa.Text), sa.Column("team_id", sa.Integer, sa.ForeignKey("teams.id", name="fk_team", ondelete="SET NULL")),') + TEAMS),
    "names by convention": (NAMING + BEFORE + TEAMS, NAMING + BEFORE.replace('sa.Column("bio", sa.Text),', 'sa.Column("bio", sa.Text, unique=True), sa.Column("team", sa.ForeignKey("teams.id"), index=True),') + TEAMS),
    "names that are words": (BEFORE, BEFORE + 'sa.Table("order", metadata, sa.Column("group", sa.Integer, primary_key=True), sa.Column("two words", sa.Text, index=True))\n'),
    "a CHECK is not looked at": (BEFORE, BEFORE.replace("sa.Index", 'sa.CheckConstraint("age > 0", name="ck"), sa.Index')),
}


def models(text: str) -> sa.MetaData:
    names: dict[str, Any] = {"sa": sa, "metadata": sa.MetaData()}
    exec(text, names)
    metadata: sa.MetaData = names["metadata"]
    return metadata


def detected(project: Project, metadata: sa.MetaData, **options: Any) -> set[tuple[str, str]]:
    """What Alembic finds, in a form of ours."""
    engine = sa.create_engine(f"sqlite:///{project.db}")
    with engine.connect() as connection:
        context = alembic.migration.MigrationContext.configure(connection, opts={"target_metadata": metadata, **options})
        found = set()
        for each in alembic.autogenerate.compare_metadata(context, metadata):
            for kind, *rest in each if isinstance(each, list) else [each]:
                if kind.startswith("modify_"):
                    found.add((kind.replace("modify_", "change_"), rest[2]))
                elif kind.endswith("_column"):
                    found.add((kind.replace("remove", "drop"), rest[2].name))
                elif kind.endswith(("_fk", "_constraint")):
                    found.add((("add" if kind.startswith("add") else "drop") + "_constraint", str(rest[0].name)))
                else:
                    found.add((kind.replace("remove", "drop"), rest[0].name))
    engine.dispose()
    return found


@pytest.fixture
def make(project: Project) -> Callable[..., None]:
    """Puts the models into ``env.py``, as a module of the app's."""

    def write(text: str, options: str = "", head: str = "") -> None:
        (project.folder / "models.py").write_text("import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n" + text)
        env = project.folder / "migrations" / "env.py"
        (env.parent / "env.py").write_text(
            "import importlib, sys\nfrom alembic import context\nfrom sqlalchemy import engine_from_config, pool\nimport sqlalchemy as sa\n"
            f"sys.path.insert(0, {str(project.folder)!r})\nsys.modules.pop('models', None)\nimport models\n{head}\n"
            "config = context.config\nengine = engine_from_config(config.get_section('alembic'), poolclass=pool.NullPool)\n"
            "with engine.connect() as connection:\n"
            f"    context.configure(connection=connection, target_metadata=models.metadata{', ' + options if options else ''})\n"
            "    with context.begin_transaction():\n        context.run_migrations()\n"
        )

    monkey = pytest.MonkeyPatch()
    monkey.setattr("sys.dont_write_bytecode", True)
    yield write
    monkey.undo()


def begun(project: Project, text: str) -> None:
    """A database with these models, and rows in it."""
    engine = sa.create_engine(f"sqlite:///{project.db}")
    models(text).create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO users(name, age, bio) VALUES ('a', 1, 'x'), ('b', 1, 'y')")
    engine.dispose()
    project.version("a1", None)
    assert run("limbeck", project, "stamp", "head")[0] == 0


@pytest.mark.parametrize("name", CHANGES)
def test_what_alembic_detects(name: str, project: Project, make: Callable[..., None]) -> None:
    before, after = CHANGES[name]
    make(after)
    begun(project, before)
    if "key" in name:
        project.script("INSERT INTO teams VALUES (1)")
    want = {(kind, None if kind == "add_constraint" and each == "None" else each) for kind, each in detected(project, models(after))}
    status, out, err = run("limbeck", project, "--json", "check")
    told = json.loads(out)
    assert "differences" in told, told
    found = {(each["kind"], each["name"]) for each in told["differences"]}
    # What a changed index is made of, Alembic lists as two.
    assert found == want, err
    assert status == (1 if want else 0)
    status, out, err = run("limbeck", project, "check")
    assert (status, "No new upgrade operations detected." in out) == (1 if want else 0, not want), err

    status, out, err = run("limbeck", project, "revision", "--autogenerate", "-m", "change", "--rev-id", "b2")
    assert status == 0, err
    path = project.versions / "b2_change.py"
    if not want:
        assert not path.exists() and out == "No new upgrade operations detected.\n"
        return
    status, _, err = run("limbeck", project, "upgrade", "head")
    assert status == 0, (err, path.read_text())
    assert detected(project, models(after)) == set(), path.read_text()
    assert run("limbeck", project, "check")[0] == 0
    status, _, err = run("limbeck", project, "downgrade", "a1")
    assert status == 0, (err, path.read_text())
    assert detected(project, models(before)) == set(), path.read_text()
    assert len(project.rows("SELECT * FROM users")) == 2


def test_what_alembic_writes_runs_the_same(project: Project, make: Callable[..., None]) -> None:
    """Alembic itself runs what limbeck writes, where SQLite lets it."""
    before, after = CHANGES["a table"]
    make(after)
    begun(project, before)
    assert run("limbeck", project, "revision", "--autogenerate", "-m", "x", "--rev-id", "b2")[0] == 0
    text = (project.versions / "b2_x.py").read_text()
    assert "op.create_table('logs',\n        sa.Column('id', sa.BigInteger(), nullable=False),\n" in text
    assert "sa.ForeignKeyConstraint(['team'], ['teams.id'], ondelete='CASCADE')" in text
    status, _, err = run("alembic", project, "upgrade", "head")
    assert status == 0, err
    assert detected(project, models(after)) == set()
    status, _, err = run("alembic", project, "downgrade", "a1")
    assert status == 0 and detected(project, models(before)) == set(), err


def test_a_value_that_only_a_person_knows_is_a_question(project: Project, make: Callable[..., None]) -> None:
    before, after = CHANGES["a column that must not be NULL"]
    make(after)
    begun(project, before)
    assert run("limbeck", project, "revision", "--autogenerate", "-m", "x", "--rev-id", "b2")[0] == 0
    text = (project.versions / "b2_x.py").read_text()
    assert "# QUESTION: what do the rows that are there get in users.phone? '' is a guess" in text
    assert "batch_op.add_column(sa.Column('phone', sa.String(length=20), server_default=sa.text(\"''\"), nullable=False))" in text
    assert "batch_op.alter_column('phone', existing_type=sa.String(length=20), server_default=None)" in text
    assert run("limbeck", project, "upgrade", "head")[0] == 0
    assert project.rows("SELECT count(*) FROM users WHERE phone IS NULL") == [(0,)]


def test_what_env_py_leaves_out(project: Project, make: Callable[..., None]) -> None:
    after = BEFORE.replace("sa.String(50)", "sa.String(99)").replace("sa.Text", 'sa.Text, server_default="x"') + TEAMS
    head = (
        "def include_object(object, name, type_, reflected, compare_to):\n    return not (type_ == 'table' and name == 'teams')\n"
        "def include_name(name, type_, parents):\n    return not (type_ == 'table' and name.startswith('other_'))\n"
        "def hook(context, revision, directives):\n    directives[0].message = 'by the hook'\n"
        "    if directives[0].upgrade_ops.is_empty():\n        directives[:] = []\n"
    )
    options = "include_object=include_object, include_name=include_name, compare_type=False, compare_server_default=True, process_revision_directives=hook"
    make(after, options, head)
    begun(project, BEFORE)
    project.script("CREATE TABLE other_tool(a); CREATE VIEW v AS SELECT 1; CREATE TRIGGER tr AFTER INSERT ON users BEGIN SELECT 1; END; CREATE VIRTUAL TABLE words USING fts5(a)")
    status, out, _ = run("limbeck", project, "--json", "check")
    assert [(each["kind"], each["name"]) for each in json.loads(out)["differences"]] == [("change_default", "bio")]
    status, out, err = run("limbeck", project, "--json", "revision", "--autogenerate", "--rev-id", "b2")
    assert status == 0 and Path(json.loads(out)["path"]).name == "b2_by_the_hook.py", err
    status, _, err = run("limbeck", project, "upgrade", "head")
    assert status == 0, err
    assert run("limbeck", project, "check")[0] == 0
    assert len(project.rows("SELECT 1 FROM sqlite_master WHERE name IN ('other_tool', 'v', 'tr', 'words')")) == 4


def test_types_of_the_app(project: Project, make: Callable[..., None]) -> None:
    after = BEFORE.replace("metadata,", "metadata,", 1) + "class Money(sa.TypeDecorator):\n    impl = sa.Integer\n    cache_ok = True\n\n\nsa.Table('bills', metadata, sa.Column('sum', Money()))\n"
    make(after)
    begun(project, BEFORE)
    assert run("limbeck", project, "revision", "--autogenerate", "-m", "x", "--rev-id", "b2")[0] == 0
    text = (project.versions / "b2_x.py").read_text()
    assert "import models\n" in text and "sa.Column('sum', models.Money(), nullable=True)" in text
    status, _, err = run("limbeck", project, "upgrade", "head")
    assert status == 0, err
    item = "def item(type_, obj, context):\n    context.imports.add('import models as m')\n    return 'm.Money()' if type_ == 'type' and type(obj).__name__ == 'Money' else False\n"
    make(after, "render_item=item", item)
    assert run("limbeck", project, "downgrade", "a1")[0] == 0
    (project.versions / "b2_x.py").unlink()
    assert run("limbeck", project, "revision", "--autogenerate", "-m", "x", "--rev-id", "c3")[0] == 0
    text = (project.versions / "c3_x.py").read_text()
    assert "import models as m\n" in text and "m.Money()" in text


def test_what_is_refused(project: Project, make: Callable[..., None]) -> None:
    begun(project, BEFORE)
    for command in (["check"], ["revision", "--autogenerate", "-m", "x"]):
        status, _, err = run("limbeck", project, *command)
        assert status == 1 and "env.py names no models" in err and "target_metadata" in err
    make(BEFORE)
    project.version("b2", "a1")
    status, _, err = run("limbeck", project, "check")
    assert status == 1 and "history.not_up_to_date" in err
    with pytest.raises(limbeck.NotUpToDate):
        from limbeck.alembic import command as commands

        commands.check(project.config)
