"""From Alembic to limbeck and back, with the service's own old database."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def run(database: Path, *command: str) -> str:
    environment = dict(os.environ, NOTES_DB=str(database), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=HERE, env=environment, check=True, capture_output=True, text=True
    ).stdout


USE = """
from fastapi.testclient import TestClient
from service import app
with TestClient(app) as client:
    print(client.post("/notes?title=New&author=Ann").status_code, client.post("/notes?title=x&author=Who").status_code)
    print([(note["id"], note["title"], note["author"]) for note in client.get("/notes").json()])
"""


def test_from_alembic_to_limbeck_and_back(tmp_path: Path) -> None:
    database = tmp_path / "notes.db"
    run(database, "alembic", "upgrade", "8b22c4")
    old = sqlite3.connect(database)
    old.executescript("INSERT INTO notes VALUES (1, 'First', 'Ann'), (7, 'Second', NULL)")
    old.close()

    environment = dict(os.environ, NOTES_DB=str(database), PYTHONDONTWRITEBYTECODE="1")
    served = subprocess.run([sys.executable, "-c", USE], cwd=HERE, env=environment, check=True, capture_output=True, text=True)
    assert served.stdout.splitlines() == [
        "applied c90e17", "201 404", "[(1, 'First', 'Ann'), (7, 'Second', 'nobody'), (8, 'New', 'Ann')]"
    ]

    assert run(database, "alembic", "current") == "c90e17 (head)\n"
    run(database, "limbeck", "downgrade", "-1")
    assert run(database, "alembic", "current") == "8b22c4\n"
    rows = sqlite3.connect(database).execute("SELECT id, title, author FROM notes").fetchall()
    assert rows == [(1, "First", "Ann"), (7, "Second", "nobody"), (8, "New", "Ann")]
    run(database, "alembic", "downgrade", "base")
    tables = sqlite3.connect(database).execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("alembic_version",)]
