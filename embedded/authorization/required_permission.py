"""The unit of authorization: one action on one resource, with the values for its conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from embedded.core.frozen import frozen
from embedded.policies.patterns import Values


def no_tags() -> Mapping[str, str]:
    """The tags of a resource that has none, or does not exist."""
    return {}


@frozen
class RequiredPermission:
    """One action that must be allowed on one resource.

    `context` maps condition keys in lower case to values; `tags` looks up the resource's tags, and
    is called only when a policy asks for them. `dependency` is the Reason of
    AccessDeniedForDependencyException, for an action that the service takes on the caller's behalf
    and refuses so.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, Values] = field(default_factory=dict)
    tags: Callable[[], Mapping[str, str]] = no_tags
    dependency: str | None = None


class RequestContext(Mapping[str, Values]):
    """The condition values of one permission, the caller's and the request's together."""

    def __init__(self, permission: RequiredPermission, globals_: Mapping[str, Values]) -> None:
        self._values = {**globals_, **permission.context}
        self._permission = permission
        self._prefixes = (
            "aws:resourcetag/",
            f"{permission.action.partition(':')[0]}:resourcetag/",
        )

    def __getitem__(self, key: str) -> Values:
        found = self._values.get(key)
        if found is not None:
            return found
        for prefix in self._prefixes:
            if key.startswith(prefix):
                wanted = key.removeprefix(prefix)
                for name, value in self._permission.tags().items():
                    if name.lower() == wanted:
                        return (value,)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def request_tags(parameters: Mapping[str, Any]) -> dict[str, Values]:
    """aws:RequestTag/* and aws:TagKeys of a call, in whichever form the service takes tags."""
    tags = parameters.get("Tags") or parameters.get("tags") or {}
    if not isinstance(tags, Mapping):
        tags = {_member(tag, "Key"): _member(tag, "Value") for tag in tags}
    context: dict[str, Values] = {f"aws:requesttag/{k}".lower(): (str(v),) for k, v in tags.items()}
    keys = list(tags) or parameters.get("TagKeys") or parameters.get("tagKeys")
    if keys:
        context["aws:tagkeys"] = tuple(str(key) for key in keys)
    return context


def _member(tag: Mapping[str, Any], name: str) -> str:
    return str(tag.get(name, tag.get(name.lower(), "")))


def single(key: str, value: Any) -> dict[str, Values]:
    """A context of one key; empty when there is no value."""
    return {key: (str(value),)} if value not in (None, "") else {}
