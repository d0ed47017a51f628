"""``alembic.util``: what env.py files and helpers import from it."""

from typing import Any

from ..errors import LimbeckError as CommandError

__all__ = ["CommandError", "asbool", "to_list", "to_tuple"]


def asbool(value: Any) -> bool:
    """A setting's text as a truth value."""
    return str(value).strip().lower() in ("true", "yes", "on", "y", "t", "1") if value is not None else False


def to_tuple(value: Any, default: Any = None) -> Any:
    """A value, or several, as a tuple."""
    if value is None:
        return default
    return (value,) if isinstance(value, str) else tuple(value)


def to_list(value: Any, default: Any = None) -> Any:
    """A value, or several, as a list."""
    found = to_tuple(value, default)
    return found if found is None else list(found)
