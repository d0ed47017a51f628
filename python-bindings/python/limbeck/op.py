"""Alembic's ``op``: its directives as functions, for the revision that is running. Also the idempotent helpers."""

from __future__ import annotations

from typing import Any

from .batch import BatchOperations
from .operations import Operations
from .helpers import (
    add_column_if_not_exists,
    add_columns_if_not_exist,
    column_exists,
    create_index_if_not_exists,
    drop_column_if_exists,
    drop_index_if_exists,
    execute_if_not_exists,
    index_exists,
)

_operations = Operations()

add_column = _operations.add_column
alter_column = _operations.alter_column
batch_alter_table = _operations.batch_alter_table
bulk_insert = _operations.bulk_insert
create_check_constraint = _operations.create_check_constraint
create_exclude_constraint = _operations.create_exclude_constraint
create_foreign_key = _operations.create_foreign_key
create_index = _operations.create_index
create_primary_key = _operations.create_primary_key
create_table = _operations.create_table
create_table_comment = _operations.create_table_comment
create_unique_constraint = _operations.create_unique_constraint
drop_column = _operations.drop_column
drop_constraint = _operations.drop_constraint
drop_index = _operations.drop_index
drop_table = _operations.drop_table
drop_table_comment = _operations.drop_table_comment
execute = _operations.execute
f = _operations.f
get_bind = _operations.get_bind
get_context = _operations.get_context
implementation_for = Operations.implementation_for
inline_literal = _operations.inline_literal
invoke = _operations.invoke
register_operation = Operations.register_operation
rename_table = _operations.rename_table
run_async = _operations.run_async


def __getattr__(name: str) -> Any:
    # Directives that plugins have registered.
    if name.startswith("_") or not hasattr(Operations, name):
        raise AttributeError(f"limbeck.op has no directive {name}")
    return getattr(_operations, name)
