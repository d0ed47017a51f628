"""Alembic's directives. Each prints extended SQL and hands it to the core; none knows how SQLite does it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Sequence, Union

import sqlalchemy as sa
from sqlalchemy.sql.elements import conv

from . import _ddl, errors
from ._ddl import quote, table_name
from ._output import Output

if TYPE_CHECKING:
    from .batch import BatchOperations

Names = Union[str, Sequence[str]]


def _names(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _if(word: str, wanted: Optional[bool]) -> str:
    return f"{word} " if wanted else ""


class _Common:
    """What stands under the same name in ``op`` and in ``batch_op``."""

    output: Output

    def execute(self, sqltext: Any, execution_options: Optional[dict[str, Any]] = None) -> None:
        """Runs SQL: text, ``sa.text()``, an ``insert()``, ``update()`` or ``delete()``, or a DDL construct."""
        self._flush()
        if isinstance(sqltext, str):
            self.output.text(sqltext.replace("\\:", ":"))
        elif isinstance(sqltext, sa.schema.ExecutableDDLElement):
            self.output.text(_ddl.ddl(sqltext))
        elif isinstance(sqltext, sa.TextClause) and not sqltext._bindparams:
            self.output.text(sqltext.text.replace("\\:", ":"))
        else:
            self.output.construct(sqltext)

    def get_bind(self) -> Any:
        """An SQLAlchemy ``Connection`` on the same connection and in the same transaction."""
        self._flush()
        return self.output.bind()

    @property
    def migration_context(self) -> Any:
        """As ``get_context()``: what plugins ask."""
        return self.get_context()

    @property
    def impl(self) -> Any:
        """What runs statements."""
        return self.get_context().impl

    def get_context(self) -> Any:
        """What a directive can ask of its surroundings: ``dialect``, ``bind``, ``as_sql``, ``autocommit_block()``."""
        return self.output.context(self)

    @staticmethod
    def f(name: str) -> conv:
        """Says that a name is final: no naming convention changes it."""
        return conv(name)

    @staticmethod
    def inline_literal(value: Any, type_: Any = None) -> Any:
        """A value that is written out in the SQL."""
        return sa.literal_column(_ddl.literal(sa.literal(value, type_)))

    def invoke(self, operation: Any) -> Any:
        """Runs an operation of a plugin, by the implementation that was registered for it."""
        return operation_implementation(operation)(self, operation)

    def run_async(self, *_: Any, **__: Any) -> Any:
        """Refused: there is no asynchronous driver on this road. ``get_bind()`` has the connection."""
        raise errors.AlterSyntax("run_async needs an asynchronous driver", hint="use get_bind()")

    def _flush(self) -> None:
        pass


class Operations(_Common):
    """The directives of ``op``."""

    def __init__(self, migration_context: Any = None, output: Optional[Output] = None) -> None:
        self._output = output

    @property
    def output(self) -> Output:  # type: ignore[override]
        return self._output or Output.current()

    def _alter(self, table: Any, schema: Optional[str], *actions: str) -> None:
        if actions:
            self.output.sql(f"ALTER TABLE {table_name(table, schema)} {', '.join(actions)}")

    # Tables

    def create_table(
        self, table_name: str, *columns: Any, if_not_exists: Optional[bool] = None, schema: Optional[str] = None, **kw: Any
    ) -> sa.Table:
        """Creates a table, with the indexes of its columns, and returns it for ``bulk_insert``."""
        options = {**_ddl.known_options(kw), **({"prefixes": kw["prefixes"]} if "prefixes" in kw else {})}
        schema = None if schema == "main" else schema
        table = _ddl.table(table_name, columns, self.output.naming_convention, schema=schema, **options)
        self.output.sql(_ddl.ddl(sa.schema.CreateTable(table, if_not_exists=bool(if_not_exists))))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            self.output.sql(_ddl.ddl(sa.schema.CreateIndex(index, if_not_exists=bool(if_not_exists))))
        return table

    def drop_table(
        self, table_name: str, *, schema: Optional[str] = None, if_exists: Optional[bool] = None, **kw: Any
    ) -> None:
        """Drops a table."""
        self.output.sql(f"DROP TABLE {_if('IF EXISTS', if_exists)}{_ddl.table_name(table_name, schema)}")

    def rename_table(self, old_table_name: str, new_table_name: str, schema: Optional[str] = None) -> None:
        """Renames a table, and what refers to it."""
        self._alter(old_table_name, schema, f"RENAME TO {quote(new_table_name)}")

    def create_table_comment(self, *_: Any, **__: Any) -> None:
        """Does nothing: SQLite keeps no comments."""

    def drop_table_comment(self, *_: Any, **__: Any) -> None:
        """Does nothing: SQLite keeps no comments."""

    # Columns

    def add_column(
        self,
        table_name: str,
        column: sa.Column[Any],
        *,
        schema: Optional[str] = None,
        if_not_exists: Optional[bool] = None,
        insert_before: Optional[str] = None,
        insert_after: Optional[str] = None,
        **kw: Any,
    ) -> None:
        """Adds a column, with its foreign key, check, unique rule and index."""
        if if_not_exists and self.output.has_column(table_name, column.name):
            return
        place = self._place(table_name, self.output.columns, insert_before, insert_after)
        actions, indexes = self._added(table_name, column, if_not_exists, place)
        self._alter(table_name, schema, *actions)
        for index in indexes:
            self.output.sql(index)

    def _added(
        self,
        name: str,
        column: sa.Column[Any],
        if_not_exists: Optional[bool],
        place: str,
    ) -> tuple[list[str], list[str]]:
        postgresql_default = getattr(getattr(column.server_default, "arg", None), "text", None)
        if isinstance(postgresql_default, str):
            self.output.expression(postgresql_default)
        copy = column._copy() if column.table is not None else column
        table = _ddl.table(name, [copy], self.output.naming_convention)
        action = f"ADD COLUMN {_if('IF NOT EXISTS', if_not_exists)}{_ddl.column_text(copy)}{place}"
        rest = [
            f"ADD {_ddl.constraint_text(constraint)}"
            for constraint in sorted(table.constraints, key=lambda each: str(each.name))
            if isinstance(constraint, sa.CheckConstraint) and constraint not in copy.constraints
        ]
        indexes = [_ddl.ddl(sa.schema.CreateIndex(index, if_not_exists=bool(if_not_exists))) for index in table.indexes]
        return [action, *rest], indexes

    @staticmethod
    def _place(table: str, columns: Callable[[str], list[str]], before: Optional[str], after: Optional[str]) -> str:
        if after is not None:
            return f" AFTER {quote(after)}"
        if before is None:
            return ""
        names = columns(table)
        at = next((at for at, name in enumerate(names) if name.lower() == before.lower()), None)
        if at is None:
            raise errors.UnknownColumn(f"there is no column {before} in {table}", hint=f"name one of: {', '.join(names)}")
        return f" AFTER {quote(names[at - 1])}" if at else " FIRST"

    def drop_column(
        self, table_name: str, column_name: str, *, schema: Optional[str] = None, if_exists: Optional[bool] = None, **kw: Any
    ) -> None:
        """Drops a column. An index or a constraint over just this column goes with it, as on PostgreSQL, and a warning says so."""
        self._drop_indexes_of(table_name, column_name)
        self._alter(table_name, schema, *self._dropping(table_name, column_name, if_exists))

    def _dropping(self, table: str, column: str, if_exists: Optional[bool]) -> list[str]:
        over = self.output.constraints_over(table, column)
        for constraint in over:
            self.output.warn(f"{constraint} went with its only column {table}.{column}")
        return [*(f"DROP {constraint}" for constraint in over), f"DROP COLUMN {_if('IF EXISTS', if_exists)}{quote(column)}"]

    def _drop_indexes_of(self, table: str, column: str) -> None:
        for index in self.output.indexes_over(table, column):
            self.output.warn(f"index {index} went with its only column {table}.{column}")
            self.output.sql(f"DROP INDEX {quote(index)}")

    def alter_column(
        self,
        table_name: str,
        column_name: str,
        *,
        nullable: Optional[bool] = None,
        comment: Any = False,
        server_default: Any = False,
        new_column_name: Optional[str] = None,
        type_: Any = None,
        existing_type: Any = None,
        existing_server_default: Any = False,
        existing_nullable: Optional[bool] = None,
        existing_comment: Optional[str] = None,
        schema: Optional[str] = None,
        insert_before: Optional[str] = None,
        insert_after: Optional[str] = None,
        **kw: Any,
    ) -> None:
        """Changes a column's type, default, NOT NULL, name or place. What is not given stays."""
        place = self._place(table_name, self.output.columns, insert_before, insert_after)
        actions = self._altered(
            table_name, column_name, nullable, server_default, type_, existing_type, existing_server_default, place, kw
        )
        if new_column_name is not None and new_column_name != column_name:
            actions.append(f"RENAME COLUMN {quote(column_name)} TO {quote(new_column_name)}")
        self._alter(table_name, schema, *actions)

    def _altered(
        self,
        table: str,
        column: str,
        nullable: Optional[bool],
        server_default: Any,
        type_: Any,
        existing_type: Any,
        existing_server_default: Any,
        place: str,
        kw: dict[str, Any],
    ) -> list[str]:
        alter = f"ALTER COLUMN {quote(column)}"
        actions = []
        if type_ is not None:
            using = kw.get("postgresql_using")
            using = f" USING {self.output.expression(str(using))}" if using else ""
            new, old = (_ddl.checks_of_type(table, column, each, self.output.naming_convention) for each in (type_, existing_type))
            actions += [f"DROP {f'CONSTRAINT IF EXISTS {check.name}' if check.name else check.rule}" for check in old]
            actions.append(f"{alter} TYPE {_ddl.type_text(type_)}{using}")
            actions += [f"ADD {check.text}" for check in new]
        if server_default is None:
            computed = isinstance(existing_server_default, sa.Computed)
            actions.append(f"{alter} DROP {'EXPRESSION' if computed else 'DEFAULT'}")
        elif isinstance(server_default, sa.Computed):
            stored = " STORED" if server_default.persisted else ""
            actions.append(f"{alter} SET GENERATED ({_ddl.literal(server_default.sqltext)}){stored}")
        elif server_default is not False and not isinstance(server_default, sa.Identity):
            text = getattr(server_default, "text", None)
            if isinstance(text, str):
                self.output.expression(text)
            actions.append(f"{alter} SET DEFAULT {_ddl.default_text(server_default)}")
        if nullable is not None:
            actions.append(f"{alter} {'DROP' if nullable else 'SET'} NOT NULL")
        return [*actions, f"{alter}{place}"] if place else actions

    # Indexes

    def create_index(
        self,
        index_name: Optional[str],
        table_name: str,
        columns: Sequence[Any],
        *,
        schema: Optional[str] = None,
        unique: bool = False,
        if_not_exists: Optional[bool] = None,
        **kw: Any,
    ) -> None:
        """Creates an index over columns and expressions."""
        names = [column for column in columns if isinstance(column, str)]
        stubs = [sa.Column(name, sa.types.NULLTYPE) for name in dict.fromkeys(names)]
        schema = None if schema == "main" else schema
        table = _ddl.table(table_name, stubs, self.output.naming_convention, schema=schema)
        what = [table.c[column] if isinstance(column, str) else column for column in columns]
        index = sa.Index(index_name, *what, unique=bool(unique), _table=table, **_ddl.known_options(kw))
        self.output.sql(_ddl.ddl(sa.schema.CreateIndex(index, if_not_exists=bool(if_not_exists))))

    def drop_index(
        self,
        index_name: str,
        table_name: Optional[str] = None,
        *,
        schema: Optional[str] = None,
        if_exists: Optional[bool] = None,
        **kw: Any,
    ) -> None:
        """Drops an index; its table need not be named."""
        self.output.sql(f"DROP INDEX {_if('IF EXISTS', if_exists)}{_ddl.table_name(index_name, schema)}")

    # Constraints

    def _constraint(self, name: str, columns: Sequence[str], make: Callable[[sa.Table], Any]) -> str:
        stubs = [sa.Column(column, sa.types.NULLTYPE) for column in dict.fromkeys(columns)]
        table = _ddl.table(name, stubs, self.output.naming_convention)
        constraint = make(table)
        for key in getattr(constraint, "elements", ()):
            _ddl._make_parent(table, key)
        return f"ADD {_ddl.constraint_text(constraint)}"

    def create_foreign_key(
        self,
        constraint_name: Optional[str],
        source_table: str,
        referent_table: Optional[str] = None,
        local_cols: Names = (),
        remote_cols: Names = (),
        *,
        source_schema: Optional[str] = None,
        referent_schema: Optional[str] = None,
        remote_table: Optional[str] = None,
        remote_side: Optional[Names] = None,
        **kw: Any,
    ) -> None:
        """Adds a foreign key. Rows that find no parent are listed, and refuse it."""
        referent = referent_table or remote_table
        if referent is None:
            raise TypeError("create_foreign_key() needs referent_table")
        action = self._foreign_key(constraint_name, source_table, referent, local_cols, remote_cols or remote_side or (), kw)
        self._alter(source_table, source_schema, action)

    def _foreign_key(
        self, name: Optional[str], source: str, referent: str, local: Names, remote: Names, kw: dict[str, Any]
    ) -> str:
        options = {key: kw[key] for key in ("onupdate", "ondelete", "deferrable", "initially", "match") if key in kw}
        columns = [f"{referent}.{column}" for column in _names(remote)]

        def make(table: sa.Table) -> Any:
            constraint = sa.ForeignKeyConstraint(_names(local), columns, name=name, **options)
            table.append_constraint(constraint)
            return constraint

        return self._constraint(source, _names(local), make)

    def create_unique_constraint(
        self, constraint_name: Optional[str], table_name: str, columns: Names, *, schema: Optional[str] = None, **kw: Any
    ) -> None:
        """Adds a UNIQUE constraint."""
        self._alter(table_name, schema, self._unique(constraint_name, table_name, columns, kw))

    def _unique(self, name: Optional[str], table: str, columns: Names, kw: dict[str, Any]) -> str:
        options = _ddl.known_options(kw)
        return self._constraint(
            table, _names(columns), lambda t: sa.UniqueConstraint(*[t.c[c] for c in _names(columns)], name=name, **options)
        )

    def create_check_constraint(
        self, constraint_name: Optional[str], table_name: str, condition: Any, *, schema: Optional[str] = None, **kw: Any
    ) -> None:
        """Adds a CHECK constraint; the condition is text or an expression."""
        self._alter(table_name, schema, self._check(constraint_name, table_name, condition))

    def _check(self, name: Optional[str], table: str, condition: Any) -> str:
        if isinstance(condition, str):
            condition = sa.text(self.output.expression(condition).replace(":", "\\:"))

        def make(found: sa.Table) -> Any:
            constraint = sa.CheckConstraint(condition, name=name)
            found.append_constraint(constraint)
            return constraint

        return self._constraint(table, [], make)

    def create_primary_key(
        self, constraint_name: Optional[str], table_name: str, columns: Names, *, schema: Optional[str] = None
    ) -> None:
        """Makes columns the primary key."""
        self._alter(table_name, schema, self._primary_key(constraint_name, table_name, columns))

    def _primary_key(self, name: Optional[str], table: str, columns: Names) -> str:
        return self._constraint(
            table, _names(columns), lambda t: sa.PrimaryKeyConstraint(*[t.c[c] for c in _names(columns)], name=name)
        )

    def create_exclude_constraint(self, *_: Any, **__: Any) -> None:
        """Raises: SQLite has no EXCLUDE."""
        raise errors.AlterSyntax("SQLite has no EXCLUDE constraint", hint="write a trigger that raises")

    def drop_constraint(
        self,
        constraint_name: Optional[str],
        table_name: str,
        type_: Optional[str] = None,
        *,
        schema: Optional[str] = None,
        if_exists: Optional[bool] = None,
        **kw: Any,
    ) -> None:
        """Drops a constraint by its name, or by the name that the naming convention would give it."""
        self._alter(table_name, schema, self._dropped(constraint_name, table_name, type_, if_exists, None))

    def _dropped(
        self, name: Optional[str], table: str, type_: Optional[str], if_exists: Optional[bool], convention: Any
    ) -> str:
        unnamed = self.output.unnamed_constraint(name, table, type_, convention or self.output.naming_convention)
        if unnamed is not None:
            return f"DROP {unnamed}"
        if name is None:
            raise errors.UnknownConstraint(
                f"a constraint of {table} without a name", hint="name it, or drop it by its columns with execute()"
            )
        return f"DROP CONSTRAINT {_if('IF EXISTS', if_exists)}{quote(name)}"

    # Rows

    def bulk_insert(self, table: Any, rows: Sequence[dict[str, Any]], *, multiinsert: bool = True) -> None:
        """Inserts rows; the types of the columns turn the values into what SQLite keeps."""
        if not isinstance(rows, (list, tuple)):
            raise TypeError("bulk_insert() takes a list of dictionaries")
        if rows:
            self.output.insert(table, list(rows), multiinsert)

    # Batches

    @contextmanager
    def batch_alter_table(
        self,
        table_name: str,
        schema: Optional[str] = None,
        recreate: Any = "auto",
        partial_reordering: Optional[Sequence[Sequence[str]]] = None,
        copy_from: Optional[sa.Table] = None,
        table_args: Sequence[Any] = (),
        table_kwargs: Optional[dict[str, Any]] = None,
        reflect_args: Sequence[Any] = (),
        reflect_kwargs: Optional[dict[str, Any]] = None,
        naming_convention: Optional[dict[str, str]] = None,
    ) -> Iterator[BatchOperations]:
        """Gathers what is done to one table into one ALTER TABLE: at most one rebuild.

        The table is read from the database itself, so ``copy_from`` and ``reflect_args`` have nothing to add.
        """
        from .batch import BatchOperations

        batch = BatchOperations(self, table_name, schema, naming_convention)
        yield batch
        batch._close(table_args, table_kwargs or {}, partial_reordering or ())

    # Plugins

    @classmethod
    def register_operation(cls, name: str, sourcename: Optional[str] = None) -> Callable[[type], type]:
        """Makes a plugin's operation a directive."""

        def register(operation: type) -> type:
            function = getattr(operation, sourcename or name)

            def directive(self: Any, *args: Any, **kw: Any) -> Any:
                return function(self, *args, **kw)

            setattr(_Common, name, directive)
            return operation

        return register

    @classmethod
    def implementation_for(cls, op_cls: type, replace: bool = False) -> Callable[[Any], Any]:
        """Registers what runs a plugin's operation."""

        def register(function: Any) -> Any:
            _implementations[op_cls] = function
            return function

        return register


class MigrateOperation:
    """The base of a plugin's operations."""


_implementations: dict[type, Callable[[Any, Any], Any]] = {}


def operation_implementation(operation: Any) -> Callable[[Any, Any], Any]:
    """What runs an operation."""
    for kind in type(operation).__mro__:
        if kind in _implementations:
            return _implementations[kind]
    raise errors.CodeFailed(
        f"no implementation is registered for {type(operation).__name__}", hint="use Operations.implementation_for()"
    )
