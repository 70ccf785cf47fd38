"""InviteAccountToOrganization: sends the account one invitation, or finds the one that is open.

AWS's operation has no client token. The intent is in the ledger before the call; the call is one
HTTP request, never repeated by the SDK; and where its answer was lost, the invitation is looked for
before another is sent, so that nobody who has declined is asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from vending.aws import clients
from vending.aws.clock import Clock, epoch, now
from vending.creation.find_account import CLOCKS_DIFFER_BY, SETTLING_TIME
from vending.errors.aws_errors import translate_creation, unknown_outcome
from vending.errors.catalogue import explain
from vending.errors.exceptions import (
    OperationRefused,
    OutcomeUnknown,
    ServiceUnavailable,
    VendingError,
)
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.ledger import keys
from vending.ledger.invitation_rows import InvitationRows
from vending.ledger.ledger import Ledger
from vending.ledger.rows import record_of
from vending.organization.invitations import (
    UNANSWERED,
    Invitations,
    expires_at,
)
from vending.request.account import Account
from vending.request.fields import TagKey, TagValue
from vending.request.validators import REQUEST_ID_TAG
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import HandshakeTypeDef

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:DescribeHandshake",
    "organizations:InviteAccountToOrganization",
    "organizations:ListAccounts",
    "organizations:ListHandshakesForOrganization",
}


class InviteAccountToOrganization(Payload):
    """The account to invite, by its id or email, with the tags it gets when it joins."""

    execution_arn: str
    account: Account
    tags: dict[TagKey, TagValue]


def run(
    payload: InviteAccountToOrganization,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    organizations_once: OrganizationsClient,
    publisher: EventPublisher,
    clock: Clock = now,
) -> Json:
    """{state, handshakeId, expiresAt, accountId}.

    `state` is the handshake's, or MEMBER where the account is in this organization already: only
    then is `accountId` known, and there is no handshake.

    Implements InviteAccountToOrganization of the AWS Organizations API reference.
    """
    invitations = Invitations(client=organizations, account=payload.account)
    rows = InvitationRows(ledger=ledger)
    row = ledger.owned(payload.request_id, payload.execution_arn)
    handshake = _known(row, invitations, clock) or _invite(
        payload, rows, invitations, organizations_once
    )
    if handshake is None:
        account_id = invitations.member()
        return {"state": "MEMBER", "handshakeId": None, "expiresAt": None, "accountId": account_id}
    handshake_id, until = handshake["Id"], expires_at(handshake)
    row = rows.mark_invited(
        payload.request_id,
        payload.execution_arn,
        handshake_id=handshake_id,
        expires_at=until,
        next_steps=_next_steps(payload.account, handshake_id, until),
        pointers=[keys.handshake(handshake_id), keys.invited(invitations.target["Id"])],
    )
    publisher.publish_state_changed(record_of(row))
    return {
        "state": handshake["State"],
        "handshakeId": handshake_id,
        "expiresAt": until,
        "accountId": None,
    }


def _known(row: Row, invitations: Invitations, clock: Clock) -> HandshakeTypeDef | None:
    """What this request sent before; None when AWS is still, or again, to be asked.

    What this execution sent counts however it ended. An earlier execution's counts while it is
    unanswered: a request that is submitted again after its invitation has ended wants another.
    """
    handshake_id, intent = row.get("handshakeId"), row.get("invitation")
    is_own = row["state"] == State.INVITED
    if handshake_id:
        handshake = invitations.describe(handshake_id)
    elif intent:
        sent_at = epoch(intent["at"])
        handshake = invitations.newest(since=sent_at - CLOCKS_DIFFER_BY)
        if handshake is None and is_own and clock() - sent_at < SETTLING_TIME:
            raise _unclear(unknown_outcome("what was sent may not be visible yet", _NAME))
    else:
        return None
    if handshake is not None and (is_own or handshake["State"] in UNANSWERED):
        return handshake
    return None


def _invite(
    payload: InviteAccountToOrganization,
    rows: InvitationRows,
    invitations: Invitations,
    organizations_once: OrganizationsClient,
) -> HandshakeTypeDef | None:
    """The new invitation, or the open one that AWS says there is; None for a member's account."""
    request_id, execution_arn = payload.request_id, payload.execution_arn
    rows.record_intent(request_id, execution_arn)
    tags = {**payload.tags, REQUEST_ID_TAG: request_id}
    try:
        answer = organizations_once.invite_account_to_organization(
            Target=invitations.target,
            Notes=f"Account vending request {request_id}",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    except (ClientError, BotoCoreError, ResponseParserError) as error:
        refusal = translate_creation(error, _NAME)
        if isinstance(refusal, OutcomeUnknown):
            raise _unclear(refusal) from None
        row = rows.clear_intent(request_id, execution_arn)
        return _in_its_place(refusal, row, rows, invitations)
    handshake = answer.get("Handshake")
    if not handshake:
        raise _unclear(unknown_outcome("an answer without a handshake", _NAME))
    return handshake


def _in_its_place(
    refusal: VendingError, row: Row, rows: InvitationRows, invitations: Invitations
) -> HandshakeTypeDef | None:
    """What makes the refused invitation needless; the refusal itself where nothing does."""
    # While all features are pending AWS refuses every invitation, needless ones too.
    closed = refusal.reason == "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
    is_open_already = refusal.code == "DuplicateHandshakeException"
    if closed or is_open_already:
        handshake = invitations.newest()
        if handshake is not None and handshake["State"] in UNANSWERED:
            return handshake
    is_perhaps_in = closed or refusal.reason == "ALREADY_IN_AN_ORGANIZATION"
    if is_perhaps_in and invitations.member() is not None:
        return None
    if is_open_already and rows.seconds_refused_as_duplicate(row) >= SETTLING_TIME:
        _refuse_other_names(invitations)
    raise refusal from None


def _refuse_other_names(invitations: Invitations) -> None:
    """OperationRefused where open invitations may name the account otherwise.

    AWS does not say which email and which id are one account's, so none of them is taken over.
    """
    ids = [one["Id"] for one in invitations.under_other_name()]
    if not ids:
        return
    words = explain("InvitationUnderOtherName")
    listed = ", ".join(ids[:_LISTED_MAX])
    if len(ids) > _LISTED_MAX:
        listed += f" and {len(ids) - _LISTED_MAX} more"
    remedy = words.remedy.replace("an open invitation", f"an open invitation ({listed})", 1)
    if len(ids) == 1:
        remedy = remedy.replace("HANDSHAKE_ID", ids[0])
    raise OperationRefused(f"{_NAME}: {words.what}", code=words.code, remedy=remedy)


def _unclear(unknown: OutcomeUnknown) -> ServiceUnavailable:
    """To be run again, which is safe: it looks for what was sent before it sends anything."""
    return ServiceUnavailable(unknown.message, code=unknown.code, remedy=unknown.remedy)


def _next_steps(account: Account, handshake_id: str, until: str) -> list[str] | None:
    """What the account's owner is to do; nothing where a role accepts for them."""
    if "role_name" in account.model_fields_set:
        return None
    what = f"With credentials of the invited account, accept the invitation before {until}"
    return [f"{what}: aws organizations accept-handshake --handshake-id {handshake_id}"]


_NAME = "InviteAccountToOrganization"
_LISTED_MAX = 10


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    if result["state"] == "MEMBER":
        return "already in the organization"
    return f"{result['handshakeId']}, open until {str(result['expiresAt'])[:10]}"


@operation(InviteAccountToOrganization)
def handler(payload: InviteAccountToOrganization) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        organizations=clients.organizations(),
        organizations_once=clients.organizations_once(),
        publisher=wiring.event_publisher(),
    )
