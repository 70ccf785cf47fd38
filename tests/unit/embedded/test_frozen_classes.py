"""Frozen classes are as the standard library's."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest

from embedded.core.frozen import frozen


@frozen
class Ours:
    """With each kind of field."""

    name: str
    parts: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    note: str | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """The same."""

    name: str
    parts: list[str] = field(default_factory=list)
    secret: str = field(default="s", repr=False)
    note: str | None = field(default=None, compare=False)


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_values_are_kept_and_compared(kind: Any) -> None:
    one = kind(name="a", parts=["b"], note="x")

    assert asdict(one) == {"name": "a", "parts": ["b"], "secret": "s", "note": "x"}
    assert one == kind(name="a", parts=["b"]) != kind(name="a")
    assert one != (Theirs if kind is Ours else Ours)(name="a", parts=["b"])
    assert replace(one, name="c") == kind(name="c", parts=["b"])
    assert hash(kind(name="a", parts=())) == hash(kind(name="a", parts=(), note="y"))
    assert [each.name for each in fields(one)] == ["name", "parts", "secret", "note"]
    assert repr(one) == f"{kind.__name__}(name='a', parts=['b'], note='x')"
    assert kind(name="a").parts is not kind(name="a").parts
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one


@pytest.mark.parametrize("kind", [Ours, Theirs])
def test_nothing_else_can_be_given_and_nothing_changed(kind: Any) -> None:
    one = kind(name="a")

    for wrong in ({}, {"name": "a", "other": "b"}):
        with pytest.raises(TypeError):
            kind(**wrong)
    with pytest.raises(TypeError):
        kind("a")
    with pytest.raises(FrozenInstanceError):
        one.name = "b"
    with pytest.raises(FrozenInstanceError):
        del one.name
