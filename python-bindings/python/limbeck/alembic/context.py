"""``alembic.context``: the environment of the ``env.py`` that is running."""

from typing import Any

from .runtime import environment


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(environment.current(), name)
