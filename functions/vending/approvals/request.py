"""What an approver sends: one request, or the retirement of one account, and yes or no."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError

from vending.errors.exceptions import RequestInvalid
from vending.ledger.approval_records import Outcome
from vending.model import Model
from vending.request import bounds, validators
from vending.request.checked import checked
from vending.request.fields import AccountId, RequestId
from vending.request.validation_messages import problems_in

REASON_MAX = 512


def _reason(value: str) -> list[str]:
    if not 1 <= len(value) <= REASON_MAX:
        return [f"must have 1 to {REASON_MAX} characters"]
    return validators.free_text(value)


Reason = Annotated[str, *checked(_reason, minLength=1, maxLength=REASON_MAX)]


Content = Annotated[
    str | None,
    Field(
        pattern=r"^[0-9a-f]{64}$",
        description="The `content` of the approval that was looked at: nothing else is decided on "
        "then. Absent: whatever the request asks for now.",
    ),
]


class Approving(Model):
    """Why a request is approved."""

    reason: Reason | None = Field(None, description="For the record.")
    content: Content = None


class Rejecting(Model):
    """Why a request is rejected."""

    reason: Reason = Field(description="Shown to the requester.")
    content: Content = None


class ApprovalDecision(Model):
    """A decision as it comes by an event."""

    request_id: RequestId | None = None
    account_id: AccountId | None = None
    decision: Literal["approve", "reject"]
    reason: Reason | None = None
    content: Content = None

    @property
    def outcome(self) -> Outcome:
        """What it decides."""
        return Outcome.APPROVED if self.decision == "approve" else Outcome.REJECTED


def parse(raw: Any) -> ApprovalDecision:
    """What decoded JSON decides; RequestInvalid with every problem at once."""
    if not isinstance(raw, dict):
        raise RequestInvalid(["the decision must be a JSON object with the key decision"])
    if beyond := bounds.problems(raw):
        raise RequestInvalid(beyond)
    problems = []
    if ("requestId" in raw) == ("accountId" in raw):
        problems.append("requestId: is required, or accountId for a retirement; not both")
    if raw.get("decision") == "reject" and "reason" not in raw:
        problems.append("reason: is required for a rejection")
    try:
        decision = ApprovalDecision.model_validate(raw)
    except ValidationError as error:
        raise RequestInvalid([*problems_in(error, ApprovalDecision), *problems]) from None
    if problems:
        raise RequestInvalid(problems)
    return decision


B = TypeVar("B", Approving, Rejecting)


def body(model: type[B], raw: Any) -> B:
    """What a call of the API says; RequestInvalid with every problem at once."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise RequestInvalid(problems_in(error, model)) from None
