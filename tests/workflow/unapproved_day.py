"""A request on which nobody decides, from its first second to its last; prints how it went.

A process of its own: its day passes in seconds, which is too fast for everything else.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import yaml

from embedded.cloud import EmbeddedAws
from tests.builders import a_request
from tests.installations import ROOT, installation
from tests.workflow.approvals import UNIT
from tests.workflow.vending import Vending

SPEED = 15_000.0
"""A day takes six seconds."""


def main() -> None:
    """Print {status, error, row, steps}: how the execution ended, and the states it entered."""
    policy = yaml.safe_load((ROOT / "request-policy.yaml").read_text(encoding="utf-8"))
    policy["approvals"]["expireAfterDays"] = 1
    with tempfile.TemporaryDirectory() as folder:
        product = installation(Path(folder), policy)
        with EmbeddedAws(speed=SPEED, assembly=product.assembly, build=product.build) as aws:
            events = aws.client("events")
            for rule in events.list_rules()["Rules"]:
                if "ScheduleExpression" in rule:
                    events.disable_rule(Name=rule["Name"])  # hourly is four times a second here
            vending = Vending(aws)
            request = a_request(organizationalUnit=UNIT)
            arn = vending.start(request)
            ended = vending.finish(arn, patience=60)
            row = vending.row(request["requestId"]) or {}
            told = {
                "status": ended.status,
                "error": ended.error,
                "state": row["state"],
                "outcome": row["approval"]["outcome"],
                "expiresAt": row["approval"]["expiresAt"],
                "decidedAt": row["approval"]["decidedAt"],
                "steps": vending.states_entered(arn),
                "accounts": len(vending.accounts()),
            }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
