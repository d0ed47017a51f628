"""Python version files → what the core needs to know of them."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Callable, Iterable, Optional

from . import errors
from ._run import Scope


@dataclass(frozen=True)
class CodeFile:
    """A revision whose body is Python: the members that the core's ``Code`` has."""

    name: str
    text: str
    revision: Optional[str]
    revises: Optional[list[str]]
    branch_labels: list[str]
    depends_on: list[str]
    message: Optional[str]
    created: Optional[str]
    up: Callable[..., None]
    down: Optional[Callable[..., None]]


def load(path: str, name: str, scope: Scope, of_alembic: bool = False) -> CodeFile:
    """Runs a version file, and reads what it says of itself. One of Alembic's names its revision; another may have it from its name.

    Errors: ``BadDirective`` for a file that is no revision, or has no ``upgrade()`` that can be called; what the file raises, be it a ``SyntaxError`` or an ``ImportError``: its traceback names the line.
    """
    module = run_file(path)
    revision = getattr(module, "revision", None)
    if revision is not None and not isinstance(revision, str):
        raise errors.BadDirective(f"revision is {revision!r}", hint="write it as a string", file=path)
    if revision is None and of_alembic:
        raise errors.BadDirective(
            f"'{os.path.basename(path)}' names no revision",
            hint="write revision = \"<id>\" in it, or move it elsewhere if it is none", file=path,
        )
    if not hasattr(module, "upgrade"):
        raise errors.BadDirective(
            f"'{os.path.basename(path)}' defines no upgrade()",
            hint="write 'def upgrade(): pass' if there is nothing to do, or move the file elsewhere if it is no revision", file=path,
        )
    text = module.__doc__ or ""
    created = re.search(r"^Create Date: *(.+)$", text, re.MULTILINE)
    message = text.strip().splitlines()[0].strip() if text.strip() else None
    revises = _ids(module, "down_revision", path) if of_alembic or hasattr(module, "down_revision") else None
    down = getattr(module, "downgrade", None)
    return CodeFile(
        name=name,
        text=text,
        revision=revision,
        revises=revises,
        branch_labels=_ids(module, "branch_labels", path),
        depends_on=_ids(module, "depends_on", path),
        message=message,
        created=created and created[1].strip(),
        up=_body("upgrade", getattr(module, "upgrade"), scope, path),
        down=None if down is None else _body("downgrade", down, scope, path),
    )


def _body(name: str, function: Any, scope: Scope, path: str) -> Callable[..., None]:
    # What would be called, and not run: its revision would be recorded all the same.
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise errors.BadDirective(f"{name}() is asynchronous", hint="write it with def, without async", file=path)
    if inspect.isgeneratorfunction(function):
        raise errors.BadDirective(f"{name}() is a generator", hint="write it without yield", file=path)
    if not callable(function):
        raise errors.BadDirective(f"{name} is {function!r}, which is no function", hint=f"write it as def {name}():", file=path)
    try:
        (only,) = inspect.signature(function).parameters.values()
        # One with a default is the revision's own, and Alembic calls it without.
        takes_step = only.default is only.empty and only.kind in (only.POSITIONAL_ONLY, only.POSITIONAL_OR_KEYWORD)
    except (TypeError, ValueError):
        takes_step = False
    return scope.body(function, takes_step)


def _ids(module: ModuleType, name: str, path: str) -> list[str]:
    value = getattr(module, name, None)
    ids = [value] if isinstance(value, str) else list(value or []) if isinstance(value, (Iterable, type(None))) else None
    if ids is None or not all(isinstance(each, str) for each in ids):
        raise errors.BadDirective(f"{name} is {value!r}", hint="write a string, a tuple of them, or None", file=path)
    return ids


def run_file(path: str, name: Optional[str] = None) -> ModuleType:
    """Runs a Python file as a module of its own, with ``alembic`` at hand, and leaves no ``.pyc`` behind."""
    name = name or "limbeck_revision_" + re.sub(r"\W", "_", os.path.basename(path))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise errors.SourceUnreadable(f"cannot read '{path}'", hint="name a Python file", file=path)
    module = importlib.util.module_from_spec(spec)
    from ._shim import alembic_at_hand, no_bytecode

    with no_bytecode, alembic_at_hand():
        spec.loader.exec_module(module)
    return module
