"""A resource that a call names: what the modules of each service find in its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from embedded.authorization.required_permission import no_tags
from embedded.core.frozen import frozen
from embedded.policies.patterns import Values
from embedded.protocols.protocols import ApiCall
from permissions import reference

ANY = "*"


@frozen
class Resource:
    """One resource, by its ARN, of the service's `types` such as `table`.

    It counts only for an action that AWS authorizes on one of its types; no types mean that it
    counts for every action. `action` is the full name of the action that is taken on it, where that
    is another than the call's own. `parameters` are the part of the call that is about it; None for
    the whole call. `context` has values for condition keys beyond those that parameters have.
    """

    arn: str
    types: tuple[str, ...] = ()
    action: str | None = None
    parameters: Mapping[str, Any] | None = None
    context: Mapping[str, Values] = field(default_factory=dict)
    tags: Callable[[], Mapping[str, str]] = no_tags
    dependency: str | None = None


def arn_of(call: ApiCall, account_id: str, resource_type: str, **parts: str) -> str:
    """The ARN, in AWS's form, of a resource of a type such as `dynamodb:table`.

    `parts` are what that form calls its parts; partition and region are those of the call.
    """
    values = {"Partition": call.partition, "Region": call.region, "Account": account_id, **parts}
    return reference.fill(reference.arn_template(resource_type), values.__getitem__)


def named(call: ApiCall, account_id: str, resource_type: str, part: str, value: str) -> Resource:
    """The resource that a call names by its ARN, or by the one `part` of it that varies."""
    arn = (
        value
        if value.startswith("arn:")
        else arn_of(call, account_id, resource_type, **{part: value})
    )
    return Resource(arn=arn, types=(resource_type.partition(":")[2],))


def by_names(call: ApiCall, account_id: str, action: str) -> tuple[Resource, ...]:
    """The resource of `action` whose ARN has most parts that parameters of the call are named as.

    A part that no parameter has stands as `*`, which only a pattern that takes all there matches.
    """
    facts = reference.find(action)
    given = {name.lower(): value for name, value in call.parameters.items()}
    known = {
        "partition": call.partition,
        "region": call.region,
        "account": account_id,
        "managementaccountid": account_id,
    }

    def candidate(resource_type: str) -> tuple[int, str]:
        named_parts: list[str] = []

        def value_of(part: str) -> str:
            name = part.lower()
            if name in known:
                return known[name]
            values = [v for one, v in given.items() if name.endswith(one) and isinstance(v, str)]
            named_parts.extend(values[:1])
            return values[0] if values else ANY

        arn = reference.fill(reference.arn_template(resource_type), value_of)
        return len(named_parts), arn

    candidates = [candidate(one) for one in (facts.resource_types if facts else ())]
    if not candidates:
        return ()
    return (Resource(arn=max(candidates, key=lambda one: one[0])[1]),)
