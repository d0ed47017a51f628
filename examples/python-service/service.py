"""A small service on SQLite that brings its database up to date when it starts."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import AsyncIterator

import limbeck
import sqlalchemy as sa
from fastapi import FastAPI, HTTPException
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

HERE = Path(__file__).parent
engine = sa.create_engine(f"sqlite:///{os.environ.get('NOTES_DB', HERE / 'notes.db')}")


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("authors.id", ondelete="CASCADE"))


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))


@asynccontextmanager
async def up_to_date(_: FastAPI) -> AsyncIterator[None]:
    # All of it, or nothing: a service that cannot upgrade does not start, and the file is as it was.
    report = limbeck.upgrade(engine, HERE / "migrations")
    for step in report.steps:
        print(f"applied {step.revision}")
    yield


app = FastAPI(lifespan=up_to_date)


@app.get("/notes")
def notes() -> list[dict[str, object]]:
    with Session(engine) as session:
        rows = session.execute(sa.select(Note.id, Note.title, Author.name).join(Author).order_by(Note.id))
        return [{"id": id, "title": title, "author": name} for id, title, name in rows]


@app.post("/notes", status_code=201)
def add(title: str, author: str) -> dict[str, int]:
    with Session(engine) as session, session.begin():
        found = session.scalar(sa.select(Author.id).where(Author.name == author))
        if found is None:
            raise HTTPException(404, f"there is no author {author}")
        note = Note(title=title, author_id=found)
        session.add(note)
        session.flush()
        return {"id": note.id}
