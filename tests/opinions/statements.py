"""Asks policy_sentry, in a process that has it: JSON statements in, what AWS does not know out.

Standard input holds a list of {actions, resources, conditionKeys}; standard output a list of texts.
"""

import json
import re
import sys

from policy_sentry.querying.actions import get_action_data
from policy_sentry.querying.all import get_all_service_prefixes
from policy_sentry.querying.arns import get_arn_types_for_service
from policy_sentry.querying.conditions import get_condition_keys_for_service


def of_any_service(key: str) -> bool:
    """Whether the key is a global one, which policy_sentry lists only where an action names it."""
    return key.lower().startswith("aws:")


def unknown_actions(statement: dict[str, list[str]]) -> list[str]:
    found = []
    for action in statement["actions"]:
        service, name = action.split(":")
        if not _is_known(service) or not get_action_data(service, name):
            found.append(f"action {action}")
    return found


def unknown_keys(statement: dict[str, list[str]]) -> list[str]:
    """Condition keys that no service of the statement's actions has."""
    services = {action.split(":")[0] for action in statement["actions"]}
    services &= set(get_all_service_prefixes())
    known = {_base(key) for one in services for key in get_condition_keys_for_service(one)}
    keys = [key for key in statement["conditionKeys"] if not of_any_service(key)]
    return [f"condition key {key}" for key in keys if _base(key) not in known]


def unsupported_resources(statement: dict[str, list[str]]) -> list[str]:
    """Actions of the statement that take none of its resources."""
    if statement["resources"] == ["*"]:
        return []
    found = []
    for action in statement["actions"]:
        service, name = action.split(":")
        rows = get_action_data(service, name).get(service, []) if _is_known(service) else []
        types = {row["resource_arn_format"] for row in rows} - {"*"}
        if not any(
            _meet(re.sub(r"\$\{[^}]+\}", "*", one), re.sub(r"\$\{[^}]+\}", "*", resource))
            for one in types
            for resource in statement["resources"]
        ):
            found.append(f"resource of {action}: {', '.join(statement['resources'])}")
    return found


def _meet(one: str, other: str) -> bool:
    """Whether some text fits both patterns, in which `*` stands for anything."""
    reached = {(0, 0)}
    waiting = [(0, 0)]
    while waiting:
        i, j = waiting.pop()
        steps = set()
        if one[i : i + 1] == "*":
            steps |= {(i + 1, j), (i, j + 1)}
        if other[j : j + 1] == "*":
            steps |= {(i, j + 1), (i + 1, j)}
        if one[i : i + 1] == other[j : j + 1]:
            steps.add((i + 1, j + 1))
        steps = {(a, b) for a, b in steps if a <= len(one) and b <= len(other)} - reached
        reached |= steps
        waiting += steps
    return (len(one), len(other)) in reached


def _is_known(service: str) -> bool:
    return service in get_all_service_prefixes()


def _base(key: str) -> str:
    return key.lower().split("/")[0]


def main() -> None:
    statements = json.load(sys.stdin)
    assert get_arn_types_for_service("organizations"), "policy_sentry has no data"
    checks = (unknown_actions, unknown_keys, unsupported_resources)
    found = [text for one in statements for check in checks for text in check(one)]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
