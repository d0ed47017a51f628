"""The blocks of a document, and a folder in which they run. See core/tests/documents/main.rs, whose rules these are."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

BLOCK = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```\s*$|^<!-- ([\w.]+\.db):(.*?)-->\s*$", re.M | re.S)
PATH = re.compile(r"^(?:--|#|//) ([\w./-]+\.(?:sql|toml|py|ini|js|ts))\n")


def blocks(document):
    """Each block: its line, its language (``db`` for SQL that the reader does not see), its path or database, its text."""
    text = (ROOT / document).read_text("utf-8")
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        language, body, database, sql = match.groups()
        if database:
            yield line, "db", database, sql
            continue
        path = PATH.match(body)
        yield line, language, path and path[1], body[path.end() :] if path else body


def commands(text):
    """Each command of a block of ``console``, and what it prints."""
    for piece in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, shown = piece.partition("\n")
        yield command, shown


def is_like(text, pattern):
    """``…`` stands for anything."""

    def plain(text):
        return "\n".join(line.rstrip() for line in text.rstrip().splitlines())

    return re.fullmatch(".*?".join(map(re.escape, plain(pattern).split("…"))), plain(text), re.S) is not None


def play(document, folder, monkeypatch, languages):
    """Runs a document's blocks of these languages, in order; its files are always written. Answers how many ran."""
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith("LIMBECK_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])
    names = {"__name__": "shown"}
    ran = 0
    for line, language, path, text in blocks(document):
        place = f"{document}:{line}"
        if language == "db":
            database = sqlite3.connect(path)
            database.executescript(text)
            database.close()
        elif path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
        elif language in languages and language == "console":
            for command, shown in commands(text):
                done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
                assert is_like(done.stdout, shown), f"{place}: $ {command}\n--- shown\n{shown}\n--- printed\n{done.stdout}"
                ran += 1
        elif language in languages and language == "python":
            exec(compile(text, place, "exec"), names)
            ran += 1
    return ran
