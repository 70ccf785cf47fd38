"""What two requests in flight may not share: the email of an account, and its id.

A lost answer is made up for by looking for the account of that email, which must not be another
request's; and an account gets one baseline at a time. So a request takes a row for each that it
knows in the transaction that claims it, and frees them at its end. The key of an email is a hash:
an email is in nobody's table key. Names are shared: AWS allows it, and where creations of one name
go on at the same time, the request's tag tells whose account came of which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vending.aws.clock import Clock, epoch, now
from vending.errors.aws_errors import translating
from vending.errors.exceptions import ConcurrentModification, Throttled
from vending.ledger.items import item, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from vending.ledger.rows import Row

CREATION_TAKES = 6 * 3600
"""Seconds after which AWS surely does not create an account any more for a request that ended."""

LOCK_CALLS = {"dynamodb:DeleteItem"}
"""What it takes to free a lock; it is taken with the claim."""

_WAITS = "Nothing to do: the workflow tries again by itself."


class Held(Exception):
    """Another request, the `owner`, has the lock `pk` through one of its executions."""

    def __init__(self, *, pk: str, owner: str, execution_arn: str) -> None:
        super().__init__(pk, owner)
        self.pk, self.owner, self.execution_arn = pk, owner, execution_arn

    @property
    def what(self) -> str:
        """The key of a request that the lock is on."""
        kind = self.pk.partition("#")[0]
        return "account.accountId" if kind == "account" else f"account.{kind}"


def keys(account: Mapping[str, Any]) -> list[str]:
    """The locks that a request for this account needs."""
    email, account_id = account.get("email"), account.get("accountId")
    hashed = hashlib.sha256(email.lower().encode()).hexdigest() if email else None
    return [
        *([f"email#{hashed}"] if hashed else []),
        *([f"account#{account_id}"] if account_id else []),
    ]


def account_of(row: Row) -> dict[str, Any]:
    """The account as the row's request names it, with the id that it has come to know."""
    account = dict(row.get("request", {}).get("account", {}))
    return account | ({"accountId": row["accountId"]} if "accountId" in row else {})


def is_creation_under_way(row: Row) -> bool:
    """Whether AWS may be creating an account for the request, or may have created it unseen."""
    return not row.get("accountId") and ("createAccountRequestId" in row or "intent" in row)


@dataclass(frozen=True, kw_only=True)
class Locks:
    """The locks in the ledger's table."""

    client: DynamoDBClient
    table_name: str
    clock: Clock = now

    def to_take(
        self, request_id: str, execution_arn: str, account: Mapping[str, Any]
    ) -> list[TransactWriteItemTypeDef]:
        """What to add to the transaction that claims the request for the execution."""
        return [
            {
                "Put": {
                    "TableName": self.table_name,
                    "Item": item({"pk": pk, "owner": request_id, "executionArn": execution_arn}),
                    "ConditionExpression": "attribute_not_exists(pk) OR #owner = :owner",
                    "ExpressionAttributeNames": {"#owner": "owner"},
                    "ExpressionAttributeValues": item({":owner": request_id}),
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            }
            for pk in keys(account)
        ]

    def free(self, request_id: str, execution_arn: str, account: Mapping[str, Any]) -> None:
        """Give back what the request still has, unless another execution of it has it by now."""
        for pk in keys(account):
            self.take_away(Held(pk=pk, owner=request_id, execution_arn=execution_arn))

    def held_by_another(self, request_id: str, account: Mapping[str, Any]) -> list[Held]:
        """The locks for this account that another request has."""
        held = []
        for pk in keys(account):
            with translating():
                answer = self.client.get_item(
                    TableName=self.table_name, Key={"pk": {"S": pk}}, ConsistentRead=True
                )
            found = values(answer.get("Item", {}))
            if found and found["owner"] != request_id:
                held.append(Held(pk=pk, owner=found["owner"], execution_arn=found["executionArn"]))
        return held

    def take_away(self, held: Held) -> None:
        """Free one lock, if the owner's execution still has it."""
        client = self.client
        with translating():
            try:
                client.delete_item(
                    TableName=self.table_name,
                    Key={"pk": {"S": held.pk}},
                    ConditionExpression=(
                        "attribute_not_exists(pk) OR "
                        "(#owner = :owner AND #executionArn = :executionArn)"
                    ),
                    ExpressionAttributeNames={"#owner": "owner", "#executionArn": "executionArn"},
                    ExpressionAttributeValues=item(
                        {":owner": held.owner, ":executionArn": held.execution_arn}
                    ),
                )
            except client.exceptions.ConditionalCheckFailedException:
                return

    def may_still_create(self, row: Row) -> bool:
        """Whether AWS may yet create an account for a request whose execution is over."""
        if not is_creation_under_way(row):
            return False
        began = row["intent"]["at"] if "intent" in row else row["updatedAt"]
        return self.clock() - epoch(began) < CREATION_TAKES


def transacted(
    client: DynamoDBClient, writes: Sequence[TransactWriteItemTypeDef]
) -> dict[str, Any] | None:
    """Make a claim (the first write) together with its locks (the others), or nothing of it.

    Returns what is there instead of the claim; None when all was written. Held where a lock is
    another's.
    """
    with translating():
        try:
            client.transact_write_items(TransactItems=writes)
        except client.exceptions.TransactionCanceledException as error:
            modelled: Mapping[str, Any] = error.response
            reasons = modelled.get("CancellationReasons", [])
        else:
            return None
    failed = {
        number: values(reason.get("Item", {}))
        for number, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    }
    if 0 in failed:
        return failed[0]
    for found in failed.values():
        if found:
            raise Held(pk=found["pk"], owner=found["owner"], execution_arn=found["executionArn"])
    if any(reason.get("Code") == "TransactionConflict" for reason in reasons) or failed:
        raise ConcurrentModification(
            "The request, or its account's id or email, was claimed by another at this time.",
            remedy=_WAITS,
        )
    raise Throttled("DynamoDB took no more writes at this moment.", remedy=_WAITS)
