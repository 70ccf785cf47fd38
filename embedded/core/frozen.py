"""Frozen classes with keyword-only fields, as `dataclass` makes them but without compiling.

`dataclasses` writes six methods for each class and compiles them while it is imported, which takes
half a millisecond: with fifty classes, a twentieth of a start. The functions have such a decorator
too; nothing here imports what is deployed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar, NoReturn, TypeVar, cast, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """The class, frozen, with fields that are given by name."""
    for name in ("__init__", "__repr__", "__eq__", "__hash__", "__setattr__", "__delattr__"):
        setattr(cls, name, vars(_Frozen)[name])
    made: Any = dataclass(init=False, repr=False, eq=False, match_args=False, kw_only=True)(cls)
    compared = [each.name for each in made.__dataclass_fields__.values() if each.compare]
    made._values = staticmethod(attrgetter(*compared))
    return cast("type[T]", made)


class _Frozen:
    """What all frozen classes share."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _values: Callable[[Any], Any]
    """What of an instance is compared."""

    def __init__(self, /, **given: Any) -> None:
        known = self.__dataclass_fields__
        if given.keys() != known.keys():
            if unknown := given.keys() - known.keys():
                raise TypeError(f"{type(self).__qualname__} has no {', '.join(sorted(unknown))}")
            given = {
                name: given[name] if name in given else _default(self, one)
                for name, one in known.items()
            }
        self.__dict__.update(given)

    def __repr__(self) -> str:
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self._values(self) == self._values(other))

    def __hash__(self) -> int:
        return hash(self._values(self))

    def __setattr__(self, name: str, _: Any) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"cannot delete field {name!r}")


def _default(one: Any, missing: Field[Any]) -> Any:
    if missing.default is not MISSING:
        return missing.default
    if missing.default_factory is not MISSING:
        return missing.default_factory()
    raise TypeError(f"{type(one).__qualname__} needs {missing.name}")
