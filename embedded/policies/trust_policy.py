"""Whether a role's trust policy lets a principal or a service assume it. Pure, no AWS, no moto.

Source: "AWS JSON policy elements: Principal" and "Policy evaluation logic", IAM User Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from embedded.core.principal import Principal
from embedded.policies.patterns import Values
from embedded.policies.policy import Decision, PolicyInvalid, compile_policy, decide


def trusts(
    document: str, action: str, principal: Principal, role_arn: str, context: Mapping[str, Values]
) -> bool:
    """Whether the trust policy `document` allows `action` to `principal`.

    `role_arn` is the ARN of the principal's own role, empty when it has none; `context` has the
    condition keys in lower case. A document that cannot be understood trusts nobody.
    """
    account = f"arn:{principal.partition}:iam::{principal.account_id}:root"
    names = {"*", principal.account_id, account, principal.arn, role_arn} - {""}
    return _allows(document, action, "AWS", names, context)


def trusts_service(document: str, services: set[str], context: Mapping[str, Values]) -> bool:
    """Whether the trust policy `document` lets one of the service principals assume the role."""
    return _allows(document, "sts:AssumeRole", "Service", services, context)


def _allows(
    document: str, action: str, kind: str, names: set[str], context: Mapping[str, Values]
) -> bool:
    try:
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {**statement, "Resource": "*"}
                for statement in _statements(document)
                if _names_one_of(statement, kind, names)
            ],
        }
        return decide(compile_policy(policy), action, "*", context) is Decision.ALLOWED
    except (PolicyInvalid, TypeError, ValueError, AttributeError):
        return False


def _statements(document: str) -> Iterator[dict[str, Any]]:
    statements = json.loads(document).get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        yield {**statement}


def _names_one_of(statement: dict[str, Any], kind: str, names: set[str]) -> bool:
    """Whether a statement names a principal of the kind; takes its Principal element out."""
    principals = statement.pop("Principal", {})
    if principals == "*":
        return True
    listed = principals.get(kind, [])
    return not names.isdisjoint([listed] if isinstance(listed, str) else listed)
