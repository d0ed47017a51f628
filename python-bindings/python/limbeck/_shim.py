"""``import alembic`` inside version files and ``env.py`` gives limbeck's, installed Alembic or not."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import contextmanager
from typing import Iterator

#: The modules that Alembic's users import.
_MODULES = (
    "autogenerate",
    "op",
    "context",
    "command",
    "config",
    "migration",
    "migration_helpers",
    "operations",
    "runtime",
    "runtime.migration",
    "runtime.environment",
    "script",
    "util",
)


@contextmanager
def alembic_at_hand() -> Iterator[None]:
    """Puts limbeck's modules in Alembic's place, and what was there back."""
    if importlib.util.find_spec("sqlalchemy") is None:
        yield  # limbeck's stand on it; a function that takes its step needs neither
        return
    before = {name: module for name, module in sys.modules.items() if name == "alembic" or name.startswith("alembic.")}
    for name in before:
        del sys.modules[name]
    sys.modules["alembic"] = importlib.import_module("limbeck.alembic")
    for name in _MODULES:
        ours = "limbeck.op" if name == "op" else f"limbeck.alembic.{name}"
        sys.modules[f"alembic.{name}"] = importlib.import_module(ours)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name == "alembic" or name.startswith("alembic.")]:
            del sys.modules[name]
        sys.modules.update(before)
