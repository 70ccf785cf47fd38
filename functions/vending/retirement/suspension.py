"""The policy that denies everything to accounts that are being retired."""

from __future__ import annotations

import json
from typing import Any

POLICY_TYPE = "SERVICE_CONTROL_POLICY"

DENY_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Retired", "Effect": "Deny", "Action": "*", "Resource": "*"}],
    },
    separators=(",", ":"),
)
"""Without exceptions: what the management account does to a member, no SCP denies."""


def policy_of(name: str) -> dict[str, Any]:
    """The policy as CreatePolicy takes it; one of that name that exists keeps its content."""
    return {
        "name": name,
        "type": POLICY_TYPE,
        "description": "Denies everything to accounts that are being retired",
        "content": DENY_ALL,
        "existing": "keep",
    }
