"""What the API answers: the models of its bodies, from which the OpenAPI document is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field

from vending.api.steps import StepEvent, StepState
from vending.errors.catalogue import Owner, Treatment
from vending.model import Model
from vending.retirement.rows import AccountState
from vending.states import State


class View(Model):
    """Made from rows, which an earlier release may have written."""

    model_config = ConfigDict(strict=False, extra="ignore")


class RecordedError(View):
    """Why a request or a retirement did not go on."""

    code: str
    reason: str | None = None
    message: str
    remedy: str = ""
    owner: Owner | None = Field(None, description="Who must act.")
    wait: float | None = Field(None, description="Seconds to wait before.")


class RecordedDecision(View):
    """What an approver has decided."""

    by: str = Field(description="Who: the caller's identity, or the requester and its sender.")
    requester: str = Field(description="What the request policy knows them as.")
    decision: Literal["APPROVED", "REJECTED"]
    at: str
    reason: str | None = None


class ApprovalNeed(View):
    """What one rule of the request policy wants."""

    rule: str
    approvals: int
    by: list[str]


class RecordedApproval(View):
    """The approvals that a request needs, and who has decided."""

    required: int = Field(description="How many approvals suffice.")
    rules: list[str] = Field(description="The rules of the request policy that want them.")
    by: list[str] = Field(description="The requesters that may decide.")
    expires_at: str = Field(description="Until when.")
    decisions: list[RecordedDecision] = Field(description="In their order.")
    outcome: Literal["APPROVED", "REJECTED", "TIMED_OUT"] | None = Field(
        None, description="Null while it is not decided."
    )
    needs: list[ApprovalNeed] = Field(description="What each rule wants.")
    content: str = Field(
        description="What is decided on: send it with a decision, and nothing else is."
    )


class RequestRecord(View):
    """A request's record, with what was asked."""

    request_id: str
    state: State
    source: str | None
    account_name: str | None
    account_id: str | None
    gov_cloud_account_id: str | None
    create_account_request_id: str | None
    organizational_unit_id: str | None
    handshake_id: str | None
    expires_at: str | None
    next_steps: list[str] | None
    warnings: list[str] | None
    execution_arn: str | None
    revision: int | None
    approval: RecordedApproval | None = Field(description="Null where none is needed.")
    error: RecordedError | None
    requested_by: str | None
    sender: dict[str, str] | None
    requested_at: str | None
    updated_at: str | None
    request: dict[str, Any] | None = Field(description="What was asked, with its defaults.")


class Step(View):
    """A step of a request's execution."""

    step: str
    state: StepState
    attempts: int
    started_at: str
    ended_at: str | None


class RequestDetails(RequestRecord):
    """A request's record, what was asked, and the steps of its last execution."""

    steps: list[Step]


class RequestEvent(View):
    """A change in a step of a request's execution."""

    id: int = Field(description="Its number in the execution, from 1.")
    at: str
    step: str
    event: StepEvent = Field(description="FAILED is an attempt, which RETRIED may follow.")
    error: str | None = Field(description="The code of what FAILED; null of other events.")


class RequestEvents(View):
    """A page of what happened in a request's last execution, the oldest first."""

    request_id: str
    execution_arn: str | None = Field(
        description="Another one than before: the events are the first ones of that one."
    )
    state: State = Field(description="The request's state now.")
    is_over: bool = Field(
        description="Whether nothing follows, unless the request is resumed or sent again."
    )
    events: list[RequestEvent]
    next_cursor: str = Field(
        description="The parameter `cursor` of what comes next, also of what has not happened yet."
    )


class Page(View):
    """Part of a list."""

    next_cursor: str | None = Field(
        description="The parameter `cursor` of the next page; null on the last one."
    )


class RequestPage(Page):
    """A page of requests."""

    requests: list[RequestRecord]


class RetirementRecord(View):
    """How an account is retired, or was restored."""

    account_id: str
    account_name: str | None
    state: AccountState
    action: Literal["retire", "restore"]
    reason: str | None
    requested_by: str | None
    sender: dict[str, str] | None
    execution_arn: str | None
    closes_at: str | None
    closing_at: str | None
    closed_at: str | None
    restored_at: str | None
    approval: RecordedApproval | None = Field(description="Null where none is needed.")
    error: RecordedError | None
    warnings: list[str] | None
    requested_at: str | None
    updated_at: str | None


class AccountDrift(View):
    """How an account differs from its document."""

    at: str = Field(description="Since when it differs just so.")
    differences: list[dict[str, str]]


class AccountSummary(View):
    """An account as its last request left it."""

    account_id: str
    state: AccountState
    revision: int | None
    request_id: str | None
    document: dict[str, Any] | None = Field(
        description="The request that was last carried out: change it, and put it back."
    )
    updated_at: str | None
    drift: AccountDrift | None = Field(
        description="Null where it was as its document says, or has not been compared."
    )
    retirement: RetirementRecord | None


class AccountRevision(View):
    """What one revision of an account was."""

    revision: int
    document: dict[str, Any]
    changes: list[Any]
    request_id: str | None
    requested_by: str | None
    sender: dict[str, str] | None
    execution_arn: str | None
    at: str


class AccountDetails(AccountSummary):
    """An account, and its revisions."""

    revisions: list[AccountRevision] = Field(description="The newest first, a page of them.")
    next_cursor: str | None = Field(
        description="The parameter `cursor` of older revisions; null where there are none."
    )


class AccountPage(Page):
    """A page of accounts."""

    accounts: list[AccountSummary]


class Plan(View):
    """What a request would change, by the request policy and the ledger."""

    request_id: str
    request: dict[str, Any] = Field(description="What would be asked, with its defaults.")
    state: State | None = Field(description="Of the request of this id, where there is one.")
    account_id: str | None
    revision: int | None = Field(description="Of the account that would be changed.")
    changes: list[str] | None = Field(
        description="What changes in the account's document; null where none was carried out yet."
    )


class Started(View):
    """An execution that was started. What becomes of it shows in the request or the account."""

    request_id: str | None = None
    account_id: str | None = None
    execution_arn: str
    started_at: str


class KnownError(View):
    """One error of the catalogue."""

    code: str
    reason: str | None
    what: str
    owner: Owner
    remedy: str
    wait: float | None
    treatment: Treatment


class ErrorCatalogue(View):
    """Every error that the catalogue has."""

    errors: list[KnownError]


class Problem(View):
    """Problem details (RFC 9457), with what the catalogue says of the error."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reason: str | None
    remedy: str
    owner: Owner
    problems: list[str] = Field(description="Each mistake, where there are several or could be.")


class GatewayMessage(View):
    """What API Gateway refuses with by itself."""

    message: str | None


class Retirement(Model):
    """Why an account is retired."""

    reason: Annotated[str, Field(min_length=1, max_length=512)] = Field(
        description="For whoever finds it suspended."
    )
    deregister_delegated_administrator: bool = Field(
        False,
        description="Whether the account may stop administering services for the organization.",
    )


V = TypeVar("V", bound=View)


def shown(view: type[V], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the view has them: every field, null where nothing is known."""
    known = {str(field.alias): None for field in view.model_fields.values() if field.is_required()}
    filled = view.model_validate({**known, **values})
    return filled.model_dump(by_alias=True, mode="json")
