"""CreateAccount: has AWS begin to create the account, exactly once.

AWS's CreateAccount has no client token, so a repeated call would be a second request. The intent is
in the ledger before the call; the call is one HTTP request, never repeated; and where its answer
was lost, the account is looked for before it is asked for again. In the end it is AWS that makes
this safe: it refuses a second account with the same email.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from vending import aws, ports
from vending.catalogue import explain
from vending.clock import Clock, epoch, now
from vending.creation import SETTLING_TIME, Created, Creation
from vending.errors import OperationRefused, OutcomeUnknown, VendingError
from vending.ledger import Intent, Ledger, Row, record_of
from vending.limits import REQUEST_ID_TAG
from vending.observability import logger
from vending.operation import Json, Payload, operation
from vending.request import NewAccount, TagKey, TagValue
from vending.translation import translate_creation, unknown_outcome

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import CreateAccountStatusTypeDef

    from vending.announcements import Announcements

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:CreateAccount",
    "organizations:DescribeAccount",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListTagsForResource",
}


class CreateAccount(Payload):
    """The account to create, with the requester's tags."""

    execution_arn: str
    account: NewAccount
    tags: dict[TagKey, TagValue]


def run(
    payload: CreateAccount,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    organizations_once: OrganizationsClient,
    announcements: Announcements,
    clock: Clock = now,
) -> Json:
    """{createAccountRequestId, state, accountId}; OutcomeUnknown: run this again a little later.

    Implements CreateAccount of the AWS Organizations API reference.
    """
    creation = Creation(
        request_id=payload.request_id,
        execution_arn=payload.execution_arn,
        account=payload.account,
        ledger=ledger,
        organizations=organizations,
        clock=clock,
    )
    row = ledger.owned(payload.request_id, payload.execution_arn)
    created = _known(creation, row) or _create(creation, row, payload.tags, organizations_once)
    announcements.state_changed(record_of(created.row))
    return {
        "createAccountRequestId": created.row.get("createAccountRequestId"),
        "state": created.state,
        "accountId": created.row.get("accountId"),
    }


def _known(creation: Creation, row: Row) -> Created | None:
    """What an earlier call achieved; None when AWS is still, or again, to be asked."""
    account_id, creation_id = row.get("accountId"), row.get("createAccountRequestId")
    if account_id:
        return creation.adopt(account_id=account_id)
    if creation_id:
        row = creation.ledger.creating(creation.request_id, creation.execution_arn, creation_id)
        return Created(state="IN_PROGRESS", row=row)
    intent = row.get("intent")
    return _reconcile(creation, intent) if intent else None


def _reconcile(creation: Creation, intent: Intent) -> Created | None:
    """Look for what a call without an answer may have made; None when it surely made nothing."""
    finding = creation.adoption.look(since=epoch(intent["at"]))
    if finding.kind == "ours" and finding.account_id:
        return creation.adopt(account_id=finding.account_id, creation_id=finding.creation_id)
    if finding.kind == "in progress":
        raise unknown_outcome("an account of this name is being created")
    if creation.clock() - epoch(intent["at"]) < SETTLING_TIME:
        raise unknown_outcome("what was made may not show yet")
    if finding.kind == "another's":
        creation.ledger.withdraw(creation.request_id, creation.execution_arn, intent)
        words = explain("AccountCreationFailed", "EMAIL_ALREADY_EXISTS")
        raise OperationRefused(
            f"{words.what} It belongs to the account {finding.account_id}.",
            code=words.code,
            reason=words.reason,
            remedy=words.remedy,
        )
    return None


def _create(
    creation: Creation,
    row: Row,
    requested_tags: dict[str, str],
    organizations_once: OrganizationsClient,
) -> Created:
    ledger, account = creation.ledger, creation.account
    request_id, execution_arn = creation.request_id, creation.execution_arn
    row = ledger.intend(
        request_id, execution_arn, account_name=account.name, seen=row.get("intent")
    )
    tags = {**requested_tags, REQUEST_ID_TAG: request_id}
    try:
        answer = organizations_once.create_account(
            Email=account.email,
            AccountName=account.name,
            RoleName=account.role_name,
            IamUserAccessToBilling=account.iam_user_access_to_billing,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        refusal = translate_creation(error)
        if not isinstance(refusal, OutcomeUnknown):
            _withdraw(creation, row["intent"])
        raise refusal from None
    status: CreateAccountStatusTypeDef | None = answer.get("CreateAccountStatus")
    if not status or "Id" not in status:
        raise unknown_outcome("an answer without a status")
    row = ledger.creating(request_id, execution_arn, status["Id"])
    return creation.settle(status, row)


def _withdraw(creation: Creation, intent: Intent) -> None:
    """AWS did not act, so the next call need not look for anything; if this fails, it will."""
    try:
        creation.ledger.withdraw(creation.request_id, creation.execution_arn, intent)
    except VendingError as error:
        logger.warning("intent not withdrawn", extra={"code": error.code})


@operation(CreateAccount)
def handler(payload: CreateAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=ports.ledger(),
        organizations=aws.organizations(),
        organizations_once=aws.organizations_once(),
        announcements=ports.announcements(),
    )
