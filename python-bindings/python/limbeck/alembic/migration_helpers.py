"""``alembic.migration_helpers``: idempotent directives that version files import under this name."""

from ..helpers import (
    add_column_if_not_exists,
    add_columns_if_not_exist,
    column_exists,
    create_index_if_not_exists,
    drop_column_if_exists,
    drop_index_if_exists,
    execute_if_not_exists,
    index_exists,
)

__all__ = [
    "add_column_if_not_exists",
    "add_columns_if_not_exist",
    "column_exists",
    "create_index_if_not_exists",
    "drop_column_if_exists",
    "drop_index_if_exists",
    "execute_if_not_exists",
    "index_exists",
]
