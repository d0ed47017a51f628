"""SQLAlchemy's columns, types and constraints → SQL text. SQLAlchemy compiles; PostgreSQL's types are named as SQLite's."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteDDLCompiler, SQLiteTypeCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from . import errors, postgresql


class _Types(SQLiteTypeCompiler):
    """What SQLite would name a type that only PostgreSQL has."""

    def visit_JSONB(self, type_: Any, **kw: Any) -> str:
        return "JSON"

    def visit_ENUM(self, type_: Any, **kw: Any) -> str:
        longest = max((len(value) for value in type_.enums), default=0)
        return f"VARCHAR({longest})"

    def visit_BYTEA(self, type_: Any, **kw: Any) -> str:
        return "BLOB"

    def visit_DOUBLE_PRECISION(self, type_: Any, **kw: Any) -> str:
        return "DOUBLE PRECISION"

    def _text(self, type_: Any, **kw: Any) -> str:
        return "TEXT"

    visit_INET = visit_CIDR = visit_MACADDR = visit_TSVECTOR = visit_CITEXT = visit_INTERVAL = _text

    def visit_ARRAY(self, type_: Any, **kw: Any) -> str:
        raise errors.AlterSyntax(
            "SQLite has no ARRAY", hint="use sa.JSON, or a table of its own with one row for each value"
        )


class _DDL(SQLiteDDLCompiler):
    def get_column_default_string(self, column: Any) -> Optional[str]:
        text = super().get_column_default_string(column)
        return None if text is None else postgresql.expression(text)


class _Dialect(SQLiteDialect_pysqlite):
    ddl_compiler = _DDL
    type_compiler_cls = _Types
    supports_statement_cache = False


_dialect = _Dialect(paramstyle="named")


def compiler() -> Any:
    """What turns a constraint into text."""
    return _DDL(_dialect, None)  # type: ignore[arg-type]


def quote(name: Any) -> str:
    """A name as SQLAlchemy would write it."""
    return str(_dialect.identifier_preparer.quote(str(name)))


def table_name(name: Any, schema: Optional[str] = None) -> str:
    """A table's name, with its schema where it is not ``main``."""
    return quote(name) if schema in (None, "main") else f"{quote(schema)}.{quote(name)}"


def type_text(type_: Any) -> str:
    """A type by its SQLite name."""
    return str(_dialect.type_compiler_instance.process(sa.types.to_instance(type_)))


def literal(statement: Any) -> str:
    """A statement or an expression with its values written out."""
    compiled = statement.compile(dialect=_dialect, compile_kwargs={"literal_binds": True, "include_table": False})
    return str(compiled)


def ddl(statement: Any) -> str:
    """A DDL construct as text."""
    return str(statement.compile(dialect=_dialect)).strip()


def default_text(default: Any) -> str:
    """A server default as an expression."""
    column: Any = sa.Column("c", sa.String, server_default=default)
    sa.Table("t", sa.MetaData(), column)
    return str(compiler().get_column_default_string(column))


def known_options(kw: dict[str, Any]) -> dict[str, Any]:
    """The keywords that mean something to SQLite; the other dialects' are taken and have no effect."""
    options = {name: value for name, value in kw.items() if name.startswith("sqlite_")}
    where = kw.get("postgresql_where")
    if where is not None and "sqlite_where" not in options:
        options["sqlite_where"] = where
    return {
        name: sa.text(value) if name == "sqlite_where" and isinstance(value, str) else value
        for name, value in options.items()
        if value is not None
    }


def metadata(convention: Optional[dict[str, Any]]) -> sa.MetaData:
    """A metadata in which constraints get the names that the app's naming convention gives them."""
    return sa.MetaData(naming_convention=convention) if convention else sa.MetaData()


def table(name: Any, columns: Sequence[Any], convention: Optional[dict[str, Any]] = None, **kw: Any) -> sa.Table:
    """A table that is described and not looked up; what its foreign keys point to is made up beside it."""
    made = sa.Table(str(name), metadata(convention), *columns, **kw)
    for key in list(made.foreign_keys):
        _make_parent(made, key)
    return made


def _make_parent(child: sa.Table, key: Any) -> None:
    spec = key._colspec
    if not isinstance(spec, str):
        return
    *schema, parent, column = spec.split(".")
    name = ".".join([*schema, parent])
    meta = child.metadata
    there = meta.tables.get(name)
    if there is None:
        there = sa.Table(parent, meta, schema=schema[0] if schema else None)
    if column not in there.c:
        there.append_column(sa.Column(column, sa.types.NULLTYPE))


def constraint_text(constraint: Any) -> str:
    """A constraint as it stands in a CREATE TABLE."""
    text = compiler().process(constraint)
    if not text:
        raise errors.AlterSyntax(f"nothing to add: {constraint!r}", hint="name the columns of the constraint")
    return str(text)


class Check(NamedTuple):
    """A CHECK that a type brings along: its name, its rule, and both as they stand in a CREATE TABLE."""

    name: Optional[str]
    rule: str
    text: str


def checks_of_type(table_name: str, column: str, type_: Any, convention: Optional[dict[str, Any]]) -> list[Check]:
    """The CHECKs of an Enum or a Boolean that has ``create_constraint``."""
    made = table(table_name, [sa.Column(column, sa.types.to_instance(type_))], convention)
    checks = [each for each in made.constraints if isinstance(each, sa.CheckConstraint)]
    names = [compiler().preparer.format_constraint(check) for check in checks]
    return [
        Check(name, f"CHECK ({literal(check.sqltext)})", constraint_text(check)) for name, check in zip(names, checks)
    ]


def column_text(column: Any) -> str:
    """A column's definition, with the foreign key and the check that belong to it alone."""
    ddl_compiler = compiler()
    text = ddl_compiler.get_column_specification(column)
    if column.primary_key and "PRIMARY KEY" not in text:
        text += " PRIMARY KEY"
    if column.unique:
        text += " UNIQUE"
    for constraint in column.constraints:
        text += " " + constraint_text(constraint)
    for key in column.foreign_keys:
        constraint = key.constraint
        if constraint is None or len(constraint.elements) > 1 or "REFERENCES" in text:
            continue
        whole = constraint_text(constraint)
        head, _, reference = whole.partition("FOREIGN KEY(")
        text += f" {head}REFERENCES{reference.partition('REFERENCES')[2]}"
    return str(text)

