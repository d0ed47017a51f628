"""The cases of tests/conformance/files, through Python: files in whichever state, and backups."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any, Iterator, Optional

import pytest

import limbeck
from test_conformance import RECORDS, Record, plain, skip, told

FILES = Path(__file__).parents[2] / "tests" / "conformance" / "files"
CASES = sorted(FILES.glob("*.json"))
MIGRATIONS = [(each.name, each.read_bytes().decode()) for each in sorted((FILES / "migrations").iterdir())]


class Case:
    """A case's folder, and the connection to its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection: Optional[sqlite3.Connection] = None

    def db(self) -> sqlite3.Connection:
        if self.connection is None:
            self.connection = sqlite3.connect(self.folder / "app.db", isolation_level=None)
        return self.connection

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def named(self, name: str) -> Path:
        """A file of the folder; ``@1`` is the newest backup, for their names tell the time."""
        if not name.startswith("@"):
            return self.folder / name
        return sorted((self.folder / "backups").glob("*.backup"), reverse=True)[int(name[1:]) - 1]

    def handle(self, words: str) -> None:
        verb, *rest = words.split(" ")
        if verb == "close":
            return self.close()
        path = self.named(rest[0])
        if verb == "cut":
            path.touch()
            with path.open("r+b") as file:
                file.truncate(int(rest[1]))
        elif verb == "write":
            with path.open("r+b") as file:
                file.seek(int(rest[1]))
                file.write(bytes.fromhex(rest[2]))
        elif verb == "copy":
            shutil.copyfile(path, self.named(rest[1]))
        else:
            assert verb == "delete"
            path.unlink(missing_ok=True)

    def run(self, step: dict[str, Any], options: dict[str, Any]) -> Any:
        backups = {"backups": self.folder / "backups", "keep_backups": options["backups"]} if options else {}
        migrator = limbeck.Migrator(MIGRATIONS[: step.get("release")], **backups)
        verb, *rest = [str(self.named(word)) if word.startswith("@") else word for word in step["run"].split(" ")]
        db = self.db()
        if rest == ["newest"]:
            newest = migrator.newest_compatible_backup(db)
            if newest is None:
                raise limbeck.NoBackup("no backup is there")
            rest = [newest.path]
        verbs = {"backup": "back_up"}
        return plain(getattr(migrator, verbs.get(verb, verb))(db, *rest))


def within(want: Any, found: Any) -> bool:
    """Whether all that is wanted is there; of lists, as many."""
    if isinstance(want, dict):
        return all(within(value, found[name]) for name, value in want.items())
    if isinstance(want, list):
        return len(want) == len(found) and all(map(within, want, found))
    return bool(want == found)


@pytest.fixture(scope="module")
def record() -> Iterator[Record]:
    made = Record("Python", RECORDS / "files")
    yield made
    made.write()


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path: Path, tmp_path: Path, record: Record) -> None:
    line = record.case(path.stem)
    line["place"] = str(tmp_path)
    if sqlite3.sqlite_version_info < (3, 35):
        skip(line, "older_sqlite", "3.35: DROP COLUMN")
    made = json.loads(path.read_text("utf-8"))
    case = Case(tmp_path)
    for step in made["steps"]:
        if "files" in step:
            for words in step["files"]:
                case.handle(words)
        elif "sql" in step:
            found = [str(row[0]) for row in case.db().execute(step["sql"]).fetchall()]
            line["steps"].append({"ok": found})
            assert found == step.get("expect", found), step["sql"]
        elif "error" in step:
            file = tmp_path / "app.db"
            before = file.read_bytes()
            with pytest.raises(limbeck.LimbeckError) as caught:
                case.run(step, made.get("options", {}))
            # That none is there is no error of the library's: each driver has its own words.
            none = caught.type is limbeck.NoBackup
            line["steps"].append({"error": {"code": caught.value.code}} if none else told(caught.value))
            assert caught.value.code == step["error"], caught.value
            assert step.get("message", "") in caught.value.message
            assert file.read_bytes() == before
        else:
            found = case.run(step, made.get("options", {}))
            line["steps"].append({"ok": found})
            assert within(step.get("expect"), found) or "expect" not in step, found
    case.close()
