"""Executions that ended unknown to the ledger and the bus: stopped, timed out, failed unrecorded.

Whoever notices writes down the end, if the row is still that execution's and in progress; and
announces what the row says, if the execution may not have done so itself. A takeover, or an end
that was recorded in time, is left as it is, so that it does not matter who notices, when, or how
often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from vending.authorization.sender import opened
from vending.aws.clock import timestamp
from vending.aws.executions import EndStatus, account_id_of, is_over
from vending.creation.release import release
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.caught_error import CaughtError, from_catch
from vending.errors.exceptions import (
    REJECTIONS,
    ConcurrentModification,
    RequestInvalid,
    RequestRefused,
)
from vending.frozen import frozen
from vending.ledger.claims import Claims
from vending.ledger.ledger import Ledger
from vending.ledger.rows import RECORD_FIELDS, current_error, record_of
from vending.request.account_request import AccountRequest, parse
from vending.states import FINAL, State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.authorization.request_policy import RequestPolicy
    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row
    from vending.queueing.slots import Slots

CODES: Mapping[str, str] = {
    EndStatus.ABORTED: "ExecutionAborted",
    EndStatus.FAILED: "ExecutionFailed",
    EndStatus.TIMED_OUT: "ExecutionTimedOut",
}
"""The error that the record shows, by how Step Functions says the execution ended."""

_MAX_ATTEMPTS = 5


@frozen
class ExecutionEnd:
    """How an execution ended; `status` None where Step Functions knows it no more."""

    execution_arn: str
    status: str | None
    error: str | None = None
    cause: str | None = None

    @classmethod
    def of(cls, execution_arn: str, stepfunctions: SFNClient) -> ExecutionEnd | None:
        """How the execution ended; None while it runs."""
        with translate_aws_errors():
            try:
                described = stepfunctions.describe_execution(executionArn=execution_arn)
            except stepfunctions.exceptions.ExecutionDoesNotExist:
                return cls(execution_arn=execution_arn, status=None)
        if not is_over(described["status"]):
            return None
        return cls(
            execution_arn=execution_arn,
            status=described["status"],
            error=described.get("error"),
            cause=described.get("cause"),
        )

    @property
    def code(self) -> str:
        """The code of the record's error."""
        return CODES.get(self.status or "", "ExecutionFailed")

    def refused(self, error: RequestRefused) -> ExecutionEnd:
        """The same end, as the refusal that it comes to."""
        return ExecutionEnd(
            execution_arn=self.execution_arn,
            status=self.status,
            error=type(error).__name__,
            cause=json.dumps({"errorMessage": str(error)}),
        )

    @property
    def was_announced(self) -> bool:
        """Whether the definition failed with an error of the record's form as the cause."""
        cause = _decoded(self.cause)
        return isinstance(cause, dict) and "code" in cause

    def as_error(self) -> dict[str, Any]:
        """The record's error; the reason is the code of what failed, where that is known."""
        words = explain(self.code)
        if self.status == EndStatus.FAILED and self.error:
            caught = from_catch(
                CaughtError.model_validate({"Error": self.error, "Cause": self.cause})
            )
            return {
                "code": self.code,
                "reason": caught["reason"] or caught["code"],
                "message": f"{words.what} {caught['message']}".strip(),
                "remedy": f"{caught['remedy']} {words.remedy}".strip(),
                "owner": caught["owner"],
                "wait": caught["wait"],
            }
        message = words.what
        if self.status is None:
            message += " Step Functions no longer has it."
        elif self.status not in CODES:
            message += f" It is {self.status}."
        text = ": ".join(text for text in (self.error, self.cause) if text)
        if text:
            message += f" Step Functions reports: {text[:1000]}"
        return {
            "code": self.code,
            "reason": None,
            "message": message,
            "remedy": words.remedy,
            "owner": words.owner,
            "wait": words.wait,
        }


@frozen
class EndRecorder:
    """Writes down how executions ended that did not say so, and announces it."""

    ledger: Ledger
    slots: Slots
    publisher: EventPublisher

    def record(self, request_id: str, end: ExecutionEnd) -> Row | None:
        """Write the end into the request's row and announce it; None where there is nothing to say.

        What the request kept from others is given back. An outcome that the row has already is
        announced, perhaps again, unless the execution definitely announced it: see `_is_announced`.
        """
        for _ in range(_MAX_ATTEMPTS):
            row = self.ledger.get(request_id)
            if row is None or row.get("executionArn") != end.execution_arn:
                return None
            if row["state"] in FINAL:
                if _is_announced(row, end):
                    return None
            else:
                try:
                    row = self.ledger.mark_interrupted(row, error=end.as_error())
                except ConcurrentModification:
                    continue  # the execution's last function was still writing
            self._release(row, end)
            self.publisher.publish_outcome(record_of(row))
            return row
        raise ConcurrentModification(
            "The request's row changed before each attempt to write it.",
            remedy="No action needed: this is retried automatically.",
        )

    def record_unclaimed(
        self, execution_input: object, end: ExecutionEnd, policy: RequestPolicy
    ) -> Row | None:
        """As `record`, for a request that its execution may have had no time to claim.

        A refusal that is not the row's is announced all the same, as RecordFailure does: of a
        request without an id, which cannot be remembered, or with the id of another one.
        """
        sender, raw = opened(execution_input)
        here = account_id_of(end.execution_arn)
        request_id, requester = policy.remembered(raw, sender, here=here)
        record = _record(raw, request_id, end, at=timestamp(self.ledger.clock()))
        record["sender"] = sender.as_record(requester)
        known = None if request_id is None else self.ledger.get(request_id)
        if request_id is not None and known is None:
            row = Claims(ledger=self.ledger).insert_unclaimed(record, _valid(raw))
            if row.get("error") == end.as_error():
                self.publisher.publish_outcome(record_of(row))
                return row
            known = row
        if request_id is not None and known is not None:
            recorded = self.record(request_id, end)
            if recorded is not None or known.get("executionArn") == end.execution_arn:
                return recorded
        if end.error not in REJECTIONS or end.was_announced:
            return None
        self.publisher.publish_outcome(record)
        return cast("Row", record)

    def _release(self, row: Row, end: ExecutionEnd) -> None:
        release(row, ledger=self.ledger, slots=self.slots)
        if row["state"] == State.VENDED:
            request_id, account = row["requestId"], row.get("request", {}).get("account", {})
            self.ledger.locks.free(request_id, end.execution_arn, account)
            self.slots.release(request_id, unless_resumed_since=end.execution_arn)


def _is_announced(row: Row, end: ExecutionEnd) -> bool:
    """Whether the ended execution definitely announced the outcome that its row has.

    No row remembers it, as that would cost everybody a write; the way the execution ended shows it.
    The definition fails with the record's error as the cause after RecordFailure has announced it,
    and with what was caught first where RecordFailure could not. It succeeds after RecordVended has
    announced VENDED: an end that is any worse came before that, or its announcement was refused for
    good. An execution that was stopped or ran out of time right after its announcement is one of
    which the same is announced twice.
    """
    if row.get("error") == end.as_error():
        return False  # whoever noticed the end wrote this, and may have failed to announce it
    if end.status == EndStatus.FAILED:
        return row["state"] != State.VENDED and row.get("error") == _decoded(end.cause)
    return end.status not in CODES


def _decoded(cause: str | None) -> object:
    try:
        return current_error(json.loads(cause or ""))
    except ValueError:
        return cause


def _record(raw: object, request_id: str | None, end: ExecutionEnd, *, at: str) -> dict[str, Any]:
    request = _valid(raw)
    return {
        **dict.fromkeys(RECORD_FIELDS),
        "requestId": request_id,
        "state": State.REJECTED if end.error in REJECTIONS else State.FAILED,
        "source": request.source if request else None,
        "accountName": request.account.name if request else None,
        "executionArn": end.execution_arn,
        "error": end.as_error(),
        "requestedBy": request.requested_by if request else None,
        "requestedAt": at,
        "updatedAt": at,
    }


def _valid(raw: object) -> AccountRequest | None:
    try:
        return parse(raw)
    except RequestInvalid:
        return None
