"""What the models have and the database has not: ``revision --autogenerate`` and ``check``.

The models' ``MetaData``, compiled by SQLAlchemy, is the schema that the core is told to reach. What Alembic does not
look at is left alone here too: CHECKs, primary keys, views, triggers, the order of columns.
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from .. import _ddl, errors
from .._database import opened
from ._render import Renderer

if TYPE_CHECKING:
    from .runtime.environment import EnvironmentContext

_KINDS = {
    "set_not_null": "change_nullable", "drop_not_null": "change_nullable", "set_type": "change_type",
    "set_default": "change_default", "drop_default": "change_default",
}
_VERBS = {"add": "added", "drop": "removed", "change": "changed"}


class UpgradeOps:
    """What a ``process_revision_directives`` of an ``env.py`` asks."""

    def __init__(self, operations: list[dict[str, Any]]) -> None:
        self.ops = operations

    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.ops


class MigrationScript:
    """The version file to be, as ``process_revision_directives`` meets it: it may change the message, or take it out."""

    def __init__(self, rev_id: str, message: Optional[str], comparison: Optional[Comparison], head: Any) -> None:
        self.rev_id = rev_id
        self.message = message
        self.head = head
        self.imports: set[str] = set() if comparison is None else comparison.imports
        self.upgrade_ops = UpgradeOps([] if comparison is None else comparison.up)
        self.downgrade_ops = UpgradeOps([] if comparison is None else comparison.down)


class Comparison:
    """The database against the models of an ``env.py``."""

    def __init__(self, env: EnvironmentContext, database: Any) -> None:
        self._options = env.options
        self._connection = database
        given = self._options.get("target_metadata")
        metadatas = [each for each in (given if isinstance(given, (list, tuple)) else [given]) if each is not None]
        if not metadatas:
            raise errors.BadSetting(
                "env.py names no models", hint="write context.configure(…, target_metadata=Base.metadata) there"
            )
        env.migrator().check_heads(database)
        self.imports: set[str] = set()
        version_table = self._options.get("version_table") or "alembic_version"
        self._excluded = {version_table}
        wanted = {str(table.name): table for each in metadatas for table in each.sorted_tables}
        self._present = self._reflected(set(wanted))
        self._wanted = {name: table for name, table in wanted.items() if self._takes_table(table, name)}
        text = "".join(self._create(table) for table in self._wanted.values())
        self.up = list(self._kept(self._diff(env, text, back=False), self._present, self._wanted))
        self.down = list(self._kept(self._diff(env, text, back=True), self._wanted, self._present))

    # The two sides

    def _reflected(self, wanted: set[str]) -> dict[str, sa.Table]:
        """The database's tables that are looked at. Virtual ones are no models."""
        found = self._connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        virtual = [name for name, sql in found if re.match(r"\s*CREATE\s+VIRTUAL", sql or "", re.IGNORECASE)]
        include_name = self._options.get("include_name")
        metadata = sa.MetaData()
        for name, _ in found:
            inside = any(name == each or name.startswith(f"{each}_") for each in virtual) and name not in wanted
            if name.startswith("sqlite_") or name in self._excluded or inside:
                self._excluded.add(name)
            elif include_name is not None and not include_name(name, "table", {"schema_name": None, "schema_qualified_table_name": name}):
                self._excluded.add(name)
        for name, _ in found:
            if name not in self._excluded:
                # The parents of foreign keys come along, and are not looked at.
                sa.Table(name, metadata, autoload_with=self._connection)
        tables = {str(table.name): table for table in metadata.tables.values() if str(table.name) not in self._excluded}
        for name, table in list(tables.items()):
            if name not in wanted and not self._asks(table, name, "table", True, None):
                self._excluded.add(name)
                del tables[name]
        return tables

    def _takes_table(self, table: sa.Table, name: str) -> bool:
        if name in self._excluded or not self._asks(table, name, "table", False, self._present.get(name)):
            self._excluded.add(name)
            self._present.pop(name, None)
            return False
        return True

    def _asks(self, thing: Any, name: Optional[str], kind: str, reflected: bool, other: Any) -> bool:
        include_object: Optional[Callable[..., bool]] = self._options.get("include_object")
        return include_object is None or bool(include_object(thing, name, kind, reflected, other))

    @staticmethod
    def _create(table: sa.Table) -> str:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        return ";\n".join([_ddl.ddl(CreateTable(table)), *(_ddl.ddl(CreateIndex(index)) for index in indexes)]) + ";\n"

    def _diff(self, env: EnvironmentContext, text: str, back: bool) -> list[dict[str, Any]]:
        scratch = sqlite3.connect(":memory:", isolation_level=None)
        try:
            scratch.executescript(text)
            options = json.dumps({"exclude": [name for name in self._excluded if not set("*?") & set(name)]})
            with opened(self._connection) as found:
                sides = (scratch, found.raw) if back else (found.raw, scratch)
                told = env.migrator()._core.diff(*sides, options)
        finally:
            scratch.close()
        operations: list[dict[str, Any]] = told["operations"]
        return operations

    # What Alembic looks at

    def _kept(
        self, operations: list[dict[str, Any]], present: dict[str, sa.Table], wanted: dict[str, sa.Table]
    ) -> Iterator[dict[str, Any]]:
        filled: list[dict[str, Any]] = []
        for operation in operations:
            there, asked = present.get(operation["table"]), wanted.get(operation["table"])
            if operation["kind"] == "alter_table" and there is not None and asked is not None:
                actions = [each for each in operation["actions"] if self._keeps(each, there, asked)]
                if actions:
                    columns = {action.get("column") for action in actions}
                    yield from (fill for fill in filled if fill["table"] == operation["table"] and fill["column"] in columns)
                    filled.clear()
                    yield {**operation, "actions": actions}
            elif operation["kind"] == "fill":
                filled.append(operation)
            elif operation["kind"] == "create" and asked is not None and operation["object"] in ("table", "index"):
                if operation["object"] == "table" or self._keeps_index(asked, operation["name"], asked is self._present.get(operation["table"])):
                    yield operation
            elif operation["kind"] == "drop" and there is not None and operation["object"] in ("table", "index"):
                if operation["object"] == "table" or self._keeps_index(there, operation["name"], there is self._present.get(operation["table"])):
                    yield operation

    def _keeps_index(self, table: sa.Table, name: str, reflected: bool) -> bool:
        index = next((index for index in table.indexes if index.name == name), None)
        return index is not None and self._asks(index, name, "index", reflected, None)

    def _keeps(self, action: dict[str, Any], there: sa.Table, asked: sa.Table) -> bool:
        kind, name = action["kind"], action.get("column")
        reflected = there is self._present.get(str(there.name))
        if kind in ("add_column", "drop_column"):
            table = asked if kind == "add_column" else there
            return self._asks(table.c[str(name)], name, "column", (table is there) == reflected, None)
        if kind in _KINDS:
            old, new = there.c.get(str(name)), asked.c[str(name)]
            if old is None:  # of a new column, when its rows have their values
                action["of_new"] = True
                return self._asks(new, name, "column", not reflected, None)
            ours, theirs = (old, new) if reflected else (new, old)
            if not self._asks(theirs, name, "column", False, ours):
                return False
            if kind == "set_type":
                return self._types_differ(ours, theirs)
            if kind in ("set_default", "drop_default"):
                return self._defaults_differ(ours, theirs)
            return not new.primary_key
        if kind in ("add_constraint", "drop_constraint"):
            table = asked if kind == "add_constraint" else there
            constraint = _constraint(table, action)
            if constraint is None:
                return False
            action["object"] = constraint
            word = "unique_constraint" if isinstance(constraint, sa.UniqueConstraint) else "foreign_key_constraint"
            return self._asks(constraint, constraint.name, word, (table is there) == reflected, None)
        return False

    def _types_differ(self, ours: Any, theirs: Any) -> bool:
        compare = self._options.get("compare_type", True)
        if callable(compare):
            answer = compare(self, ours, theirs, ours.type, theirs.type)
            if answer is not None:
                return bool(answer)
        return bool(compare) and _ddl.type_text(ours.type).upper() != _ddl.type_text(theirs.type).upper()

    def _defaults_differ(self, ours: Any, theirs: Any) -> bool:
        compare = self._options.get("compare_server_default", False)
        if callable(compare):
            texts = [None if each.server_default is None else _ddl.default_text(each.server_default.arg) for each in (ours, theirs)]
            answer = compare(self, ours, theirs, texts[0], theirs.server_default, texts[1])
            return True if answer is None else bool(answer)
        return bool(compare)

    # What comes of it

    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.up

    def bodies(self) -> tuple[str, str]:
        """The bodies of ``upgrade()`` and ``downgrade()``."""
        up = Renderer(self._present, self._wanted, self._options, self.imports)
        down = Renderer(self._wanted, self._present, self._options, self.imports)
        return up.body(self.up), down.body(self.down)

    def differences(self) -> list[dict[str, str]]:
        """Thing by thing, as the core's ``check`` tells them."""
        found = []
        for operation in self.up:
            table = operation["table"]
            if operation["kind"] in ("create", "drop"):
                verb = "add" if operation["kind"] == "create" else "drop"
                found.append({"kind": f"{verb}_{operation['object']}", "table": table, "name": operation["name"], "sql": operation["sql"]})
            for action in operation.get("actions", ()):
                if "of_new" in action:
                    continue
                kind = _KINDS.get(action["kind"], action["kind"])
                name = action["column"] if "column" in action else str(action["object"].name or action["object"].columns.keys())
                found.append({"kind": kind, "table": table, "name": name, "sql": operation["sql"]})
        return found

    def told(self) -> list[str]:
        """As Alembic logs what it finds."""
        lines = []
        for each in self.differences():
            verb, _, object_ = each["kind"].partition("_")
            name = each["name"] if each["table"] == each["name"] else f"{each['table']}.{each['name']}"
            lines.append(f"Detected {_VERBS[verb]} {object_} '{name}'")
        return lines


def _constraint(table: sa.Table, action: dict[str, Any]) -> Any:
    """SQLAlchemy's object for a UNIQUE or a foreign key of an action; None for what Alembic does not compare."""
    kinds = (sa.UniqueConstraint, sa.ForeignKeyConstraint)
    all_of_them = [each for each in table.constraints if isinstance(each, kinds)]
    if action["kind"] == "add_constraint":
        name, definition = action["name"], action["definition"]
        found = re.search(r"\b(UNIQUE|FOREIGN\s+KEY)\s*\(([^)]*)\)", definition, re.IGNORECASE)
        if found is None or re.match(r"(?:CONSTRAINT\s+\S+\s+)?CHECK\b", definition.strip(), re.IGNORECASE):
            return None
        kind = sa.UniqueConstraint if found[1].upper() == "UNIQUE" else sa.ForeignKeyConstraint
        columns = [each.strip().strip('"`[]').lower() for each in found[2].split(",")]
    else:
        reference = action["constraint"]
        if not isinstance(reference, dict):
            return None
        name = reference.get("named")
        kind = sa.UniqueConstraint if "unique" in reference else sa.ForeignKeyConstraint
        columns = [each.lower() for each in reference.get("unique") or reference.get("foreign_key") or ()]
    if name is not None:
        return next((each for each in all_of_them if each.name is not None and str(each.name).lower() == name.lower()), None)
    same = (each for each in all_of_them if isinstance(each, kind) and [column.name.lower() for column in each.columns] == columns)
    return next(same, None)
