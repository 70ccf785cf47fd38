"""`dataclasses.dataclass` without code generation.

The standard library writes up to eight methods for each class and compiles them while the class is
made, which takes half a millisecond: with the classes of pydantic and of the functions a seventh of
a cold start. Here classes share methods that go through their fields: slower when called, faster
for a process that makes few instances. `field`, `fields`, `replace`, `asdict` and `match` work as
usual.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, InitVar, field
from itertools import chain
from reprlib import recursive_repr
from typing import Any, dataclass_transform

_generated = dataclasses.dataclass
"""The standard library's own, whatever stands in its place while a library is imported."""


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    cls: type | None = None,
    /,
    *,
    init: bool = True,
    repr: bool = True,  # noqa: A002  as the standard library calls it
    eq: bool = True,
    frozen: bool = False,
    slots: bool = False,
    **others: Any,
) -> Any:
    """The class as `dataclasses.dataclass` makes it, or the decorator that makes it so.

    Two things differ: `__init__` has no signature, and names everything that is wrong at once; and
    `__dataclass_params__` says of each method made here that it was not generated, so that frozen
    classes made here and by the standard library cannot be derived from each other. What is not
    made here (methods that order, `unsafe_hash`, `InitVar`) is generated as ever.

    Raises:
        TypeError: a frozen class has a `__setattr__` or a `__delattr__` of its own.
    """

    def make(cls: type) -> Any:
        if others.get("order") or others.get("unsafe_hash") or _has_init_var(cls):
            every = {"init": init, "repr": repr, "eq": eq, "frozen": frozen, "slots": slots}
            return _generated(**every, **others)(cls)
        own = dict(vars(cls))
        made: Any = _generated(init=False, repr=False, eq=False, slots=slots, **others)(cls)
        if init and "__init__" not in own:
            made.__init__ = _init_of(made, frozen=frozen, slots=slots)
        if repr and "__repr__" not in own:
            made.__repr__ = _repr
        if eq:
            _compare(made, own, frozen=frozen)
        if frozen:
            _freeze(made, own, slots=slots)
        return made

    return make if cls is None else make(cls)


def _has_init_var(cls: type) -> bool:
    annotations = chain.from_iterable(
        vars(base).get("__annotations__", {}).values() for base in cls.__mro__
    )
    return any(
        "InitVar" in each if isinstance(each, str) else each is InitVar or type(each) is InitVar
        for each in annotations
    )


def _init_of(cls: Any, *, frozen: bool, slots: bool) -> Callable[..., None]:
    every = dataclasses.fields(cls)
    taken = [one for one in every if one.init]
    positional = [one.name for one in taken if not one.kw_only]
    untaken = [
        one
        for one in every
        if not one.init
        and (one.default_factory is not MISSING or (slots and one.default is not MISSING))
    ]
    put: Callable[[Any, str, Any], None] = object.__setattr__ if frozen else setattr
    has_post_init = hasattr(cls, "__post_init__")

    def __init__(self: Any, /, *values: Any, **named: Any) -> None:  # noqa: N807
        given = {**dict(zip(positional, values, strict=False)), **named}
        if len(given) != len(values) + len(named):
            raise _wrong(cls, taken, positional, values, named)
        left = len(given)
        for one in taken:
            name = one.name
            if name in given:
                left -= 1
                put(self, name, given[name])
            elif one.default is not MISSING:
                put(self, name, one.default)
            elif one.default_factory is not MISSING:
                put(self, name, one.default_factory())
            else:
                raise _wrong(cls, taken, positional, values, named)
        if left:
            raise _wrong(cls, taken, positional, values, named)
        for one in untaken:
            factory = one.default_factory
            put(self, one.name, one.default if factory is MISSING else factory())
        if has_post_init:
            self.__post_init__()

    return __init__


def _wrong(
    cls: type,
    taken: Sequence[Field[Any]],
    positional: Sequence[str],
    values: Sequence[Any],
    named: Mapping[str, Any],
) -> TypeError:
    by_position = positional[: len(values)]
    problems = []
    if len(values) > len(positional):
        problems.append(f"{len(values)} values by position, {len(positional)} at most")
    problems += [f"{name} is given twice" for name in by_position if name in named]
    problems += [
        f"{one.name} is missing"
        for one in taken
        if one.default is MISSING
        and one.default_factory is MISSING
        and one.name not in named
        and one.name not in by_position
    ]
    known = {one.name for one in taken}
    problems += [f"there is no {name}" for name in named if name not in known]
    return TypeError(f"{cls.__qualname__}: {', '.join(problems)}")


@recursive_repr()
def _repr(self: Any) -> str:
    shown = [one.name for one in dataclasses.fields(self) if one.repr]
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({values})"


def _compare(cls: Any, own: Mapping[str, Any], *, frozen: bool) -> None:
    """Equality of instances of the very class, and with it the hash: none where they may change."""
    every = dataclasses.fields(cls)
    compared = [one.name for one in every if one.compare]
    hashed = [one.name for one in every if (one.compare if one.hash is None else one.hash)]

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if type(self) is not type(other):
            return NotImplemented
        return [getattr(self, name) for name in compared] == [
            getattr(other, name) for name in compared
        ]

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(tuple(getattr(self, name) for name in hashed))

    if "__eq__" not in own:
        cls.__eq__ = __eq__
    # Python itself puts None where a class has an __eq__ and says nothing of its hash.
    if "__hash__" not in own or (own["__hash__"] is None and "__eq__" in own):
        cls.__hash__ = __hash__ if frozen else None


def _freeze(cls: Any, own: Mapping[str, Any], *, slots: bool) -> None:
    names = frozenset(one.name for one in dataclasses.fields(cls))

    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    if "__setattr__" in own or "__delattr__" in own:
        raise TypeError(f"{cls.__qualname__} has a __setattr__ or a __delattr__ of its own")
    cls.__setattr__ = __setattr__
    cls.__delattr__ = __delattr__
    if slots:
        if "__getstate__" not in own:
            cls.__getstate__ = _values
        if "__setstate__" not in own:
            cls.__setstate__ = _restore


def _values(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _restore(self: Any, state: Sequence[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
