"""notes

Revision ID: 5d1f0a
Revises:
Create Date: 2024-11-02 10:12:41

"""
import sqlalchemy as sa
from alembic import op

revision = "5d1f0a"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("author", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    op.drop_table("notes")
