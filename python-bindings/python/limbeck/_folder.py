"""What is Python's in a folder of migrations."""

from __future__ import annotations

import os


def is_of_alembic(folder: str) -> bool:
    """Whether a folder is an Alembic project's, with its revisions in ``versions/``."""
    return os.path.isfile(os.path.join(folder, "env.py")) and os.path.isdir(os.path.join(folder, "versions"))


def python_files(folder: str, deep: bool = False) -> list[str]:
    """The ``*.py`` files of a folder that may be revisions, sorted. A folder that cannot be read has none."""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except OSError:
        return []
    files = []
    for entry in found:
        if entry.name.endswith(".py") and not entry.name.startswith((".", "__init__.")) and not entry.is_dir():
            files.append(entry.path)
        elif deep and entry.name != "__pycache__" and entry.is_dir(follow_symlinks=False):
            files += python_files(entry.path, deep)
    return sorted(files)
