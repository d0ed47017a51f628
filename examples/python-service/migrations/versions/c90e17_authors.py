"""authors are a table

The first one written after the service went over to limbeck: outside batch mode, which Alembic refuses on SQLite.

Revision ID: c90e17
Revises: 8b22c4
Create Date: 2026-11-21 16:45:00

"""
import sqlalchemy as sa
from alembic import op

revision = "c90e17"
down_revision = "8b22c4"


def upgrade() -> None:
    authors = op.create_table(
        "authors",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
    )
    names = op.get_bind().execute(sa.text("SELECT DISTINCT coalesce(author, 'nobody') FROM notes ORDER BY 1")).scalars()
    op.bulk_insert(authors, [{"name": name} for name in names])
    op.add_column("notes", sa.Column("author_id", sa.Integer()))
    op.execute("UPDATE notes SET author_id = (SELECT id FROM authors WHERE name = coalesce(notes.author, 'nobody'))")
    op.alter_column("notes", "author_id", nullable=False)
    op.create_foreign_key("fk_notes_author_id", "notes", "authors", ["author_id"], ["id"], ondelete="CASCADE")
    op.drop_column("notes", "author")


def downgrade() -> None:
    op.add_column("notes", sa.Column("author", sa.String(80)))
    op.execute("UPDATE notes SET author = (SELECT name FROM authors WHERE id = author_id)")
    op.drop_constraint("fk_notes_author_id", "notes", type_="foreignkey")
    op.drop_column("notes", "author_id")
    op.drop_table("authors")
