"""every note has a title

Revision ID: 8b22c4
Revises: 5d1f0a
Create Date: 2025-02-17 09:30:05

"""
import sqlalchemy as sa
from alembic import op

revision = "8b22c4"
down_revision = "5d1f0a"


def upgrade() -> None:
    op.execute("UPDATE notes SET title = 'Untitled' WHERE title IS NULL")
    with op.batch_alter_table("notes") as batch_op:
        batch_op.alter_column("title", existing_type=sa.String(200), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("notes") as batch_op:
        batch_op.alter_column("title", existing_type=sa.String(200), nullable=True)
