"""AWS's facts about actions: the ARNs they take, their condition keys, the actions they depend on.

`reference.json` holds them, for all actions of the services that the functions call or that the
embedded AWS checks. `make permissions` makes it from the Service Authorization Reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("reference.json")

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")

_PREFIXES = {
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
"""Prefixes of actions where they are not the SDK's name of the service."""


class UnknownAction(Exception):
    """AWS's facts have no such action or resource type; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action, by its full name such as `organizations:MoveAccount`.

    `resource_types` are names such as `organizations:account`; none means that the action is
    granted on `*` only. `condition_keys` are the service's own, which every call has besides AWS's
    global ones. `dependent_actions` are what AWS does, with the caller's rights, on its behalf.
    """

    name: str
    resource_types: tuple[str, ...] = ()
    condition_keys: tuple[str, ...] = ()
    dependent_actions: tuple[str, ...] = ()


@cache
def _services() -> Mapping[str, Any]:
    services: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))["services"]
    return services


@cache
def find(name: str) -> Action | None:
    """The action of this full name; None for what the facts do not have."""
    prefix, _, short = name.partition(":")
    facts = _services().get(prefix, {}).get("actions", {}).get(short)
    if facts is None:
        return None
    return Action(
        name=name,
        resource_types=tuple(f"{prefix}:{one}" for one in facts.get("resources", ())),
        condition_keys=tuple(facts.get("conditionKeys", ())),
        dependent_actions=tuple(facts.get("dependentActions", ())),
    )


def get(name: str) -> Action:
    """The action of this full name.

    Raises:
        UnknownAction: the facts do not have it.
    """
    found = find(name)
    if found is None:
        raise UnknownAction(
            f"{name}: AWS has no such action; or its service is new here, then run "
            "`make permissions`"
        )
    return found


def arn_template(resource_type: str) -> str:
    """AWS's form of the ARN of a type such as `organizations:account`, with `${…}` for its parts.

    Raises:
        UnknownAction: the facts do not have the type.
    """
    prefix, _, short = resource_type.partition(":")
    template = _services().get(prefix, {}).get("resources", {}).get(short)
    if template is None:
        raise UnknownAction(f"{resource_type}: AWS has no such type of resource")
    return str(template)


def fill(template: str, value_of: Callable[[str], str]) -> str:
    """The template with the value of each of its parts, asked for by the part's name."""
    return _PLACEHOLDER.sub(lambda part: value_of(part[1]), template)


def sdk_service(prefix: str) -> str:
    """The SDK's name of the service whose actions have this prefix."""
    return next((name for name, other in _PREFIXES.items() if other == prefix), prefix)


def prefix_of(sdk_name: str) -> str:
    """The prefix of the actions of a service that the SDK calls so."""
    return _PREFIXES.get(sdk_name, sdk_name)
