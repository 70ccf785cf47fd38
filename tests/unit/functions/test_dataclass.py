"""Dataclasses without code generation, beside those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import KW_ONLY, FrozenInstanceError, InitVar, field
from typing import Any, ClassVar

import pytest

from vending.dataclass import dataclass

OPTIONS = [
    {},
    {"frozen": True},
    {"slots": True},
    {"frozen": True, "slots": True},
    {"kw_only": True},
    {"eq": False},
    {"eq": False, "frozen": True},
    {"repr": False, "match_args": False},
    {"init": False},
    {"order": True},
    {"unsafe_hash": True},
]


def plain(decorate: Any, **options: Any) -> Any:
    @decorate(**options)
    class Plain:
        """Of each kind of field one."""

        number: int = 1
        text: str = field(default="a", repr=False)
        items: list[int] = field(default_factory=list, compare=False)
        unhashed: int = field(default=2, hash=False)
        fixed: int = field(default=3, init=False)
        made: tuple[int, ...] = field(default_factory=tuple, init=False)
        shared: ClassVar[int] = 5

    return Plain


def own_methods(decorate: Any, **options: Any) -> Any:
    @decorate(**options)
    class OwnMethods:
        """Has methods of its own where a dataclass may."""

        number: int = 1

        def __init__(self, twice: int = 2) -> None:
            object.__setattr__(self, "number", twice * 2)

        def __repr__(self) -> str:
            return "its own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    return OwnMethods


def equal_by_itself(decorate: Any, **options: Any) -> Any:
    @decorate(**options)
    class EqualByItself:  # noqa: PLW1641  that is what it is for
        """Says nothing of its hash."""

        number: int = 1

        def __eq__(self, other: object) -> bool:
            return True

    return EqualByItself


def unhashable(decorate: Any, **options: Any) -> Any:
    @decorate(**options)
    class Unhashable:
        """Has no hash, and says so."""

        number: int = 1
        __hash__ = None  # type: ignore[assignment]

    return Unhashable


def derived(decorate: Any, **options: Any) -> Any:
    @decorate(**options)
    class Base:
        """What another class is derived from."""

        number: int = 1
        text: str = "a"

    @decorate(**options)
    class Derived(Base):
        """Has a default of its own, and a field more."""

        text: str = "b"
        more: int = 4

        def __post_init__(self) -> None:
            object.__setattr__(self, "more", self.more + 1)

    return Derived


def keywords_later(decorate: Any, **options: Any) -> Any:
    @decorate(**options)
    class KeywordsLater:
        """Takes some by position."""

        number: int = 1
        _: KW_ONLY
        text: str = "a"

    return KeywordsLater


CLASSES = [plain, own_methods, equal_by_itself, unhashable, derived, keywords_later]

DOES: list[Callable[[Any], Any]] = [
    lambda cls: repr(cls()).rpartition("<locals>.")[2].partition(" at 0x")[0],
    lambda cls: cls() == cls(),
    lambda cls: cls() == 3,
    lambda cls: cls(2) == cls(),
    lambda cls: hash(cls()) == hash(cls()),
    lambda cls: len({cls(), cls(), cls(2)}),
    lambda cls: dataclasses.asdict(cls()),
    lambda cls: dataclasses.asdict(cls(2)),
    lambda cls: dataclasses.asdict(cls(number=2)),
    lambda cls: dataclasses.asdict(cls(text="c")),
    lambda cls: dataclasses.asdict(cls(2, "c")),
    lambda cls: dataclasses.asdict(dataclasses.replace(cls(), number=7)),
    lambda cls: dataclasses.asdict(copy.copy(cls())),
    lambda cls: dataclasses.asdict(copy.deepcopy(cls())),
    lambda cls: [one.name for one in dataclasses.fields(cls)],
    lambda cls: cls.__match_args__,
    lambda cls: cls.__slots__,
    lambda cls: cls().__dict__,
    lambda cls: repr(cls.number),
    lambda cls: cls.__hash__ is None,
    lambda cls: (cls.__name__, cls.__doc__, cls.__init__.__name__),
    lambda cls: setattr(cls(), "number", 2),
    lambda cls: delattr(cls(), "number"),
    lambda cls: setattr(type("Sub", (cls,), {})(), "number", 2),
    lambda cls: cls(nothing=1),
    lambda cls: cls(1, number=1),
    lambda cls: cls(*range(9)),
    lambda cls: cls(fixed=1),
    lambda cls: cls() < cls(2),
]


SETS_ANOTHER: list[Callable[[Any], Any]] = [
    lambda cls: setattr(cls(), "other", 2),
    lambda cls: vars(_with(type("Sub", (cls,), {})(), other=2))["other"],
]
"""The standard library's frozen classes with slots fail at it: they take `super()` of what they
were before they had slots."""


def _with(one: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(one, name, value)
    return one


def outcome(
    of: Callable[[Any], Any], make: Callable[..., Any], *arguments: Any, **more: Any
) -> Any:
    """What it comes to, with an error as its type."""
    try:
        return of(make(*arguments, **more))
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("make", CLASSES)
def test_class_does_as_the_standard_librarys_does(
    make: Callable[..., Any], options: dict[str, Any]
) -> None:
    tried = DOES if options == {"frozen": True, "slots": True} else DOES + SETS_ANOTHER
    ours = [outcome(does, make, dataclass, **options) for does in tried]
    theirs = [outcome(does, make, dataclasses.dataclass, **options) for does in tried]
    assert ours == theirs


def test_frozen_class_with_slots_refuses_every_attribute() -> None:
    cls = plain(dataclass, frozen=True, slots=True)
    with pytest.raises(FrozenInstanceError):
        setattr(cls(), "other", 2)  # noqa: B010
    assert _with(type("Sub", (cls,), {})(), other=2).other == 2


def test_wrong_arguments_are_named_at_once() -> None:
    @dataclass
    class One:
        """A class."""

        first: int
        second: int
        third: int = 3

    one: Any = One
    with pytest.raises(
        TypeError, match=r"One: first is given twice, second is missing, there is no other$"
    ):
        one(1, first=2, other=3)
    with pytest.raises(TypeError, match=r"One: 4 values by position, 3 at most$"):
        one(1, 2, 3, 4)


def test_frozen_class_with_a_setter_of_its_own_is_refused() -> None:
    for decorate in (dataclass, dataclasses.dataclass):
        with pytest.raises(TypeError, match="__setattr__"):

            @decorate(frozen=True)
            class One:
                """A class."""

                number: int

                def __setattr__(self, name: str, value: Any) -> None:
                    """Set nothing."""


def test_what_is_only_there_while_it_is_made_is_generated() -> None:
    @dataclass
    class One:
        """A class."""

        number: int
        given: InitVar[int] = 2

        def __post_init__(self, given: int) -> None:
            self.number += given

    assert One(1, given=4).number == 5


@dataclass(frozen=True, slots=True)
class Stored:
    """Of a module, as pickle wants it."""

    number: int
    text: str = "a"


def test_frozen_class_with_slots_is_stored_and_read() -> None:
    assert pickle.loads(pickle.dumps(Stored(2))) == Stored(2)
    copied: Any = copy.deepcopy(Stored(2))
    with pytest.raises(FrozenInstanceError):
        copied.number = 3


def test_class_that_refers_to_itself_is_shown() -> None:
    @dataclass
    class One:
        """A class."""

        inner: Any = None

    one = One()
    one.inner = one
    assert repr(one).endswith("One(inner=...)")
