"""An invitation that nobody answers, from its first second to its last; prints how it went.

A process of its own: these days pass in a minute or two, which is too fast for everything else.
"""

from __future__ import annotations

import datetime
import json
import sys

from embedded.cloud import EmbeddedAws
from tests.workflow.invitations import an_invitation
from tests.workflow.vending import Vending

SPEED = 15_000.0
"""Fifteen days take 86 seconds."""


def main() -> None:
    """Print {status, error, cause, events, looks, late}; `late` is days after the expiry."""
    with EmbeddedAws(speed=SPEED) as aws:
        events = aws.client("events")
        for rule in events.list_rules()["Rules"]:
            if "ScheduleExpression" in rule:
                events.disable_rule(Name=rule["Name"])  # hourly is four times a second here
        vending = Vending(aws)
        request = an_invitation()
        arn = vending.start(request)
        ended = vending.finish(arn, patience=150)
        stopped = vending.states.describe_execution(executionArn=arn)["stopDate"]
        row = vending.row(request["requestId"]) or {}
        expired = datetime.datetime.fromisoformat(row["expiresAt"])
        history = aws.client("stepfunctions").get_paginator("get_execution_history")
        reported = {
            "status": ended.status,
            "error": ended.error,
            "cause": ended.cause,
            "events": sum(len(page["events"]) for page in history.paginate(executionArn=arn)),
            "looks": vending.calls("organizations", "DescribeHandshake"),
            "late": (stopped - expired) / datetime.timedelta(days=1),
        }
    sys.stdout.write(json.dumps(reported))


if __name__ == "__main__":
    main()
