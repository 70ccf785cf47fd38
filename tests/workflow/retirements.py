"""How a test ends an account on the deployed system, and what it may look at afterwards."""

from __future__ import annotations

import json
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.builders import a_request
from tests.workflow.test_existing_account import an_account
from tests.workflow.vending import Ended, Vending, eventually

__all__ = ["an_account"]

GRACE_SECONDS = 120
"""The grace period where a test waits for its end."""


def a_placed_account(vending: Vending) -> str:
    """A vended account in its unit; its id."""
    return str(vending.run(a_request()).output["accountId"])


def retirement_of(account_id: str, **changes: Any) -> dict[str, Any]:
    return {"accountId": account_id, "reason": "project over"} | changes


def restoration(account_id: str) -> dict[str, Any]:
    return {"accountId": account_id, "action": "restore"}


def start(vending: Vending, document: Any) -> str:
    """Start the retirement's machine by hand; the execution's ARN."""
    return str(
        vending.states.start_execution(
            stateMachineArn=vending.aws.outputs["AccountRetirementStateMachineArn"],
            input=json.dumps(document),
        )["executionArn"]
    )


def run(vending: Vending, document: Any) -> Ended:
    return vending.finish(start(vending, document))


def send(vending: Vending, document: Any) -> None:
    """Put the retirement request on the bus as anybody's event."""
    answer = vending.events.put_events(
        Entries=[
            {
                "EventBusName": vending.aws.outputs["EventBusName"],
                "Source": "form.example",
                "DetailType": "AccountRetirementRequested",
                "Detail": json.dumps(document),
            }
        ]
    )
    assert answer["FailedEntryCount"] == 0


def executions(vending: Vending) -> list[str]:
    """ARNs of the machine's executions."""
    pages = vending.states.get_paginator("list_executions").paginate(
        stateMachineArn=vending.aws.outputs["AccountRetirementStateMachineArn"]
    )
    return [one["executionArn"] for page in pages for one in page["executions"]]


def row(vending: Vending, account_id: str) -> dict[str, Any]:
    """The account's retirement in the ledger, plain; empty where there is none."""
    item = vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"retirement#{account_id}"}},
        ConsistentRead=True,
    ).get("Item", {})
    return {key: TypeDeserializer().deserialize(value) for key, value in item.items()}


def suspended(vending: Vending, account_id: str, **changes: Any) -> str:
    """The account is in its grace period; the execution that waits for the end of that."""
    arn = start(vending, retirement_of(account_id, **changes))
    eventually(lambda: "closesAt" in row(vending, account_id))
    return arn


def state(vending: Vending, account_id: str) -> str:
    """What AWS calls the account's state."""
    account = vending.organizations.describe_account(AccountId=account_id)["Account"]
    return str(account["State"])
