"""The owner of a root user's new email: reads AWS's code there and gives it to the request."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID
from embedded.organizations import organization_of

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

WRONG = "zzzzzz"

_LOOKS_EVERY = 0.05


def code_of(account_id: str) -> str:
    """The code in the mailbox of the account's new address; KeyError where there is none."""
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    return organization.email_codes[account_id].code


@contextlib.contextmanager
def given(vending: Vending) -> Iterator[None]:
    """Meanwhile every code that an execution waits for is given, after a wrong one."""
    ended = threading.Event()
    owner = threading.Thread(target=_give, args=(vending, ended), daemon=True)
    owner.start()
    try:
        yield
    finally:
        ended.set()
        owner.join()


def _give(vending: Vending, ended: threading.Event) -> None:
    mistaken: set[str] = set()
    while not ended.wait(_LOOKS_EVERY):
        organization = organization_of(ACCOUNT_ID)
        if organization is None or not organization.email_codes:
            continue
        with contextlib.suppress(ClientError, KeyError):
            for row in _waiting(vending):
                code = code_of(row["accountId"]["S"])
                if not vending.waits(row["requestId"]["S"]):
                    continue
                execution = row["executionArn"]["S"]
                _answer(vending, row["requestId"]["S"], code if execution in mistaken else WRONG)
                mistaken.add(execution)


def _waiting(vending: Vending) -> list[dict[str, dict[str, str]]]:
    found = vending.dynamodb.query(
        TableName=vending.aws.outputs["LedgerTableName"],
        IndexName="byState",
        KeyConditionExpression="#state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "AWAITING_CODE"}},
    )
    return list(found["Items"])


def _answer(vending: Vending, request_id: str, code: str) -> None:
    """Nothing where the step does not wait any more."""
    token = vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"token#{request_id}"}},
        ConsistentRead=True,
    )["Item"]["taskToken"]["S"]
    vending.states.send_task_success(taskToken=token, output=json.dumps({"code": code}))
