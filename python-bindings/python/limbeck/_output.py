"""Where directives go: into the run under way, or, with ``--sql``, onto paper."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Iterator, Optional

import sqlalchemy as sa

from . import _ddl, _run, errors, postgresql


class Output:
    """The run under way."""

    def __init__(self, step: _run.Step) -> None:
        self._step = step

    @staticmethod
    def current() -> Output:
        """That of the step under way."""
        step = _run.current()
        return OfflineOutput(step) if step.options.get("as_sql") else Output(step)

    @property
    def naming_convention(self) -> Optional[dict[str, Any]]:
        """That of the app's metadata, if ``env.py`` names one."""
        metadata = self._step.options.get("target_metadata")
        metadata = metadata[0] if isinstance(metadata, (list, tuple)) and metadata else metadata
        return getattr(metadata, "naming_convention", None) or None

    def sql(self, sql: str) -> None:
        """Runs statements that limbeck has printed."""
        self._step.execute(sql)

    def text(self, sql: str) -> None:
        """Runs what a migration has written itself, which may be PostgreSQL's."""
        translated = postgresql.translate(sql, self._step)
        if translated is not None:
            self._step.execute(translated)

    def construct(self, statement: Any) -> None:
        """Runs an SQLAlchemy construct, its values bound."""
        self.bind().execute(statement)

    def insert(self, table: Any, rows: list[dict[str, Any]], at_once: bool) -> None:
        """Inserts rows: all with the columns of the first, or each with its own."""
        if at_once:
            self.bind().execute(table.insert(), rows)
        else:
            for row in rows:
                self.bind().execute(table.insert().values(**row))

    def bind(self) -> Any:
        """The SQLAlchemy ``Connection``."""
        return self._step.bind()

    def warn(self, text: str) -> None:
        """Adds a line to the report's warnings."""
        self._step.warn(text)

    def expression(self, text: str) -> str:
        """An expression without PostgreSQL's forms, with a warning if it had any."""
        return postgresql.expression(text, self._step)

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""
        return [row[0] for row in self._step.query("SELECT name FROM pragma_table_info(?)", (table,))]

    def has_column(self, table: str, column: str) -> bool:
        """Whether a table has a column, whatever its definition."""
        return any(name.lower() == column.lower() for name in self.columns(table))

    def indexes_over(self, table: str, column: str, origin: str = "c") -> list[str]:
        """The indexes, made by CREATE INDEX, or by UNIQUE with ``u``, that are over just this column."""
        listed = self._step.query("SELECT name FROM pragma_index_list(?) WHERE origin = ?", (table, origin))
        over = []
        for (index,) in listed:
            names = [row[0] for row in self._step.query("SELECT name FROM pragma_index_info(?)", (index,))]
            if len(names) == 1 and names[0] is not None and names[0].lower() == column.lower():
                over.append(index)
        return over

    def constraints_over(self, table: str, column: str) -> list[str]:
        """The table's UNIQUEs, foreign keys, and CHECKs of an Enum or a Boolean, that are over just this column, as DROP takes them."""
        create = self._step.query("SELECT sql FROM main.sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", (table,))
        text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", create[0][0] if create else "", flags=re.DOTALL)
        name = "|".join(re.escape(each) for each in (column, f'"{column}"', f"`{column}`", f"[{column}]"))
        keys = 'SELECT count(*) FROM pragma_foreign_key_list(?) GROUP BY id HAVING count(*) = 1 AND lower("from") = lower(?)'
        over = []
        for found in re.findall(rf"\b(UNIQUE|FOREIGN\s+KEY)\s*\(\s*(?:{name})\s*\)", text, re.IGNORECASE):
            is_unique = found.upper() == "UNIQUE"
            if self.indexes_over(table, column, "u") if is_unique else self._step.query(keys, (table, column)):
                over.append(f"{'UNIQUE' if is_unique else 'FOREIGN KEY'} ({_ddl.quote(column)})")
        values = r"(?:[^()']|'(?:[^']|'')*')*"
        over += re.findall(rf"\bCHECK\s*\(\s*(?:{name})\s+IN\s*\({values}\)\s*\)", text, re.IGNORECASE)
        return over

    def unnamed_constraint(self, name: Optional[str], table: str, type_: Optional[str], convention: Any) -> Optional[str]:
        """The constraint that has this name by a naming convention alone, as DROP takes it."""
        create = self._step.query("SELECT sql FROM main.sqlite_master WHERE type = 'table' AND lower(name) = lower(?)", (table,))
        if not create:
            return None
        from ._limbeck import constraint_names

        names = {each.lower() for each in constraint_names(create[0][0])}
        if name is not None and name.lower() in names:
            return None
        if type_ == "primary":
            return "PRIMARY KEY"
        if not convention:
            return None
        if name is not None and type_ in (None, "check"):
            check = sa.CheckConstraint("1", name=name)
            _ddl.table(table, [check], convention)
            if str(check.name).lower() in names:
                return f"CONSTRAINT {_ddl.quote(check.name)}"
        return self._by_convention(name, table, convention)

    def _by_convention(self, name: Optional[str], table: str, convention: Any) -> Optional[str]:
        inspector = sa.inspect(self.bind())
        columns = [sa.Column(each, sa.types.NULLTYPE) for each in self.columns(table)]
        made = _ddl.table(table, columns, convention)
        found: list[tuple[Any, str]] = []
        for unique in inspector.get_unique_constraints(table):
            names = unique["column_names"]
            constraint: Any = sa.UniqueConstraint(*[made.c[str(each)] for each in names])
            found.append((constraint, f"UNIQUE ({', '.join(_ddl.quote(each) for each in names)})"))
        for key in inspector.get_foreign_keys(table):
            names = key["constrained_columns"]
            remote = [f"{key['referred_table']}.{each}" for each in key["referred_columns"]]
            constraint = sa.ForeignKeyConstraint(names, remote)
            made.append_constraint(constraint)
            for element in constraint.elements:
                _ddl._make_parent(made, element)
            found.append((constraint, f"FOREIGN KEY ({', '.join(_ddl.quote(each) for each in names)})"))
        for constraint, text in found:
            if constraint.name is None:  # the convention has no rule for its kind
                continue
            given = _ddl.compiler().preparer.format_constraint(constraint)
            if given is not None and name is not None and given.strip('"').lower() == name.lower():
                return text
        return None

    def context(self, operations: Any) -> MigrationContext:
        """The surroundings of a directive."""
        return MigrationContext(self, operations)


class OfflineOutput(Output):
    """With ``--sql``: values are written out, because nothing can be bound on paper."""

    def construct(self, statement: Any) -> None:
        self.sql(_ddl.literal(statement))

    def insert(self, table: Any, rows: list[dict[str, Any]], at_once: bool) -> None:
        for row in rows:
            self.sql(_ddl.literal(table.insert().values(**row)))


class MigrationContext:
    """What ``op.get_context()`` answers."""

    def __init__(self, output: Output, operations: Any = None) -> None:
        self._output = output
        self.as_sql = isinstance(output, OfflineOutput)
        self.opts: dict[str, Any] = output._step.options
        self.environment_context = self.opts.get("environment_context")

    @property
    def bind(self) -> Any:
        """The SQLAlchemy ``Connection``."""
        return self._output.bind()

    connection = bind

    @property
    def dialect(self) -> Any:
        """SQLAlchemy's dialect."""
        return self._output.bind().dialect

    @property
    def config(self) -> Any:
        """The configuration of the project, where an ``env.py`` runs."""
        return getattr(self.environment_context, "config", None)

    def get_current_heads(self) -> tuple[str, ...]:
        """The version rows, as they are before this revision's own."""
        table = _ddl.quote(self.opts.get("version_table") or "alembic_version")
        return tuple(row[0] for row in self._output._step.query(f"SELECT version_num FROM {table}"))

    def get_current_revision(self) -> Optional[str]:
        """The version row, if there is at most one.

        Errors: ``MultipleHeads``.
        """
        heads = self.get_current_heads()
        if len(heads) > 1:
            raise errors.MultipleHeads(f"the database is at several heads: {', '.join(heads)}", hint="use get_current_heads()")
        return heads[0] if heads else None

    @property
    def impl(self) -> Any:
        """What runs statements."""
        return self

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """As ``op.execute``."""
        from .operations import Operations

        Operations(output=self._output).execute(sql)

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Changes nothing: a run is one transaction, and SQLite's DDL needs no other."""
        self._output.warn("autocommit_block() ran inside the run's own transaction")
        yield

    @contextmanager
    def begin_transaction(self, _per_migration: bool = False) -> Iterator[None]:
        """Changes nothing: the run has its transaction."""
        yield
