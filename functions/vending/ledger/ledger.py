"""The ledger: one row a request, so that nothing is vended twice and nothing is forgotten.

Every write after the claim is conditional on the row's executionArn being the writer's own: an
execution whose request was taken over can no longer change it (ExecutionSuperseded). Every write
may be repeated by the same execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from vending.aws.clock import Clock, now, timestamp
from vending.errors.aws_errors import translating
from vending.errors.exceptions import ConcurrentModification, ExecutionSuperseded
from vending.ledger import items
from vending.ledger.locks import transacted
from vending.ledger.rows import ENDED, Intent, Look, Reservation, Row

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef, TransactWriteItemTypeDef, UpdateTypeDef

    from vending.request.account_request import AccountRequest


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The table as the operations use it."""

    client: DynamoDBClient
    table_name: str
    clock: Clock = now

    def get(self, request_id: str) -> Row | None:
        """The request's row as it is at this moment."""
        with translating():
            answer = self.client.get_item(
                TableName=self.table_name, Key=_key(request_id), ConsistentRead=True
            )
        return _row(answer["Item"]) if "Item" in answer else None

    def owned(self, request_id: str, execution_arn: str) -> Row:
        """The request's row, if it is the execution's; else ExecutionSuperseded."""
        row = self.get(request_id)
        if row is None or row.get("executionArn") != execution_arn:
            raise _superseded(row)
        return row

    def claim(
        self,
        request: AccountRequest,
        execution_arn: str,
        locks: Sequence[TransactWriteItemTypeDef] = (),
    ) -> tuple[Row, bool]:
        """Make the request's row, or return the one that is there: (row, whether it was made).

        `locks` are taken with it or not at all; Held when another request has one of them.
        """
        at = timestamp(self.clock())
        row = _filled(
            pk=_pk(request.request_id),
            requestedAt=at,
            updatedAt=at,
            **_claimed(request, execution_arn),
        )
        put: PutTypeDef = {
            "TableName": self.table_name,
            "Item": items.item(row),
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        there = transacted(self.client, [{"Put": put}, *locks])
        return (row, True) if there is None else (cast(Row, there), False)

    def take_over(
        self,
        seen: Row,
        request: AccountRequest,
        execution_arn: str,
        locks: Sequence[TransactWriteItemTypeDef] = (),
    ) -> Row:
        """Make a row that has no living execution this execution's, keeping what was achieved.

        What the request asks takes the place of what the row did. `locks` are taken with it or not
        at all; Held when another request has one of them.
        ConcurrentModification when the row is no longer as it was seen.
        """
        values = _claimed(request, execution_arn)
        unsaid = ["error", "requestedBy", "reservation"]
        if "accountId" not in seen:  # else the name may be one that AWS told
            unsaid.append("accountName")
        update = self._updating(
            request.request_id,
            values=values,
            remove=[name for name in unsaid if name not in values],
            expected={"executionArn": seen.get("executionArn"), "updatedAt": seen["updatedAt"]},
        )
        if transacted(self.client, [{"Update": update}, *locks]) is not None:
            raise ConcurrentModification(
                "The request was taken over by another execution at the same time.",
                remedy="Nothing to do: the workflow tries again by itself.",
            )
        return self.owned(request.request_id, execution_arn)

    def queued(self, request_id: str, execution_arn: str, task_token: str) -> Row:
        """The execution waits for its turn under this token of Step Functions'."""
        reservation: Reservation = {"at": timestamp(self.clock()), "taskToken": task_token}
        values = {"state": "QUEUED", "reservation": reservation}
        return self._change(request_id, execution_arn, values=values, begins=True)

    def intend(
        self, request_id: str, execution_arn: str, *, account_name: str, seen: Intent | None
    ) -> Row:
        """Write down that CreateAccount is about to be called; `seen` is the intent it replaces."""
        intent: Intent = {"at": timestamp(self.clock()), "accountName": account_name}
        return self._change(
            request_id,
            execution_arn,
            values={"state": "CREATING", "intent": intent},
            remove=["reservation", "look"],
            begins=True,
            intent=seen,
            createAccountRequestId=None,
        )

    def withdraw(
        self,
        request_id: str,
        execution_arn: str,
        intent: Intent,
        *,
        unanswered: bool = False,
        nothing_made: bool = False,
    ) -> Row:
        """Take the intent back: AWS surely did not act on it, or (`unanswered`) nothing shows.

        Then it is remembered, as what AWS made of it may show yet; until it is certain that no
        call made anything (`nothing_made`).
        """
        values = {"unanswered": intent["at"]} if unanswered else {}
        remove = ["intent", "look", *(["unanswered"] if nothing_made else [])]
        return self._change(request_id, execution_arn, values=values, remove=remove, intent=intent)

    def looked(self, request_id: str, execution_arn: str, look: Look | None) -> Row:
        """Keep where a search of the organization goes on; None: it is over."""
        values, remove = ({"look": look}, ()) if look else ({}, ("look",))
        return self._change(request_id, execution_arn, values=values, remove=remove)

    def creating(self, request_id: str, execution_arn: str, creation_id: str) -> Row:
        """Keep the id under which AWS creates the account."""
        values = {"state": "CREATING", "createAccountRequestId": creation_id}
        return self._change(request_id, execution_arn, values=values)

    def not_created(self, request_id: str, execution_arn: str) -> Row:
        """Forget a creation that ended without an account, so that a resubmission starts anew."""
        remove = ["createAccountRequestId", "intent", "look", "unanswered"]
        return self._change(request_id, execution_arn, remove=remove)

    def lost_sight(self, request_id: str, execution_arn: str) -> Row:
        """Forget a creation id AWS does not know, keeping the intent so that it is looked for."""
        return self._change(request_id, execution_arn, remove=["createAccountRequestId"])

    def has_account(
        self,
        request_id: str,
        execution_arn: str,
        *,
        account_id: str,
        account_name: str | None = None,
        gov_cloud_account_id: str | None = None,
        creation_id: str | None = None,
        next_steps: list[str] | None = None,
    ) -> Row:
        """The account is there: from now on it is given its baseline."""
        values = {
            "state": "BASELINING",
            "accountId": account_id,
            "accountName": account_name,
            "govCloudAccountId": gov_cloud_account_id,
            "createAccountRequestId": creation_id,
            "nextSteps": next_steps,
        }
        remove = ["look", "taskToken", "unanswered", *(() if next_steps else ["nextSteps"])]
        return self._change(request_id, execution_arn, values=values, remove=remove)

    def vended(
        self,
        request_id: str,
        execution_arn: str,
        *,
        account_id: str,
        organizational_unit_id: str | None,
        warnings: Sequence[str] = (),
    ) -> Row:
        """The account is done; `warnings` are what the requester should know."""
        values = {
            "state": "VENDED",
            "accountId": account_id,
            "organizationalUnitId": organizational_unit_id,
            "warnings": list(warnings) or None,
        }
        return self._change(request_id, execution_arn, values=values, remove=["error"])

    def failed(
        self, request_id: str, execution_arn: str, *, state: str, error: Mapping[str, Any]
    ) -> Row:
        """The execution could not go on; `state` is FAILED or REJECTED."""
        values = {"state": state, "error": dict(error)}
        remove = ["taskToken", "nextSteps"]  # the error says what is next
        return self._change(request_id, execution_arn, values=values, remove=remove)

    def broken_off(self, seen: Row, *, error: Mapping[str, Any]) -> Row:
        """The row's execution ended without a word, and the row is still as it was seen: FAILED.

        ConcurrentModification when the row has changed.
        """
        return self._update(
            seen["requestId"],
            values={"state": "FAILED", "error": dict(error)},
            remove=(),
            unless=ConcurrentModification(
                "The request went on at the same time.",
                remedy="Nothing to do: it is looked at again by itself.",
            ),
            executionArn=seen.get("executionArn"),
            state=seen["state"],
            updatedAt=seen["updatedAt"],
        )

    def remember(self, record: Mapping[str, Any], request: AccountRequest | None) -> Row:
        """Write down a request that was never claimed, unless its id has a row that matters.

        Returns the row that is there afterwards.
        """
        kept: dict[str, Any] = {
            "fingerprint": request.fingerprint() if request else None,
            "request": request.normalised() if request else None,
        }
        row = _filled(pk=_pk(record["requestId"]), **record, **kept)
        return self._put_unless(
            row,
            "attribute_not_exists(pk) OR #state = :rejected",
            names={"#state": "state"},
            values={":rejected": "REJECTED"},
        )[0]

    def _put_unless(
        self,
        row: Row,
        condition: str,
        *,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
    ) -> tuple[Row, bool]:
        parameters: dict[str, Any] = {}
        if names and values:
            parameters["ExpressionAttributeNames"] = names
            parameters["ExpressionAttributeValues"] = items.item(values)
        with translating():
            try:
                self.client.put_item(
                    TableName=self.table_name,
                    Item=items.item(row),
                    ConditionExpression=condition,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **parameters,
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                there = _found(error)
                if there is None:
                    raise
                return there, False
        return row, True

    def _change(
        self,
        request_id: str,
        execution_arn: str,
        *,
        values: Mapping[str, Any] | None = None,
        remove: Iterable[str] = (),
        begins: bool = False,
        **expected: object,
    ) -> Row:
        return self._update(
            request_id,
            values=values or {},
            remove=remove,
            unless=None,
            begins=begins,
            executionArn=execution_arn,
            **expected,
        )

    change = _change
    """For modules that write down what only they know of; the same conditions hold.

    `begins`: this is written before something is done, which must not be done any more once the
    request has ended.
    """

    def _update(
        self,
        request_id: str,
        *,
        values: Mapping[str, Any],
        remove: Iterable[str],
        unless: ConcurrentModification | None,
        begins: bool = False,
        **expected: object,
    ) -> Row:
        """Set and remove attributes if others are as expected (None: absent).

        A function may still be writing when its execution was stopped and the row says FAILED, or
        when another run of it was faster and the row says VENDED: what it achieved is kept then,
        and the request stays ended. What it is about to begin it must not (ExecutionSuperseded).
        """
        removed = list(remove)
        update = self._updating(request_id, values=values, remove=removed, expected=expected)
        goes_on = unless is None and values.get("state", "FAILED") not in ENDED
        if goes_on:
            update = items.unless_one_of(update, "state", ENDED)
        with translating():
            try:
                answer = self.client.update_item(ReturnValues="ALL_NEW", **update)
            except self.client.exceptions.ConditionalCheckFailedException as error:
                if unless is not None:
                    raise unless from error
                there = _found(error)
                if there is None or there.get("executionArn") != expected.get("executionArn"):
                    raise _superseded(there) from error
                if not goes_on or there["state"] not in ENDED:
                    raise
                if begins:
                    raise _ended(there) from error
                kept = {name: value for name, value in values.items() if name != "state"}
                return self._update(
                    request_id, values=kept, remove=removed, unless=None, begins=False, **expected
                )
        return _row(answer["Attributes"])

    def _updating(
        self,
        request_id: str,
        *,
        values: Mapping[str, Any],
        remove: Iterable[str],
        expected: Mapping[str, object],
    ) -> UpdateTypeDef:
        return items.update(
            self.table_name,
            _pk(request_id),
            values={"updatedAt": timestamp(self.clock()), **values},
            remove=remove,
            expected=expected,
        )


def _claimed(request: AccountRequest, execution_arn: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "requestId": request.request_id,
        "state": "REQUESTED",
        "source": request.source,
        "accountName": request.account.name,
        "executionArn": execution_arn,
        "requestedBy": request.requested_by,
        "request": request.normalised(),
        "fingerprint": request.fingerprint(),
    }
    return {name: value for name, value in values.items() if value is not None}


def _ended(row: Row) -> ExecutionSuperseded:
    return ExecutionSuperseded(
        f"The request was recorded as {row['state']} before this step could begin.",
        remedy="Nothing to do here: a request that is FAILED can be resumed.",
    )


def _superseded(row: Row | None) -> ExecutionSuperseded:
    holder = row.get("executionArn") if row else None
    if holder is None:
        return ExecutionSuperseded(
            "The ledger has no row of this execution.",
            remedy="Submit the request again: it adopts the account if it is there.",
        )
    return ExecutionSuperseded(
        f"The request was taken over by the execution {holder}.",
        remedy=f"Follow the execution {holder}.",
    )


def _pk(request_id: str) -> str:
    return f"request#{request_id}"


def _key(request_id: str) -> dict[str, Any]:
    return {"pk": {"S": _pk(request_id)}}


def _filled(**values: object) -> Row:
    return cast(Row, {name: value for name, value in values.items() if value is not None})


def _row(item: Mapping[str, Any]) -> Row:
    return cast(Row, items.values(item))


def _found(error: ClientError) -> Row | None:
    """The row that a failed condition found, which DynamoDB sends along when asked to."""
    modelled: Mapping[str, Any] = error.response
    return _row(modelled["Item"]) if modelled.get("Item") else None
