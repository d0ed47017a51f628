"""``--sql``: what a run would do, on paper. ALTER TABLE stands there as limbeck takes it, since how SQLite can do it depends on the tables."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Optional

from .. import _ddl, _run, errors
from .._output import MigrationContext, Output
from .runtime.environment import EnvironmentContext
from .script import ScriptDirectory

if TYPE_CHECKING:
    from .config import Config


class _Paper(_run.Step):
    """A step that runs nothing."""

    def __init__(self, environment: EnvironmentContext, revision: str, direction: str, file: Any) -> None:
        self.options = {**environment.options, "output": Printed(self)}
        self._revision, self._direction = revision, direction
        self._file = file

    @property
    def revision(self) -> str:
        return self._revision

    @property
    def direction(self) -> str:
        return self._direction

    def warn(self, text: str) -> None:
        print(f"-- {text}", file=self._file)

    def execute(self, sql: str) -> None:
        print(f"{sql.strip().rstrip(';')};\n", file=self._file)

    def query(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        raise errors.CodeFailed("with --sql there is no database to look into", hint="run it without --sql")

    def bind(self) -> Any:
        self.query("")

    def _finish(self) -> None:
        pass


class Printed(Output):
    """Prints instead of running."""

    def construct(self, statement: Any) -> None:
        self.sql(_ddl.literal(statement))

    def insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            self.sql(_ddl.literal(table.insert().values(**row)))

    def has_column(self, table: str, column: str) -> bool:
        return False  # IF NOT EXISTS stands in the SQL

    def indexes_over(self, table: str, column: str) -> list[str]:
        return []

    def unnamed_constraint(self, name: Any, table: str, type_: Any, convention: Any) -> Optional[str]:
        return "PRIMARY KEY" if name is None and type_ == "primary" else None

    def context(self, operations: Any) -> MigrationContext:
        made = MigrationContext(self, operations)
        made.as_sql = True
        return made


def offline(config: Config, verb: str, start: str, target: str, tag: Optional[str]) -> None:
    """Prints the SQL that leads from one revision to another."""
    script = ScriptDirectory.from_config(config)
    out = config.output_buffer or config.stdout or sys.stdout

    def work(environment: EnvironmentContext, _database: Any) -> None:
        environment.migrator()
        rows = [] if start in ("", "base") else [each.revision for each in script.get_revisions(start)]
        plan = json.loads(script._migrator._core.plan(verb, rows, target))
        table = environment.options.get("version_table") or "alembic_version"
        print("BEGIN;\n", file=out)
        if not rows and verb != "downgrade":
            print(_version_table(table), file=out)
        for step in plan["steps"]:
            _print_step(environment, verb, step, table, out)
        print("COMMIT;", file=out)

    with EnvironmentContext(config, script, fn=work, as_sql=True, tag=tag, starting_rev=start, destination_rev=target) as env:
        script.run_env()
        del env


def _version_table(table: str) -> str:
    return (
        f"CREATE TABLE {_ddl.quote(table)} (\n    version_num VARCHAR(32) NOT NULL, \n"
        f"    CONSTRAINT {_ddl.quote(table + '_pkc')} PRIMARY KEY (version_num)\n);\n"
    )


def _print_step(environment: EnvironmentContext, verb: str, step: dict[str, Any], table: str, out: Any) -> None:
    said = "stamp_revision" if verb == "stamp" else verb
    print(f"-- Running {said} {', '.join(step['from'])} -> {', '.join(step['to'])}\n", file=out)
    revision = step["revision"]
    code = next((code for code in environment.script._code if code.revision == revision), None)
    if verb != "stamp" and code is not None:
        body = code.up if verb == "upgrade" else code.down
        if body is None:
            raise errors.NoDowngrade(f"revision {revision} has no downgrade", file=code.name, revision=revision)
        body(_Paper(environment, revision, step["direction"], out))
    name = _ddl.quote(table)
    deleted, inserted = list(step["delete"]), list(step["insert"])
    becomes = inserted.pop() if deleted and inserted else None
    was = deleted.pop() if becomes is not None else None
    for row in deleted:
        print(f"DELETE FROM {name} WHERE {name}.version_num = '{row}';\n", file=out)
    if becomes is not None:
        print(f"UPDATE {name} SET version_num='{becomes}' WHERE {name}.version_num = '{was}';\n", file=out)
    for row in inserted:
        print(f"INSERT INTO {name} (version_num) VALUES ('{row}');\n", file=out)
