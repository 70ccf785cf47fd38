"""Frozen classes: as the standard library's frozen dataclasses, made without compiling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from vending.frozen import frozen


def one(decorate: Any) -> Any:
    @decorate
    class One:
        """A class of our own."""

        name: str
        number: int = 3
        inner: list[Any] = field(default_factory=list)

        def doubled(self) -> int:
            return self.number * 2

    return One


OURS = one(frozen)
PYTHONS = one(dataclass(frozen=True, kw_only=True))
HASHABLE = {"name": "a", "inner": ()}


@pytest.mark.parametrize(
    "does",
    [
        lambda cls: repr(cls(name="a")),
        lambda cls: repr(cls(name="a", number=4, inner=[cls(name="b")])),
        lambda cls: asdict(cls(name="a", inner=[1])),
        lambda cls: [each.name for each in fields(cls)],
        lambda cls: replace(cls(name="a", number=4), name="b").doubled(),
        lambda cls: cls(name="a") == cls(name="a"),
        lambda cls: cls(name="a") == cls(name="b"),
        lambda cls: cls(name="a") == 3,
        lambda cls: hash(cls(**HASHABLE)) == hash(cls(**HASHABLE)),
        lambda cls: len({cls(**HASHABLE), cls(**HASHABLE), cls(**HASHABLE, number=4)}),
        lambda cls: cls(name="a").inner is cls(name="a").inner,
        lambda cls: (cls.number, cls.__doc__, cls.__name__),
    ],
)
def test_frozen_class_does_as_a_dataclass_does(does: Callable[[Any], Any]) -> None:
    assert does(OURS) == does(PYTHONS)


@pytest.mark.parametrize(
    ("does", "error"),
    [
        (lambda cls: setattr(cls(name="a"), "name", "b"), FrozenInstanceError),
        (lambda cls: setattr(cls(name="a"), "other", "b"), FrozenInstanceError),
        (lambda cls: delattr(cls(name="a"), "name"), FrozenInstanceError),
        (lambda cls: hash(cls(name="a", inner=[])), TypeError),
        (lambda cls: cls(), TypeError),
        (lambda cls: cls("a"), TypeError),
        (lambda cls: cls(name="a", other="b"), TypeError),
        (lambda cls: replace(cls(name="a"), other="b"), TypeError),
    ],
)
def test_frozen_class_refuses_what_a_dataclass_refuses(
    does: Callable[[Any], Any], error: type[Exception]
) -> None:
    for cls in (OURS, PYTHONS):
        with pytest.raises(error):
            does(cls)


def test_wrong_arguments_are_named_at_once() -> None:
    with pytest.raises(TypeError, match=r"One: name is missing, there is no nam, there is no x$"):
        OURS(nam="a", x=1)
