"""Each directive of ``op`` and ``batch_op``: what stands in the file afterwards."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

import limbeck
from conftest import Project

BEFORE = """
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the key
    email VARCHAR(50) COLLATE NOCASE,
    age INTEGER DEFAULT 7,
    team INTEGER,
    CONSTRAINT ck_age CHECK (age > 0)
);
CREATE INDEX ix_email ON users (email);
CREATE INDEX ix_both ON users (email, age);
CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE posts (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id) ON DELETE CASCADE, UNIQUE (author));
CREATE TRIGGER tr AFTER INSERT ON users BEGIN UPDATE teams SET name = name; END;
INSERT INTO teams VALUES (1, 'one');
INSERT INTO users VALUES (3, 'a@x', 1, 1), (9, 'b@x', 2, NULL);
INSERT INTO posts VALUES (1, 3), (2, 9);
"""
SQL = "SELECT sql FROM sqlite_master WHERE name = 'users'"
COLUMNS = "SELECT group_concat(name, ' ') FROM pragma_table_info('users')"


def ran(project: Project, up: str, **kw: Any) -> Project:
    project.script(BEFORE)
    project.version("a1", None, up, **kw)
    import limbeck.alembic.command as command

    command.upgrade(project.config, "head")
    return project


#: What a directive does, and the SQL that must answer 1 afterwards.
DIRECTIVES = [
    ("op.add_column('users', sa.Column('plan', sa.String(9), nullable=False, server_default='free'))",
     "SELECT count(*) = 2 FROM users WHERE plan = 'free'"),
    ("op.add_column('users', sa.Column('t', sa.Integer, sa.ForeignKey('teams.id', name='fk_t', ondelete='SET NULL')))",
     "SELECT on_delete = 'SET NULL' FROM pragma_foreign_key_list('users')"),
    ("op.add_column('users', sa.Column('n', sa.Integer, sa.CheckConstraint('n > 0', name='ck_n'), index=True))",
     "SELECT (SELECT sql LIKE '%CONSTRAINT ck_n CHECK (n > 0)%' FROM sqlite_master WHERE name = 'users') "
     "AND EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'ix_users_n')"),
    ("op.add_column('users', sa.Column('u', sa.Integer, unique=True))",
     "SELECT count(*) = 1 FROM pragma_index_list('users') WHERE origin = 'u'"),
    ("op.add_column('users', sa.Column('c', sa.Integer, sa.Computed('age * 2', persisted=True)))", "SELECT c = 2 FROM users WHERE id = 3"),
    ("op.add_column('users', sa.Column('age', sa.Integer), if_not_exists=True)", "SELECT count(*) = 4 FROM pragma_table_info('users')"),
    ("op.add_column('users', sa.Column('first', sa.Integer), insert_before='email')",
     f"SELECT ({COLUMNS}) = 'id first email age team'"),
    ("op.add_column('users', sa.Column('made', sa.DateTime, server_default=sa.func.now()))", "SELECT count(*) = 2 FROM users WHERE made > '2000'"),
    ("op.drop_column('users', 'team')", f"SELECT ({COLUMNS}) = 'id email age'"),
    ("op.drop_column('users', 'none', if_exists=True)", f"SELECT ({COLUMNS}) = 'id email age team'"),
    ("op.alter_column('users', 'email', nullable=False)", "SELECT \"notnull\" FROM pragma_table_info('users') WHERE name = 'email'"),
    ("op.alter_column('users', 'email', new_column_name='mail')", f"SELECT ({COLUMNS}) = 'id mail age team'"),
    ("op.alter_column('users', 'age', type_=sa.Text(), postgresql_using='age::text', nullable=False, new_column_name='years')",
     "SELECT years = '1' AND typeof(years) = 'text' FROM users WHERE id = 3"),
    ("op.alter_column('users', 'age', server_default=None)", "SELECT dflt_value IS NULL FROM pragma_table_info('users') WHERE name = 'age'"),
    ("op.alter_column('users', 'age', server_default='8')", "SELECT dflt_value = '''8''' FROM pragma_table_info('users') WHERE name = 'age'"),
    ("op.alter_column('users', 'age', server_default=sa.text('8'), comment='x', existing_type=sa.Integer())",
     "SELECT dflt_value = '8' FROM pragma_table_info('users') WHERE name = 'age'"),
    ("op.create_table('x', sa.Column('id', sa.Integer, primary_key=True), sa.Column('u', sa.Integer, sa.ForeignKey('users.id')), sqlite_autoincrement=True)",
     "SELECT sql LIKE '%AUTOINCREMENT%REFERENCES users (id)%' FROM sqlite_master WHERE name = 'x'"),
    ("t = op.create_table('x', sa.Column('id', sa.Integer), sa.Column('d', sa.Date))\n"
     "import datetime\nop.bulk_insert(t, [{'id': 1, 'd': datetime.date(2026, 1, 2)}])", "SELECT d = '2026-01-02' FROM x"),
    ("t = sa.table('teams', sa.column('id'), sa.column('name', sa.String))\n"
     "op.execute('ALTER TABLE teams ADD COLUMN x INTEGER')\nt.append_column(sa.column('x'))\n"
     "op.bulk_insert(t, [{'id': 7, 'name': op.inline_literal('seven')}, {'id': 8, 'name': 'eight', 'x': 1}], multiinsert=False)",
     "SELECT group_concat(name || ifnull(x, '-'), ' ') = 'seven- eight1' FROM teams WHERE id > 6"),
    ("with op.batch_alter_table('users') as batch_op:\n"
     "    batch_op.alter_column('email', type_=sa.Enum('a@x', 'b@x', name='mail', create_constraint=True))\n"
     "with op.batch_alter_table('users') as batch_op:\n"
     "    batch_op.alter_column('email', existing_type=sa.Enum('a@x', 'b@x', name='mail', create_constraint=True),\n"
     "                          type_=sa.Enum('a@x', 'b@x', 'c', name='mail', create_constraint=True))",
     f"SELECT ({SQL}) LIKE '%CONSTRAINT mail CHECK (email IN (''a@x'', ''b@x'', ''c''))%' AND ({SQL}) NOT LIKE '%''b@x'')%'"),
    ("op.alter_column('users', 'email', type_=sa.Enum('a@x', 'b@x', create_constraint=True))\n"
     "op.alter_column('users', 'email', existing_type=sa.Enum('a@x', 'b@x', create_constraint=True), type_=sa.Text())",
     f"SELECT ({SQL}) NOT LIKE '%email IN%' AND ({SQL}) LIKE '%CONSTRAINT ck_age%'"),
    ("op.alter_column('users', 'email', existing_type=sa.Enum('a@x', name='none', create_constraint=True), type_=sa.Text())",
     f"SELECT ({SQL}) LIKE '%email TEXT%'"),
    ("with op.batch_alter_table('users', table_args=[sa.UniqueConstraint('email', 'n', name='uq'), sa.ForeignKeyConstraint(['team'], ['teams.id'])],\n"
     "                          table_kwargs={'sqlite_strict': False, 'sqlite_autoincrement': True}) as batch_op:\n"
     "    batch_op.add_column(sa.Column('n', sa.Integer))",
     f"SELECT ({SQL}) LIKE '%CONSTRAINT uq UNIQUE (email, n)%' AND ({SQL}) LIKE '%FOREIGN KEY(team) REFERENCES teams (id)%'"),
    ("with op.batch_alter_table('users') as batch_op:\n"
     "    batch_op.add_column(sa.Column('n', sa.Integer), insert_before='email')\n"
     "    batch_op.add_column(sa.Column('m', sa.Integer), insert_before='email')\n"
     "    batch_op.alter_column('age', new_column_name='years')\n"
     "    batch_op.add_column(sa.Column('k', sa.Integer), insert_before='n')\n"
     "    batch_op.drop_column('team')\n"
     "    batch_op.add_column(sa.Column('j', sa.Integer), insert_before='years')\n",
     f"SELECT ({COLUMNS}) = 'id k n m email j years'"),
    ("op.create_table('x', sa.Column('id', sa.Integer, primary_key=True), sa.Column('u v', sa.Integer, sa.ForeignKey('users.id'), unique=True),\n"
     "    sa.Column('b', sa.Boolean(create_constraint=True)), sa.Column('e', sa.Enum(\"it's\", 'b)', name='ck', create_constraint=True)))\n"
     "op.drop_column('x', 'u v')\n"
     "with op.batch_alter_table('x') as batch_op:\n    batch_op.drop_constraint('ck', type_='check')\n    batch_op.drop_column('e')\n    batch_op.drop_column('b')",
     "SELECT group_concat(name) = 'id' FROM pragma_table_info('x')"),
    ("context = op.get_context()\nassert context.get_current_revision() is None and context.get_current_heads() == () and context.config is not None", "SELECT 1"),
    ("op.drop_table('posts')", "SELECT count(*) = 0 FROM sqlite_master WHERE name = 'posts'"),
    ("op.rename_table('users', 'people')",
     "SELECT sql LIKE '%REFERENCES \"people\"%' OR sql LIKE '%REFERENCES people%' FROM sqlite_master WHERE name = 'posts'"),
    ("op.create_index('ix', 'users', ['team', sa.text('lower(email)')], unique=True, postgresql_where=sa.text('age > 1'), postgresql_using='btree')",
     "SELECT sql LIKE 'CREATE UNIQUE INDEX ix ON users (team, lower(email)) WHERE age > 1' FROM sqlite_master WHERE name = 'ix'"),
    ("op.drop_index('ix_email')", "SELECT count(*) = 0 FROM sqlite_master WHERE name = 'ix_email'"),
    ("op.drop_index('none', if_exists=True)", "SELECT 1"),
    ("op.create_foreign_key('fk', 'users', 'teams', ['team'], ['id'], ondelete='CASCADE', initially='DEFERRED', deferrable=True)",
     "SELECT sql LIKE '%CONSTRAINT fk FOREIGN KEY(team) REFERENCES teams (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED%' FROM sqlite_master WHERE name = 'users'"),
    ("op.create_foreign_key('fk', 'users', 'teams', ['team'], ['id'])\nop.drop_constraint('fk', 'users', type_='foreignkey')",
     "SELECT count(*) = 0 FROM pragma_foreign_key_list('users')"),
    ("op.create_unique_constraint('uq', 'users', ['email', 'team'])", "SELECT sql LIKE '%CONSTRAINT uq UNIQUE (email, team)%' FROM sqlite_master WHERE name = 'users'"),
    ("op.create_check_constraint('ck', 'users', \"email LIKE '%@%'\")", "SELECT sql LIKE '%CONSTRAINT ck CHECK (email LIKE%' FROM sqlite_master WHERE name = 'users'"),
    ("op.create_check_constraint('ck', 'users', sa.column('age') < 99)", "SELECT sql LIKE '%CONSTRAINT ck CHECK (age < 99)%' FROM sqlite_master WHERE name = 'users'"),
    ("op.drop_constraint('ck_age', 'users')", "SELECT sql NOT LIKE '%CHECK%' FROM sqlite_master WHERE name = 'users'"),
    ("op.drop_constraint('none', 'users', if_exists=True)", "SELECT 1"),
    ("op.execute(\"UPDATE users SET email = 'x\\\\:y' WHERE id = 3\")", "SELECT email = 'x:y' FROM users WHERE id = 3"),
    ("op.execute(sa.text('UPDATE users SET age = :n').bindparams(n=5))", "SELECT sum(age) = 10 FROM users"),
    ("op.execute(sa.table('users', sa.column('age')).update().values(age=op.inline_literal(6)))", "SELECT sum(age) = 12 FROM users"),
    ("op.execute('UPDATE users SET age = 1; UPDATE users SET age = age + 1')", "SELECT sum(age) = 4 FROM users"),
    ("assert op.get_bind().execute('SELECT count(*) FROM users').scalar() == 2", "SELECT 1"),
    ("assert op.get_bind().dialect.name == 'sqlite' and op.get_context().dialect.name == 'sqlite'", "SELECT 1"),
    ("assert sa.inspect(op.get_bind()).has_table('users')", "SELECT 1"),
    ("assert op.get_bind().scalar('SELECT 5') == 5 and op.get_bind().exec_driver_sql('SELECT 6').scalar() == 6", "SELECT 1"),
    ("with op.get_context().autocommit_block():\n    op.create_index('ix', 'users', ['age'])", "SELECT count(*) FROM sqlite_master WHERE name = 'ix'"),
    ("op.create_table_comment('users', 'x')\nop.drop_table_comment('users')", "SELECT 1"),
    # In a batch: one ALTER TABLE.
    ("with op.batch_alter_table('users', recreate='always') as b:\n"
     "    b.drop_index('ix_both')\n"
     "    b.add_column(sa.Column('x', sa.Integer), insert_after='id')\n"
     "    b.alter_column('email', nullable=False, type_=sa.String(99))\n"
     "    b.create_index(b.f('ix_x'), ['x'])\n"
     "    b.create_unique_constraint('uq', ['email'])\n"
     "    b.create_foreign_key('fk', 'teams', ['team'], ['id'])\n"
     "    b.create_check_constraint('ck', 'x > 0')\n"
     "    b.drop_constraint('ck_age', type_='check')\n"
     "    b.drop_column('age')\n",
     f"SELECT ({COLUMNS}) = 'id x email team'"),
    ("with op.batch_alter_table('users') as b:\n    b.create_index('ix_age', ['age'])\n    b.alter_column('age', new_column_name='years')\n    b.drop_index('ix_email')",
     "SELECT sql LIKE '%(%years%)%' FROM sqlite_master WHERE name = 'ix_age'"),
    ("with op.batch_alter_table('users', table_args=[sa.CheckConstraint('team > 0', name='ck_t')], partial_reordering=[('id', 'age', 'email')]) as b:\n    pass",
     f"SELECT ({COLUMNS}) = 'id age email team'"),
    ("with op.batch_alter_table('posts', naming_convention={'uq': 'uq_%(table_name)s_%(column_0_name)s'}) as b:\n    b.drop_constraint('uq_posts_author', type_='unique')",
     "SELECT count(*) = 0 FROM pragma_index_list('posts')"),
    ("with op.batch_alter_table('posts', naming_convention={'fk': 'fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s'}) as b:\n"
     "    b.drop_constraint('fk_posts_author_users', type_='foreignkey')",
     "SELECT count(*) = 0 FROM pragma_foreign_key_list('posts')"),
    ("with op.batch_alter_table('users') as b:\n    b.execute('UPDATE users SET age = 4')\n    b.drop_column('team')", "SELECT sum(age) = 8 FROM users"),
]


@pytest.mark.parametrize("up, holds", DIRECTIVES, ids=[up.split("(")[0][-30:] for up, _ in DIRECTIVES])
def test_directive(project: Project, up: str, holds: str) -> None:
    ran(project, up)
    assert project.rows(holds) == [(1,)], project.rows(SQL)
    assert project.rows("SELECT seq FROM sqlite_sequence WHERE name IN ('users', 'people')") == [(9,)]
    assert project.rows("PRAGMA foreign_key_check") == []


def test_what_a_change_does_not_name_stays(project: Project) -> None:
    ran(project, "op.alter_column('users', 'age', nullable=False)")
    text = project.rows(SQL)[0][0]
    for kept in ("-- the key", "AUTOINCREMENT", "COLLATE NOCASE", "CONSTRAINT ck_age CHECK (age > 0)"):
        assert kept in text
    names = "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql > '' ORDER BY 1)"
    assert project.rows(names) == [("ix_both ix_email tr",)]
    assert project.rows("SELECT id, author FROM posts") == [(1, 3), (2, 9)], "no cascade fired"


@pytest.mark.parametrize(
    "up, kind, text",
    [
        ("op.drop_column('users', 'email')", limbeck.StillNeeded, "ix_both"),
        ("op.alter_column('users', 'team', nullable=False)", limbeck.RowsBreakRule, "team NOT NULL"),
        ("op.create_exclude_constraint('x', 'users')", limbeck.AlterSyntax, "EXCLUDE"),
        ("op.add_column('users', sa.Column('x', __import__('sqlalchemy.dialects.postgresql').dialects.postgresql.ARRAY(sa.Integer)))", limbeck.AlterSyntax, "ARRAY"),
        ("op.drop_constraint(None, 'users')", limbeck.UnknownConstraint, "users"),
        ("op.drop_constraint('none', 'users')", limbeck.UnknownConstraint, "none"),
        ("op.create_foreign_key('fk', 'users', 'teams', ['age'], ['id'])", limbeck.LimbeckError, "teams"),
        ("op.execute('DELETE FROM users')", limbeck.ForeignKeyViolated, "posts"),
        ("op.get_bind().execute(sa.text('DELETE FROM users'))", limbeck.ForeignKeyViolated, "posts"),
        ("op.get_bind().rollback()", limbeck.CodeFailed, "rolled"),
        ("op.run_async(None)", limbeck.AlterSyntax, "asynchronous"),
        ("op.add_column('users', sa.Column('b', sa.Integer), insert_before='none')", limbeck.UnknownColumn, "none"),
    ],
)
def test_refused(project: Project, up: str, kind: type[Exception], text: str) -> None:
    project.script(BEFORE)
    before = project.everything()
    project.version("a1", None, "op.create_table('half', sa.Column('a', sa.Integer))\n" + up)
    import limbeck.alembic.command as command

    with pytest.raises(kind, match=text):
        command.upgrade(project.config, "head")
    assert project.everything() == before


def test_an_op_outside_a_run() -> None:
    from limbeck import op

    with pytest.raises(limbeck.CodeFailed, match="no migration is running"):
        op.drop_table("t")
    with pytest.raises(AttributeError, match="no directive"):
        op.no_such_directive  # noqa: B018


def test_sessions_commit_with_the_run(project: Project) -> None:
    up = """
    from sqlalchemy.orm import Session
    session = Session(bind=op.get_bind())
    session.execute(sa.text("UPDATE users SET age = 50"))
    session.commit()
    with op.get_bind().begin_nested() as inner:
        op.get_bind().execute("UPDATE users SET age = 60")
        inner.rollback()
    op.get_bind().commit()
    assert op.get_bind().execute("SELECT sum(age) FROM users").scalar() == 100
    session.close()
    {}
    """
    ran(project, up.format("pass"))
    assert project.rows("SELECT sum(age) FROM users") == [(100,)]
    before = project.everything()
    project.version("b2", "a1", up.format("raise ValueError('after the commit')").replace("50", "70").replace("100", "140"))
    import limbeck.alembic.command as command

    with pytest.raises(ValueError, match="after the commit"):
        command.upgrade(project.config, "head")
    assert project.everything() == before


def test_plugins(project: Project) -> None:
    head = """
    from alembic.operations import MigrateOperation, Operations

    @Operations.register_operation("create_view")
    class CreateView(MigrateOperation):
        def __init__(self, name, query):
            self.name, self.query = name, query

        @classmethod
        def create_view(cls, operations, name, query):
            return operations.invoke(cls(name, query))

    @Operations.implementation_for(op_cls=CreateView)
    def create_view(operations, operation):
        assert operations.migration_context.dialect.name == "sqlite" and operations.impl.execute
        operations.execute(f"CREATE VIEW {operation.name} AS {operation.query}")
    """
    ran(project, "op.create_view('v', 'SELECT id FROM users')", head=head)
    assert project.rows("SELECT count(*) FROM v") == [(2,)]


def test_naming_conventions_of_the_models(project: Project) -> None:
    import sqlalchemy as sa

    import limbeck.alembic.command as command

    project.script(BEFORE)
    project.version("a1", None, "op.create_unique_constraint(None, 'users', ['email'])", "op.drop_constraint('uq_users_email', 'users')")
    config = project.config
    config.attributes["metadata"] = sa.MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})
    command.upgrade(config, "head")
    assert project.rows("SELECT sql LIKE '%CONSTRAINT uq_users_email UNIQUE%' FROM sqlite_master WHERE name = 'users'") == [(1,)]
    command.downgrade(config, "base")


def test_a_check_is_dropped_by_the_name_that_it_was_given(project: Project) -> None:
    import sqlalchemy as sa

    import limbeck.alembic.command as command

    project.script(BEFORE)
    project.version("a1", None, "op.create_check_constraint('some', 'users', 'age < 99')", "op.drop_constraint('some', 'users', type_='check')")
    config = project.config
    config.attributes["metadata"] = sa.MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
    command.upgrade(config, "head")
    assert project.rows("SELECT sql LIKE '%CONSTRAINT ck_users_some CHECK%' FROM sqlite_master WHERE name = 'users'") == [(1,)]
    command.downgrade(config, "base")
    assert project.rows("SELECT sql LIKE '%some%' FROM sqlite_master WHERE name = 'users'") == [(0,)]


@pytest.mark.parametrize("sql", ["COMMIT", " end transaction", "ROLLBACK"])
def test_the_bind_does_not_end_the_run(project: Project, sql: str) -> None:
    before = ran(project, "pass").everything()
    project.version("a2", "a1", f"op.drop_table('posts')\nop.get_bind().exec_driver_sql({sql!r})")
    import limbeck.alembic.command as command

    with pytest.raises(limbeck.ForbiddenStatement):
        command.upgrade(project.config, "head")
    assert project.everything() == before


POSTGRESQL = [
    ("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON users (age)", "CREATE INDEX IF NOT EXISTS ix ON users (age)"),
    ("DROP INDEX CONCURRENTLY ix_email", "DROP INDEX ix_email"),
    ("SELECT 'a::b', x::varchar(3), y::double precision[]", "SELECT 'a::b', x, y"),
    ("UPDATE users SET a = now() WHERE b = 'now()'", "UPDATE users SET a = CURRENT_TIMESTAMP WHERE b = 'now()'"),
    ("CREATE TYPE mood AS ENUM ('sad')", None),
    ("DROP TYPE IF EXISTS mood", None),
    ("DO $body$ BEGIN CREATE TYPE x AS ENUM ('a'); END $body$;", None),
    ("  SELECT create_hypertable('m', 'time')", None),
    ("CREATE EXTENSION IF NOT EXISTS citext", None),
    ("CREATE TYPE mood AS ENUM ('a;b'); CREATE TABLE t(a)", " CREATE TABLE t(a)"),
    ("CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; SELECT ';'; END;", "CREATE TRIGGER tr AFTER INSERT ON t BEGIN SELECT 1; SELECT ';'; END;"),
    ("SELECT 1 -- pg_indexes::text", "SELECT 1 -- pg_indexes::text"),
]


@pytest.mark.parametrize("sql, want", POSTGRESQL)
def test_postgresql_forms(sql: str, want: Any) -> None:
    from limbeck import postgresql

    class Step:
        warned: list[str] = []

        def warn(self, text: str) -> None:
            self.warned.append(text)

    step = Step()
    step.warned = []
    assert postgresql.translate(sql, step) == want  # type: ignore[arg-type]
    assert len(step.warned) == (sql != want)
    assert all(" ".join(sql.split(";")[0].split())[:20] in text for text in step.warned)


def test_postgresql_through_get_bind(project: Project) -> None:
    up = """
    bind = op.get_bind()
    assert bind.execute(sa.text("SELECT indexname FROM pg_indexes WHERE tablename = 'users' ORDER BY 1")).scalar() == 'ix_both'
    assert bind.execute("SELECT 1 FROM pg_constraint WHERE conname = 'ck_age'").fetchone()
    bind.execute(sa.text("ALTER TABLE users DROP CONSTRAINT ck_age"))
    assert not bind.execute("SELECT 1 FROM pg_constraint WHERE conname = 'ck_age'").fetchone()
    bind.execute("CREATE TYPE nothing AS ENUM ('a')")
    """
    ran(project, up)
    assert "ck_age" not in project.rows(SQL)[0][0]
