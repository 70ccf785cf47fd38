"""The form of what narrows a grant: `infra/grant_exceptions.py` has those that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STATES = "arn:${Partition}:states:${Region}:${Account}"
"""What the ARNs of this account's state machines and executions begin with."""

ANNOUNCEMENTS_SOURCE = "account-vending"
"""The source of this system's announcements; nobody else may use it."""

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]


def events_of(source: str | Sequence[str] | None, detail_types: Sequence[str]) -> Conditions:
    """That an event to be put has the source, or one of them, and one of the detail-types.

    Both keys may have the values of several entries of a call (Service Authorization Reference), so
    that all of them have to fit.
    """
    wanted: dict[str, str | Sequence[str]] = {"events:detail-type": list(detail_types)}
    if source is not None:
        wanted["events:source"] = source if isinstance(source, str) else list(source)
    return {
        "ForAllValues:StringEquals": wanted,
        "Null": dict.fromkeys(wanted, "false"),
    }


def machine_of_name(name: str) -> str:
    """The ARN of one of this stack's state machines."""
    return f"{STATES}:stateMachine:{name}"


@dataclass(frozen=True, kw_only=True)
class NarrowerGrant:
    """What holds for `actions`, of all functions or of the named ones, instead of what is derived.

    No `resources` means those of AWS's facts; an empty tuple means that nothing is granted.
    """

    actions: tuple[str, ...]
    reason: str
    functions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    conditions: Conditions | None = None

    def holds_for(self, function: str, action: str) -> bool:
        """Whether it is about this action of this function."""
        return action in self.actions and (self.functions is None or function in self.functions)
