"""An approver: decides on every request that waits, by events."""

from __future__ import annotations

import contextlib
import json
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.workflow.meanwhile import meanwhile

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

UNIT = "/Workloads/Restricted"
"""Where the request policy of this checkout asks for an approval."""

SOURCE = "account-vending.approvals"

ACCOUNT_DIGITS = 12

_LOOKS_EVERY = 0.2


def decide(vending: Vending, of: str, decision: str, **detail: Any) -> None:
    """Send a decision, perhaps the same again; `of` a request, or an account's retirement."""
    named = "accountId" if len(of) == ACCOUNT_DIGITS and of.isdigit() else "requestId"
    detail = {named: of, "decision": decision, **detail}
    vending.events.put_events(
        Entries=[
            {
                "EventBusName": vending.aws.outputs["EventBusName"],
                "Source": SOURCE,
                "DetailType": "AccountApprovalDecided",
                "Detail": json.dumps(detail),
            }
        ]
    )


def given(vending: Vending) -> AbstractContextManager[None]:
    """Meanwhile everything that waits for an approval is approved."""
    return meanwhile(_approve, vending)


def _approve(vending: Vending, ended: threading.Event) -> None:
    decided = set[str]()
    while not ended.wait(_LOOKS_EVERY):
        with contextlib.suppress(ClientError, KeyError):
            for row in _waiting(vending):
                execution = row["executionArn"]["S"]
                of = row["requestId"] if "requestId" in row else row["accountId"]
                if execution not in decided:
                    decide(vending, of["S"], "approve")
                    decided.add(execution)


def _waiting(vending: Vending) -> list[dict[str, dict[str, str]]]:
    found = vending.dynamodb.query(
        TableName=vending.aws.outputs["LedgerTableName"],
        IndexName="byState",
        KeyConditionExpression="#state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "AWAITING_APPROVAL"}},
    )
    return list(found["Items"])
