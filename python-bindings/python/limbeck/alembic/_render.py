"""Operations of the core → the directives of ``op``, as Alembic writes them. SQLAlchemy's objects tell the rest."""

from __future__ import annotations

import re
from typing import Any, Callable, Optional

import sqlalchemy as sa
from sqlalchemy.sql.elements import conv

from .. import _ddl

#: ``render_item(type_, object, context)`` of an ``env.py``: text, or False for ours.
RenderItem = Optional[Callable[[str, Any, Any], Any]]


class Renderer:
    """Writes the body of ``upgrade()`` or of ``downgrade()``: from tables as they are to tables as they are to be."""

    def __init__(
        self, present: dict[str, sa.Table], wanted: dict[str, sa.Table], options: dict[str, Any], imports: set[str]
    ) -> None:
        self._present = present
        self._wanted = wanted
        self._item: RenderItem = options.get("render_item")
        self._prefix: Optional[str] = options.get("user_module_prefix")
        #: Lines that the version file needs at its head: a ``render_item`` adds to them.
        self.imports = imports

    def body(self, operations: list[dict[str, Any]]) -> str:
        """Every operation, its notes before it."""
        #: New columns whose default is for the rows that are there, and goes again.
        self._passing = {
            (each["table"], action["column"]) for each in operations for action in each.get("actions", ()) if action["kind"] == "drop_default"
        }
        lines: list[str] = []
        for operation in operations:
            words = {"loses": "LOSES DATA: ", "question": "QUESTION: "}
            for note in operation["notes"]:
                lines += [f"# {line}" for line in (words.get(note["kind"], "") + note["text"]).splitlines()]
            lines += getattr(self, "_" + operation["kind"])(operation)
        return "\n".join(lines).replace("\n", "\n    ") if lines else "pass"

    def _create(self, operation: dict[str, Any]) -> list[str]:
        table = self._wanted[operation["table"]]
        if operation["object"] == "table":
            return self.table(table)
        index = next(index for index in table.indexes if index.name == operation["name"])
        options = ", ".join(
            f"{name}={self._expression(value)}" for name, value in index.dialect_kwargs.items() if name == "sqlite_where" and value is not None
        )
        columns = [repr(each.name) if isinstance(each, sa.Column) else self._expression(each) for each in index.expressions]
        return [
            f"op.create_index({self._name(index.name)}, {table.name!r}, [{', '.join(columns)}], unique={bool(index.unique)}"
            f"{', ' + options if options else ''})"
        ]

    def _drop(self, operation: dict[str, Any]) -> list[str]:
        if operation["object"] == "table":
            return [f"op.drop_table({operation['name']!r})"]
        index = next((each for each in self._present[operation["table"]].indexes if each.name == operation["name"]), None)
        return [f"op.drop_index({self._name(index.name if index is not None else operation['name'])}, table_name={operation['table']!r})"]

    def _fill(self, operation: dict[str, Any]) -> list[str]:
        return [f"op.execute({operation['sql']!r})"]

    def _alter_table(self, operation: dict[str, Any]) -> list[str]:
        name = operation["table"]
        lines: list[list[str]] = []
        columns: dict[str, int] = {}
        for action in operation["actions"]:
            column = action.get("column")
            if action["kind"] in ("set_not_null", "drop_not_null", "set_type", "set_default", "drop_default"):
                # What changes of one column stands in one directive.
                if column not in columns:
                    columns[column] = len(lines)
                    lines.append([f"{column!r}", *self._existing(name, column)])
                lines[columns[column]] += self._altered(name, column, action)
            else:
                lines.append([getattr(self, "_" + action["kind"])(name, action)])
        text = [line[0] if len(line) == 1 else f"batch_op.alter_column({', '.join(dict.fromkeys(line))})" for line in lines]
        return [f"with op.batch_alter_table({name!r}, schema=None) as batch_op:", *(f"    {line}" for line in text)]

    def _existing(self, table: str, column: str) -> list[str]:
        # One that the same migration adds is as it was added.
        known = self._present[table].c.get(column)
        return [f"existing_type={self.type((self._wanted[table].c[column] if known is None else known).type)}"]

    def _altered(self, table: str, column: str, action: dict[str, Any]) -> list[str]:
        wanted = self._wanted[table].c[column]
        if action["kind"] == "set_type":
            return [f"type_={self.type(wanted.type)}"]
        if action["kind"] in ("set_default", "drop_default"):
            default = wanted.server_default
            return [f"server_default={self._default(default) if action['kind'] == 'set_default' else None}"]
        return [f"nullable={action['kind'] == 'drop_not_null'}"]

    def _add_column(self, table: str, action: dict[str, Any]) -> str:
        column = self._wanted[table].c[action["column"]]
        definition = action["definition"]
        # One that only a person can fill is bound later, or has a value for the rows that are there.
        nullable = None if column.nullable else re.search(r"\bNOT\s+NULL\b", definition, re.IGNORECASE) is None
        default = None
        if (table, action["column"]) in self._passing:
            default = re.split(r"\bDEFAULT\s", definition, maxsplit=1, flags=re.IGNORECASE)[-1]
        return f"batch_op.add_column({self.column(column, nullable, default)})"

    def _drop_column(self, table: str, action: dict[str, Any]) -> str:
        return f"batch_op.drop_column({action['column']!r})"

    def _add_constraint(self, table: str, action: dict[str, Any]) -> str:
        constraint = action["object"]
        columns = [column.name for column in constraint.columns]
        if isinstance(constraint, sa.UniqueConstraint):
            return f"batch_op.create_unique_constraint({self._name(constraint.name)}, {columns!r})"
        remote = [element.target_fullname.split(".") for element in constraint.elements]
        return (
            f"batch_op.create_foreign_key({self._name(constraint.name)}, {remote[0][-2]!r}, {columns!r}, "
            f"{[each[-1] for each in remote]!r}{self._key_options(constraint)})"
        )

    def _drop_constraint(self, table: str, action: dict[str, Any]) -> str:
        constraint = action["object"]
        kind = "unique" if isinstance(constraint, sa.UniqueConstraint) else "foreignkey"
        if constraint.name is not None:
            return f"batch_op.drop_constraint({self._name(constraint.name)}, type_={kind!r})"
        columns = ", ".join(_ddl.quote(column.name) for column in constraint.columns)
        word = "UNIQUE" if kind == "unique" else "FOREIGN KEY"
        return f"batch_op.execute({f'ALTER TABLE {_ddl.quote(table)} DROP {word} ({columns})'!r})"

    # SQLAlchemy's objects

    def table(self, table: sa.Table) -> list[str]:
        """``op.create_table(…)``"""
        parts = [self.column(column) for column in table.columns]
        constraints = sorted(table.constraints, key=lambda each: getattr(each, "_creation_order", 0))
        parts += [text for text in map(self._constraint, constraints) if text is not None]
        options = [f"{name}={value!r}" for name, value in table.dialect_kwargs.items() if name.startswith("sqlite_") and value]
        return [f"op.create_table({table.name!r},", *(f"    {part}," for part in [*parts, *options]), ")"]

    def column(self, column: sa.Column[Any], nullable: Optional[bool] = None, default: Optional[str] = None) -> str:
        """``sa.Column(…)``, or one that is NULL, or has a default, for the time being."""
        text = self._own("column", column)
        if text is not None:
            return text
        computed = column.computed
        parts = [repr(str(column.name)), self.type(column.type)]
        if computed is not None:
            stored = "" if computed.persisted is None else f", persisted={computed.persisted!r}"
            parts.append(f"sa.Computed({_ddl.literal(computed.sqltext)!r}{stored})")
        elif default is not None:
            parts.append(f"server_default=sa.text({default!r})")
        elif column.server_default is not None:
            parts.append(f"server_default={self._default(column.server_default)}")
        parts.append(f"nullable={column.nullable if nullable is None else nullable}")
        return f"sa.Column({', '.join(parts)})"

    def _constraint(self, constraint: Any) -> Optional[str]:
        name = f"name={self._name(constraint.name)}" if constraint.name is not None else ""
        columns = [repr(column.name) for column in getattr(constraint, "columns", ())]
        if isinstance(constraint, sa.CheckConstraint):
            parts, kind = [repr(_ddl.literal(constraint.sqltext)), name], "CheckConstraint"
        elif isinstance(constraint, sa.ForeignKeyConstraint):
            remote = [element.target_fullname for element in constraint.elements]
            parts, kind = [f"[{', '.join(columns)}]", repr(remote), name], "ForeignKeyConstraint"
            parts.append(self._key_options(constraint).lstrip(", "))
        elif isinstance(constraint, (sa.PrimaryKeyConstraint, sa.UniqueConstraint)) and columns:
            parts, kind = [*columns, name], type(constraint).__name__
        else:
            return None
        return self._own(kind, constraint) or f"sa.{kind}({', '.join(filter(None, parts))})"

    def _key_options(self, constraint: Any) -> str:
        names = ("onupdate", "ondelete", "deferrable", "initially")
        values = {name: getattr(constraint, name) for name in names}
        return "".join(f", {name}={value!r}" for name, value in values.items() if value is not None)

    def type(self, type_: Any) -> str:
        """A type, as it is written with ``import sqlalchemy as sa``."""
        text = self._own("type", type_)
        if text is not None:
            return text
        module = type(type_).__module__
        if module.startswith("sqlalchemy.dialects."):
            dialect = module.split(".")[2]
            if hasattr(sa, type(type_).__name__):
                return f"sa.{type_!r}"
            self.imports.add(f"from sqlalchemy.dialects import {dialect}")
            return f"{dialect}.{type_!r}"
        if module.startswith("sqlalchemy."):
            return f"sa.{type_!r}"
        if isinstance(type_, sa.types.TypeDecorator) and self._prefix is None:
            self.imports.add(f"import {module}")
        return f"{module + '.' if self._prefix is None else self._prefix}{type_!r}"

    def _default(self, default: Any) -> str:
        if isinstance(default, sa.Computed):
            return "None"
        argument = getattr(default, "arg", default)
        return repr(argument) if isinstance(argument, str) else f"sa.text({_ddl.default_text(argument)!r})"

    def _expression(self, value: Any) -> str:
        return f"sa.text({_ddl.literal(value)!r})"

    def _name(self, name: Any) -> str:
        return f"op.f({str(name)!r})" if isinstance(name, conv) else repr(None if name is None else str(name))

    def _own(self, kind: str, thing: Any) -> Optional[str]:
        """What a ``render_item`` of ``env.py`` says."""
        text = self._item(kind, thing, self) if self._item is not None else False
        return None if text is False else str(text)
