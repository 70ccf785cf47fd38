"""The embedded organization's things as a test sees them: by AWS's names, readable and changeable.

What a test changes here it changes in the embedded AWS itself, past every check of the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSet
from typing import Any

ACCOUNT = {
    "Email": "email",
    "JoinedMethod": "joined_method",
    "JoinedTimestamp": "create_time",
    "Name": "name",
    "State": "state",
    "parent": "parent_id",
    "tags": "tags",
}
CREATION = {"State": "state", "AccountId": "account_id", "FailureReason": "failure_reason"}
HANDSHAKE = {"State": "state"}
POLICY: dict[str, str] = {}
UNIT = {"Name": "name", "parent": "parent_id"}


class Thing(MutableMapping[str, Any]):
    """One thing; `attributes` are what can be set, by AWS's name."""

    def __init__(
        self,
        thing: Any,
        attributes: Mapping[str, str],
        describe: Callable[[Any], dict[str, Any]],
        before_set: Callable[[str, Any], None],
    ) -> None:
        self.thing = thing
        self._attributes = attributes
        self._describe = describe
        self._before_set = before_set

    def __getitem__(self, name: str) -> Any:
        return self._described()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._before_set(name, value)
        setattr(self.thing, self._attributes[name], value)

    def __delitem__(self, name: str) -> None:
        setattr(self.thing, self._attributes[name], None)

    def __ior__(self, changes: Mapping[str, Any]) -> Thing:
        self.update(changes)
        return self

    def __iter__(self) -> Iterator[str]:
        return iter(self._described())

    def __len__(self) -> int:
        return len(self._described())

    def _described(self) -> dict[str, Any]:
        own = {
            name: getattr(self.thing, attribute)
            for name, attribute in self._attributes.items()
            if name.islower()
        }
        return self._describe(self.thing) | own


class Listed(MutableMapping[str, Thing]):
    """Things of a list or a dict of the embedded organization, by their ids."""

    def __init__(
        self,
        things: Any,
        attributes: Mapping[str, str],
        describe: Callable[[Any], dict[str, Any]] = lambda thing: dict(thing.describe()),
        shown: Callable[[Any], bool] = lambda _: True,
        before_set: Callable[[str, Any], None] = lambda _, __: None,
    ) -> None:
        self._things = things
        self._attributes = attributes
        self._describe = describe
        self._shown = shown
        self._before_set = before_set

    def __getitem__(self, thing_id: str) -> Thing:
        thing = self._by_id()[thing_id]
        return Thing(thing, self._attributes, self._describe, self._before_set)

    def __setitem__(self, thing_id: str, thing: Thing) -> None:
        assert thing.thing.id == thing_id
        if isinstance(self._things, dict):
            self._things[thing_id] = thing.thing
        elif thing_id not in self._by_id():
            self._things.append(thing.thing)

    def __delitem__(self, thing_id: str) -> None:
        thing = self._by_id()[thing_id]
        if isinstance(self._things, dict):
            del self._things[thing_id]
        else:
            self._things.remove(thing)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id())

    def __len__(self) -> int:
        return len(self._by_id())

    def _by_id(self) -> dict[str, Any]:
        things = self._things.values() if isinstance(self._things, dict) else self._things
        return {one.id: one for one in things if self._shown(one)}


class Dated(MutableSet[str]):
    """The keys of a dict that says since when each has been there."""

    def __init__(self, dated: dict[str, Any], now: Callable[[], Any]) -> None:
        self._dated = dated
        self._now = now

    def __contains__(self, one: object) -> bool:
        return one in self._dated

    def __iter__(self) -> Iterator[str]:
        return iter(self._dated)

    def __len__(self) -> int:
        return len(self._dated)

    def add(self, value: str) -> None:
        """Be there from now on."""
        self._dated.setdefault(value, self._now())

    def discard(self, value: str) -> None:
        """Be there no more."""
        self._dated.pop(value, None)
