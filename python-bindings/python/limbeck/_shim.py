"""``import alembic`` inside version files and ``env.py`` gives limbeck's, installed Alembic or not."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from contextlib import contextmanager
from types import ModuleType
from typing import Callable, Iterator

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


class Shared:
    """Something of the whole process that is another for a while, on as many threads as want it: the first swaps it, the
    last puts it back.
    """

    def __init__(self, swap: Callable[[], Callable[[], None]]) -> None:
        self._swap = swap
        self._lock = threading.Lock()
        self._users = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self._back = self._swap()
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._back()


def _no_bytecode() -> Callable[[], None]:
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True

    def back() -> None:
        sys.dont_write_bytecode = before

    return back


#: No ``.pyc`` beside the files that are run.
no_bytecode = Shared(_no_bytecode)


def _of_alembic() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name == "alembic" or name.startswith("alembic.")}


def _swap_alembic() -> Callable[[], None]:
    before = _of_alembic()
    for name in before:
        del sys.modules[name]
    sys.modules["alembic"] = importlib.import_module("limbeck.alembic")
    for name in _MODULES:
        sys.modules[f"alembic.{name}"] = importlib.import_module(_ours(name))

    def back() -> None:
        for name in _of_alembic():
            del sys.modules[name]
        sys.modules.update(before)

    return back


def _ours(name: str) -> str:
    return "limbeck.op" if name == "op" else f"limbeck.alembic.{name}"


_alembic = Shared(_swap_alembic)


@contextmanager
def alembic_at_hand() -> Iterator[None]:
    """Puts limbeck's modules in Alembic's place, and what was there back."""
    if importlib.util.find_spec("sqlalchemy") is None:
        yield  # limbeck's stand on it; a function that takes its step needs neither
        return
    # Before the lock: an import has locks of its own.
    for name in _MODULES:
        importlib.import_module(_ours(name))
    with _alembic:
        yield
