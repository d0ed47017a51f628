"""``batch_op``: the directives of ``op`` for one table, gathered into one ALTER TABLE."""

from __future__ import annotations

from functools import partial
from typing import Any, Optional, Sequence

import sqlalchemy as sa

from ._ddl import quote
from ._output import Output
from .operations import Names, Operations, _Common, _if


class BatchOperations(_Common):
    """The directives of ``batch_op``: those of ``op``, for one table."""

    def __init__(self, op: Operations, table: str, schema: Optional[str], convention: Optional[dict[str, str]]) -> None:
        self._op = op
        self._table = table
        self._schema = schema
        self._convention = convention
        self._actions: list[str] = []
        self._after: list[str] = []
        #: The columns as what was gathered leaves them, once a place among them was asked for.
        self._order: Optional[list[str]] = None

    @property
    def output(self) -> Output:  # type: ignore[override]
        return self._op.output

    def _flush(self) -> None:
        """One ALTER TABLE of what was gathered, and the new indexes behind it."""
        actions, self._actions = self._actions, []
        after, self._after = self._after, []
        self._order = None
        self._op._alter(self._table, self._schema, *actions)
        for sql in after:
            self.output.sql(sql)

    def _close(
        self, table_args: Sequence[Any], table_kwargs: dict[str, Any], reordering: Sequence[Sequence[str]]
    ) -> None:
        """The end of the ``with``: what the batch's own arguments add, and the ALTER TABLE."""
        for constraint in table_args:
            self._actions.append(self._op._constraint(self._table, _columns_named(constraint), partial(_appended, constraint)))
        options = {"sqlite_autoincrement": (False, "AUTOINCREMENT"), "sqlite_strict": (False, "STRICT"), "sqlite_with_rowid": (True, "WITHOUT ROWID")}
        self._actions += [f"SET {word}" for name, (usual, word) in options.items() if bool(table_kwargs.get(name, usual)) is not usual]
        for order in reordering:
            names = list(order)
            self._actions += [f"ALTER COLUMN {quote(b)} AFTER {quote(a)}" for a, b in zip(names, names[1:])]
        self._flush()

    def add_column(
        self,
        column: sa.Column[Any],
        *,
        insert_before: Optional[str] = None,
        insert_after: Optional[str] = None,
        if_not_exists: Optional[bool] = None,
        **kw: Any,
    ) -> None:
        """Adds a column."""
        if if_not_exists and column.name.lower() in map(str.lower, self._columns()):
            return
        place = self._placed(column.name, insert_before, insert_after)
        actions, indexes = self._op._added(self._table, column, if_not_exists, place)
        self._actions += actions
        self._after += indexes

    def alter_column(
        self,
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
        insert_before: Optional[str] = None,
        insert_after: Optional[str] = None,
        **kw: Any,
    ) -> None:
        """Changes a column."""
        moves = insert_before is not None or insert_after is not None
        place = self._placed(column_name, insert_before, insert_after) if moves else ""
        self._actions += self._op._altered(
            self._table, column_name, nullable, server_default, type_, existing_type, existing_server_default, place, kw
        )
        if new_column_name is not None and new_column_name != column_name:
            if self._after:
                self._flush()  # an index over the old name comes before the new one
            order = self._columns()
            self._order = [new_column_name if each.lower() == column_name.lower() else each for each in order]
            self._actions.append(f"RENAME COLUMN {quote(column_name)} TO {quote(new_column_name)}")

    def _columns(self) -> list[str]:
        if self._order is None:
            self._order = self.output.columns(self._table)
        return self._order

    def _placed(self, column: str, before: Optional[str], after: Optional[str]) -> str:
        """Where a new column stands, or one that moves, among those that the batch has brought too."""
        order = self._order = [each for each in self._columns() if each.lower() != column.lower()]
        place = self._op._place(self._table, lambda _: order, before, after)
        beside = next((at for at, each in enumerate(order) if each.lower() == str(before or after).lower()), None)
        at = len(order) if beside is None else beside if after is None else beside + 1
        order.insert(at, column)
        return place

    def drop_column(self, column_name: str, *, if_exists: Optional[bool] = None, **kw: Any) -> None:
        """Drops a column, and an index or a constraint over just this column."""
        if self._actions and self.output.constraints_over(self._table, column_name):
            self._flush()  # what was gathered may drop them, or make others
        self._op._drop_indexes_of(self._table, column_name)
        self._order = [each for each in self._columns() if each.lower() != column_name.lower()]
        self._actions += self._op._dropping(self._table, column_name, if_exists)

    def create_index(self, index_name: Optional[str], columns: Sequence[Any], **kw: Any) -> None:
        """Creates an index, behind what else the batch does."""
        collected: list[str] = []
        Operations(output=Collected(self.output, collected)).create_index(
            index_name, self._table, columns, schema=self._schema, **kw
        )
        self._after += collected

    def drop_index(self, index_name: str, *, if_exists: Optional[bool] = None, **kw: Any) -> None:
        """Drops an index, before what else the batch does."""
        if self._after:
            self._flush()
        self._op.drop_index(index_name, self._table, schema=self._schema, if_exists=if_exists)

    def create_foreign_key(
        self,
        constraint_name: Optional[str],
        referent_table: Optional[str] = None,
        local_cols: Names = (),
        remote_cols: Names = (),
        *,
        referent_schema: Optional[str] = None,
        remote_table: Optional[str] = None,
        remote_side: Optional[Names] = None,
        **kw: Any,
    ) -> None:
        """Adds a foreign key."""
        referent = referent_table or remote_table
        if referent is None:
            raise TypeError("create_foreign_key() needs referent_table")
        remote = remote_cols or remote_side or ()
        self._actions.append(self._op._foreign_key(constraint_name, self._table, referent, local_cols, remote, kw))

    def create_unique_constraint(self, constraint_name: Optional[str], columns: Names, **kw: Any) -> None:
        """Adds a UNIQUE constraint."""
        self._actions.append(self._op._unique(constraint_name, self._table, columns, kw))

    def create_check_constraint(self, constraint_name: Optional[str], condition: Any, **kw: Any) -> None:
        """Adds a CHECK constraint."""
        self._actions.append(self._op._check(constraint_name, self._table, condition))

    def create_primary_key(self, constraint_name: Optional[str], columns: Names) -> None:
        """Makes columns the primary key."""
        self._actions.append(self._op._primary_key(constraint_name, self._table, columns))

    def drop_constraint(
        self, constraint_name: Optional[str], type_: Optional[str] = None, *, if_exists: Optional[bool] = None, **kw: Any
    ) -> None:
        """Drops a constraint."""
        self._actions.append(self._op._dropped(constraint_name, self._table, type_, if_exists, self._convention))

    def create_exclude_constraint(self, *_: Any, **__: Any) -> None:
        """Raises: SQLite has no EXCLUDE."""
        self._op.create_exclude_constraint()

    def create_table_comment(self, *_: Any, **__: Any) -> None:
        """Does nothing: SQLite keeps no comments."""

    def drop_table_comment(self, *_: Any, **__: Any) -> None:
        """Does nothing: SQLite keeps no comments."""


def _columns_named(constraint: Any) -> list[str]:
    """The columns that a constraint knows by their names alone, until it has a table."""
    if isinstance(constraint, sa.ForeignKeyConstraint):
        return list(constraint.column_keys)
    return [each for each in getattr(constraint, "_pending_colargs", ()) if isinstance(each, str)]


def _appended(constraint: Any, table: sa.Table) -> Any:
    table.append_constraint(constraint)
    return constraint


class Collected(Output):
    """Keeps statements instead of running them."""

    def __init__(self, real: Output, statements: list[str]) -> None:
        self._real = real
        self._statements = statements

    def sql(self, sql: str) -> None:
        self._statements.append(sql)

    @property
    def naming_convention(self) -> Optional[dict[str, Any]]:
        return self._real.naming_convention
