"""The owner of a root user's new email: reads AWS's code there and gives it to the request."""

from __future__ import annotations

import contextlib
import json
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID
from embedded.organizations import organization_of
from tests.workflow.meanwhile import meanwhile

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

WRONG = "zzzzzz"

_LOOKS_EVERY = 0.05


def code_of(account_id: str) -> str:
    """The code in the mailbox of the account's new address; KeyError where there is none."""
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    return organization.email_codes[account_id].code


def given(vending: Vending) -> AbstractContextManager[None]:
    """Meanwhile every code that an execution waits for is given, after a wrong one; one that has
    expired is asked for again.
    """
    return meanwhile(_give, vending)


def _give(vending: Vending, ended: threading.Event) -> None:
    mistaken: set[str] = set()
    while not ended.wait(_LOOKS_EVERY):
        organization = organization_of(ACCOUNT_ID)
        if organization is None or not organization.email_codes:
            continue
        with contextlib.suppress(ClientError, KeyError):
            for row in _waiting(vending):
                sent = organization.email_codes[row["accountId"]["S"]]
                request_id = row["requestId"]["S"]
                if not vending.waits(request_id):
                    continue
                execution = row["executionArn"]["S"]
                if execution not in mistaken:
                    _answer(vending, request_id, {"code": WRONG})
                    mistaken.add(execution)
                elif sent.until < organization.now():
                    _answer(vending, request_id, {"resend": True})
                else:
                    _answer(vending, request_id, {"code": sent.code})


def _waiting(vending: Vending) -> list[dict[str, dict[str, str]]]:
    found = vending.dynamodb.query(
        TableName=vending.aws.outputs["LedgerTableName"],
        IndexName="byState",
        KeyConditionExpression="#state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "AWAITING_CODE"}},
    )
    return list(found["Items"])


def _answer(vending: Vending, request_id: str, answer: dict[str, str | bool]) -> None:
    """Nothing where the step does not wait any more."""
    token = vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"token#{request_id}"}},
        ConsistentRead=True,
    )["Item"]["taskToken"]["S"]
    vending.states.send_task_success(taskToken=token, output=json.dumps(answer))
