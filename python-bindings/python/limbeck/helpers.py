"""Idempotent directives: each looks first, and does nothing where the database is as it should be."""

from __future__ import annotations

from typing import Any, Iterable, Optional, Sequence

import sqlalchemy as sa

from ._run import current
from .operations import Operations
from ._output import Output


def column_exists(table_name: str, column_name: str) -> bool:
    """Whether the table exists and has the column."""
    return Output.current().has_column(table_name, column_name)


def index_exists(index_name: str, table_name: Optional[str] = None) -> bool:
    """Whether an index of that name exists, on any table when none is given."""
    sql = "SELECT tbl_name FROM main.sqlite_master WHERE type = 'index' AND lower(name) = lower(?)"
    tables = [row[0] for row in current().query(sql, (index_name,))]
    return bool(tables) and (table_name is None or tables[0].lower() == table_name.lower())


def add_column_if_not_exists(table_name: str, column: sa.Column[Any]) -> None:
    """Adds one column; a column of that name, of whatever type, is left as it is."""
    if not column_exists(table_name, column.name):
        Operations().add_column(table_name, column)


def add_columns_if_not_exist(table_name: str, columns: Iterable[sa.Column[Any]]) -> None:
    """Adds those of the columns that are not there."""
    for column in columns:
        add_column_if_not_exists(table_name, column)


def drop_column_if_exists(table_name: str, column_name: str) -> None:
    """Drops a column, if it is there."""
    if column_exists(table_name, column_name):
        Operations().drop_column(table_name, column_name)


def create_index_if_not_exists(
    index_name: str, table_name: str, columns: Sequence[Any], unique: bool = False, **kw: Any
) -> None:
    """Creates an index, if none of its name is there."""
    if not index_exists(index_name, table_name):
        Operations().create_index(index_name, table_name, columns, unique=unique, **kw)


def drop_index_if_exists(index_name: str, table_name: Optional[str] = None) -> None:
    """Drops an index, if it is there."""
    if index_exists(index_name, table_name):
        Operations().drop_index(index_name, table_name)


def execute_if_not_exists(check_query: str, execute_statement: str) -> None:
    """Runs a statement, unless the query returns a row."""
    from . import postgresql

    step = current()
    query = postgresql.translate(check_query, step)
    if query is None or not step.query(query.strip().rstrip(";")):
        Operations().execute(execute_statement)
