"""What AWS Organizations refuses of a policy's text, as far as the text alone shows.

An account cannot be unmade, so a policy that AWS would call malformed is refused before there is
one. What only AWS knows (whether an action exists, for one) is left to AWS.

Source: AWS Organizations User Guide, "SCP syntax", "RCP syntax" and the syntax pages of the
declarative and management policies.
"""

from __future__ import annotations

from typing import Any

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"

VERSION = "2012-10-17"
"""The one version of the policy language that the user guide allows in both."""

TOP_LEVEL_KEYS = {
    "AISERVICES_OPT_OUT_POLICY": "services",
    "BACKUP_POLICY": "plans",
    "CHATBOT_POLICY": "chatbots",
    "DECLARATIVE_POLICY_EC2": "ec2_attributes",
    "TAG_POLICY": "tags",
}
"""The one key at the top of a policy, for the types where the user guide gives it."""


def problems(document: dict[str, Any], policy_type: str | None) -> list[str]:
    """What is wrong with a policy's parsed content; nothing for a type that is not known."""
    if policy_type in {SCP, RCP}:
        return _of_statements(document, policy_type)
    key = TOP_LEVEL_KEYS.get(policy_type or "")
    if key is None or set(document) == {key}:
        return []
    return [f"must have the key '{key}' at its top, and no other"]


def _of_statements(document: dict[str, Any], policy_type: str) -> list[str]:
    found = []
    if document.get("Version") != VERSION:
        found.append(f'must have the Version "{VERSION}"')
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list):
        return [*found, "must have a Statement: an object or a list of objects"]
    for index, statement in enumerate(statements):
        where = f"Statement[{index}]"
        if not isinstance(statement, dict):
            found.append(f"{where} must be an object")
            continue
        found.extend(f"{where} {problem}" for problem in _of_statement(statement, policy_type))
    return found


def _of_statement(statement: dict[str, Any], policy_type: str) -> list[str]:
    found = [
        f"must have either {key} or Not{key}"
        for key in ("Action", "Resource")
        if (key in statement) == (f"Not{key}" in statement)
    ]
    if policy_type == RCP:
        if statement.get("Effect") != "Deny":
            found.append("must have the Effect Deny: a resource control policy only takes away")
        if statement.get("Principal") != "*":
            found.append('must have the Principal "*"')
        return found
    if statement.get("Effect") not in ("Allow", "Deny"):
        found.append("must have the Effect Allow or Deny")
    found.extend(
        f"must not have {key}: a service control policy knows none"
        for key in ("Principal", "NotPrincipal")
        if key in statement
    )
    return found
