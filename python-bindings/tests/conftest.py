"""Folders and projects that the tests run on."""

from __future__ import annotations

import os
import sqlite3
import sys
import textwrap
from pathlib import Path
from typing import Any, Callable

import limbeck
import pytest

ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool
config = context.config
if context.is_offline_mode():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = engine_from_config(config.get_section(config.config_ini_section), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=config.attributes.get("metadata"))
        with context.begin_transaction():
            context.run_migrations()
"""


class Project:
    """An Alembic project in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = folder / "app.db"
        self.ini = folder / "alembic.ini"
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "migrations" / "env.py").write_text(ENV)
        self.ini.write_text(
            "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///%(here)s/app.db\n"
        )

    def version(self, revision: str, down: Any, up: str = "pass", back: str = "pass", head: str = "", doc: str = "") -> Path:
        """Writes a version file."""
        indent = lambda text: textwrap.indent(textwrap.dedent(text).strip(), "    ")  # noqa: E731
        path = self.versions / f"{revision}.py"
        path.write_text(
            f'"""{doc or revision}\n\nRevision ID: {revision}\nRevises: {down}\nCreate Date: 2026-01-02 03:04:05\n\n"""\n'
            f"from alembic import op\nimport sqlalchemy as sa\n{textwrap.dedent(head)}\n"
            f"revision = {revision!r}\ndown_revision = {down!r}\n"
            f"\n\ndef upgrade():\n{indent(up)}\n\n\ndef downgrade():\n{indent(back)}\n"
        )
        return path

    @property
    def config(self) -> Any:
        from limbeck.alembic.config import Config

        return Config(str(self.ini))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Reads the database with nothing of limbeck's."""
        connection = sqlite3.connect(self.db)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def script(self, sql: str) -> None:
        """Makes the database what a test needs."""
        connection = sqlite3.connect(self.db)
        connection.executescript(sql)
        connection.close()

    def everything(self) -> list[tuple[Any, ...]]:
        """Schema and rows, to be compared."""
        if not self.db.exists():
            return []
        connection = sqlite3.connect(self.db)
        lines = list(connection.iterdump())
        connection.close()
        return [(line,) for line in lines]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., str]:
    """Makes a folder of migrations from names and texts."""

    def make(**files: str) -> str:
        where = tmp_path / "migrations"
        where.mkdir(exist_ok=True)
        for name, text in files.items():
            stem, _, kind = name.rpartition("_")
            (where / f"{stem}.{kind}").write_text(textwrap.dedent(text))
        return str(where)

    return make


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Tables are not rebuilt on SQLite before 3.33: what needs it is skipped there, in the error's own words."""
    try:
        return (yield)
    except limbeck.SqliteTooOld as error:
        if sqlite3.sqlite_version_info >= (3, 33):
            raise
        pytest.skip(str(error))
