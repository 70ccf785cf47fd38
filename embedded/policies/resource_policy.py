"""What a resource's own policy says to a service or to everybody.

Source: "Identity-based policies and resource-based policies", IAM User Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

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
    action: str,
    resource: str,
    context: Mapping[str, Values],
) -> Decision:
    """What the policy's statements say to `service`, or to no one in particular without.

    Raises:
        PolicyInvalid: the policy cannot be understood.
    """
    meant = [_identity(each) for each in given if _names(each.get("Principal"), service)]
    policy = {"Version": "2012-10-17", "Statement": meant}
    return decide(compile_policy(policy), action, resource, context)


def _names(principal: Any, service: str | None) -> bool:
    if not isinstance(principal, dict):
        return bool(principal == EVERYBODY or (service is not None and principal == service))
    named = principal.get("Service", [])
    everybody = EVERYBODY in _list(principal.get("AWS", []))
    return everybody or (service is not None and service in _list(named))


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _identity(statement: dict[str, Any]) -> dict[str, Any]:
    """Without its principal; about any resource where it names none, as Lambda's may."""
    kept = {name: value for name, value in statement.items() if name != "Principal"}
    if not {"Resource", "NotResource"} & kept.keys():
        kept["Resource"] = EVERYBODY
    return kept
