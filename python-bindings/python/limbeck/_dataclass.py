"""``@dataclass(frozen=True)`` for what each launch makes.

Importing Python's own, and having it write and compile the methods of each class, takes several times as long as all else that
a launch does. Here the methods are written once, for all classes. What is left is made by ``dataclasses`` itself when somebody
asks for it: ``is_dataclass``, ``fields``, ``asdict`` and ``replace`` do, through ``__dataclass_fields__``.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn


class field:
    """A member whose default is made anew for each object."""

    def __init__(self, *, default_factory: Callable[[], Any]) -> None:
        self.default_factory = default_factory


def dataclass(*, frozen: bool) -> Callable[[type], type]:
    """As ``dataclasses.dataclass``, of which it knows what this package uses: objects that do not change."""
    assert frozen
    return _made


def _made(kind: Any) -> Any:
    kind._defaults = {name: vars(kind)[name] for name in kind.__annotations__ if name in vars(kind)}
    for name, default in kind._defaults.items():
        if isinstance(default, field):
            delattr(kind, name)
    setattr(kind, "__match_args__", tuple(kind.__annotations__))
    for method in (__init__, __repr__, __eq__, __hash__, __setattr__, __delattr__):
        setattr(kind, method.__name__, method)
    if sys.version_info >= (3, 13):
        kind.__replace__ = __replace__
    for name in ("__dataclass_fields__", "__dataclass_params__"):
        setattr(kind, name, _Asked(kind, name))
    return kind


def __init__(self: Any, /, *values: Any, **named: Any) -> None:
    kind, members = type(self), self.__dict__
    names, defaults = kind.__match_args__, kind._defaults
    if len(values) > len(names):
        raise TypeError(f"{kind.__name__} takes {len(names)} values, not {len(values)}")
    members.update(zip(names, values))
    for name in names[len(values):]:
        if name in named:
            members[name] = named.pop(name)
        elif name in defaults:
            default = defaults[name]
            members[name] = default.default_factory() if isinstance(default, field) else default
        else:
            raise TypeError(f"{kind.__name__} needs a value for '{name}'")
    if named:
        raise TypeError(f"{kind.__name__} takes no '{next(iter(named))}', or has it already")


def __repr__(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"


def __eq__(self: Any, other: object) -> bool:
    return self.__dict__ == other.__dict__ if type(self) is type(other) else NotImplemented


def __hash__(self: Any) -> int:
    return hash(tuple(self.__dict__.values()))


def __setattr__(self: Any, name: str, value: Any) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: Any, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def __replace__(self: Any, /, **changes: Any) -> Any:
    return type(self)(**{**self.__dict__, **changes})


class _Asked:
    """In the place of what only ``dataclasses`` makes, until somebody asks for it."""

    def __init__(self, kind: Any, name: str) -> None:
        self._kind = kind
        self._name = name

    def __get__(self, _instance: Any, _kind: Any) -> Any:
        import dataclasses

        kind = self._kind
        defaults = {
            name: dataclasses.field(default_factory=default.default_factory) if isinstance(default, field) else default
            for name, default in kind._defaults.items()
        }
        its = {"__annotations__": kind.__annotations__, "__module__": kind.__module__, "__doc__": kind.__doc__}
        twin: Any = dataclasses.dataclass(frozen=True)(type(kind.__name__, (), {**its, **defaults}))
        setattr(kind, self._name, getattr(twin, self._name))
        return getattr(kind, self._name)
