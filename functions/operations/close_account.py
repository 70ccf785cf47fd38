"""CloseAccount: has AWS close an account whose grace period is over, unless it was restored.

The intent is written before AWS is asked, on the condition that the retirement still has the row;
from then on no restoration gets it. Asking twice does no harm, as an account closes once: after a
lost answer, this looks, and asks again only where AWS shows the account as ACTIVE.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vending.aws import clients
from vending.aws.clock import epoch, timestamp
from vending.aws.measurements import measure
from vending.aws.observability import logger
from vending.errors.aws_errors import reason_of, translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import (
    ClosingRefusedForNow,
    OperationRefused,
    SlotNeeded,
    Throttled,
    VendingError,
)
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.queueing.slots import SLOT_CALLS, Slots
from vending.request.fields import AccountId
from vending.retirement.rows import AccountState, Retirements

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = SLOT_CALLS | {
    "dynamodb:UpdateItem",
    "organizations:CloseAccount",
    "organizations:DescribeAccount",
}

_ALREADY = {"AccountAlreadyClosedException", "ConflictException"}
_CLOCKS_DIFFER_BY = 2.0


class CloseAccount(Model):
    """The account, and the execution that retires it."""

    account_id: AccountId
    execution_arn: str


def run(
    payload: CloseAccount,
    *,
    retirements: Retirements,
    slots: Slots,
    organizations: OrganizationsClient,
    closer: OrganizationsClient,
) -> Json:
    """{state, closedBy}: the state that AWS shows, and OTHERS where we did not ask for it.

    ExecutionSuperseded where the account was restored. SlotNeeded, ClosingRefusedForNow: run this
    again with the closing queue's next slot. OperationRefused before the grace period is over.

    Implements CloseAccount of the AWS Organizations API reference.
    """
    account_id, execution_arn = payload.account_id, payload.execution_arn
    row = retirements.owned(account_id, execution_arn)
    now = retirements.table.clock()
    if "closesAt" not in row or now + _CLOCKS_DIFFER_BY < epoch(row["closesAt"]):
        words = explain("GracePeriodNotOver")
        raise OperationRefused(
            f"{words.what} It ends {row.get('closesAt')}.", code=words.code, remedy=words.remedy
        )
    state = state_of(account_id, organizations)
    if state != "ACTIVE":
        ours = row["state"] == AccountState.CLOSING
        _mark_closing(payload, retirements)
        return {"state": state, "closedBy": "US" if ours else "OTHERS"}
    if not slots.is_due(account_id):
        words = explain("SlotNeeded")
        raise SlotNeeded(words.what, remedy=words.remedy)
    _mark_closing(payload, retirements)
    if "waitsSince" in row:
        measure("ClosureWait", max(0.0, now - epoch(row["waitsSince"])))
    try:
        with translate_aws_errors():
            try:
                closer.close_account(AccountId=account_id)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in _ALREADY:
                    if reason_of(error) == "CLOSE_ACCOUNT_QUOTA_EXCEEDED":
                        slots.back_off_period(account_id)
                    raise
    except (ClosingRefusedForNow, Throttled, OperationRefused) as refused:
        _take_back(payload, retirements, slots, refused)
        if isinstance(refused, Throttled):
            words = explain("ClosingRefusedForNow")
            raise ClosingRefusedForNow(refused.message, remedy=words.remedy) from None
        raise
    return {"state": "PENDING_CLOSURE", "closedBy": "US"}


def state_of(account_id: str, organizations: OrganizationsClient) -> str:
    """What AWS calls the account's state; DEPARTED where it is no member any more."""
    try:
        account = organizations.describe_account(AccountId=account_id)["Account"]
    except organizations.exceptions.AccountNotFoundException:
        return "DEPARTED"
    return str(account.get("State") or account.get("Status"))


def _mark_closing(payload: CloseAccount, retirements: Retirements) -> None:
    retirements.mark(
        payload.account_id,
        payload.execution_arn,
        states=(AccountState.RETIRING, AccountState.CLOSING),
        remove=("waitsSince",),
        state=AccountState.CLOSING,
        closingAt=timestamp(retirements.table.clock()),
    )


def _take_back(
    payload: CloseAccount, retirements: Retirements, slots: Slots, refused: VendingError
) -> None:
    """AWS definitely did nothing: the account can be restored, and waits for its next slot."""
    retirements.mark(
        payload.account_id,
        payload.execution_arn,
        states=(AccountState.CLOSING,),
        remove=("closingAt",),
        state=AccountState.RETIRING,
    )
    is_of_period = refused.reason == "CLOSE_ACCOUNT_QUOTA_EXCEEDED"
    if is_of_period or isinstance(refused, OperationRefused):
        return
    logger.warning("closure refused for now", extra={"code": refused.code})
    slots.back_off(payload.account_id)


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    by = "" if result["closedBy"] == "US" else ", closed by others"
    return f"{result['state']}{by}"


@operation(CloseAccount)
def handler(payload: CloseAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        retirements=wiring.retirements(),
        slots=wiring.closing_slots(),
        organizations=clients.organizations(),
        closer=clients.organizations_once(),
    )
