"""What a resource's own policy says to a service, to a principal or to everybody.

Source: "Identity-based policies and resource-based policies", IAM User Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from embedded.core.principal import Principal
from embedded.policies.patterns import Values
from embedded.policies.policy import Decision, compile_policy, decide

EVERYBODY = "*"


def statements(document: str | bytes) -> list[dict[str, Any]]:
    """The statements of a policy's text."""
    found = json.loads(document)["Statement"]
    return [found] if isinstance(found, dict) else list(found)


def decision(
    given: Iterable[dict[str, Any]],
    *,
    service: str | None = None,
    principal: Principal | None = None,
    role_arn: str = "",
    action: str,
    resource: str,
    context: Mapping[str, Values],
) -> Decision:
    """What the policy's statements say to `service`, to `principal`, whose own role has
    `role_arn`, or to no one in particular without.

    That an account of its own trusts its principals is no allowance: a statement that names the
    account of `principal` counts where the resource is another account's.

    Raises:
        PolicyInvalid: the policy cannot be understood.
    """
    named = set() if principal is None else _names_of(principal, role_arn, resource)
    meant = [_identity(each) for each in given if _names(each.get("Principal"), service, named)]
    policy = {"Version": "2012-10-17", "Statement": meant}
    return decide(compile_policy(policy), action, resource, context)


def _names_of(principal: Principal, role_arn: str, resource: str) -> set[str]:
    """How a policy may name the principal."""
    names = {principal.arn, role_arn} - {""}
    if resource.split(":")[4:5] != [principal.account_id]:
        root = f"arn:{principal.partition}:iam::{principal.account_id}:root"
        names |= {principal.account_id, root}
    return names


def _names(principal: Any, service: str | None, named: set[str]) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == EVERYBODY or (service is not None and principal == service))
    services = principal.get("Service", [])
    identities = _list(principal.get("AWS", []))
    return (
        EVERYBODY in identities
        or not named.isdisjoint(identities)
        or (service is not None and service in _list(services))
    )


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _identity(statement: dict[str, Any]) -> dict[str, Any]:
    """Without its principal; about any resource where it names none, as Lambda's may."""
    kept = {name: value for name, value in statement.items() if name != "Principal"}
    if not {"Resource", "NotResource"} & kept.keys():
        kept["Resource"] = EVERYBODY
    return kept
