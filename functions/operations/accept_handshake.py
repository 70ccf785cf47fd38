"""AcceptHandshake: accepts a handshake, as the account that is asked.

An invitation is accepted by a role in the invited account, with that account's credentials: the
management account's are of no use there, and are never tried. A handshake that asks the management
account itself is accepted with this function's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import model_validator

from vending.aws import clients
from vending.errors.aws_errors import translate
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, VendingError
from vending.handler import settings
from vending.handler.operation import Json, Payload, operation
from vending.organization.invitations import HandshakeId
from vending.request.fields import AccountId, RoleName

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {
    "organizations:AcceptHandshake",
    "organizations:DescribeHandshake",
    "sts:AssumeRole",
}

_DENIED = {"AccessDeniedException", "AccessDeniedForDependencyException"}


class AcceptHandshake(Payload):
    """The handshake; `accountId` and `roleName` of who accepts, absent for this account itself."""

    handshake_id: HandshakeId
    account_id: AccountId | None = None
    role_name: RoleName | None = None

    @model_validator(mode="after")
    def _role_is_somewhere(self) -> AcceptHandshake:
        if (self.account_id is None) != (self.role_name is None):
            raise ValueError("accountId and roleName go together")
        return self


def run(payload: AcceptHandshake, *, organizations: OrganizationsClient) -> Json:
    """{handshakeId, accepted: whether it was not before, accountId}.

    `organizations` has the credentials of the account that is asked. Implements AcceptHandshake of
    the AWS Organizations API reference.
    """
    accepted = True
    try:
        organizations.accept_handshake(HandshakeId=payload.handshake_id)
    except organizations.exceptions.HandshakeAlreadyInStateException:
        accepted = False
    except ClientError as error:
        if payload.account_id is None or error.response["Error"]["Code"] not in _DENIED:
            raise
        raise _denied_there(translate(error), payload) from None
    return _answer(payload, accepted=accepted)


def _answer(payload: AcceptHandshake, *, accepted: bool) -> Json:
    return {
        "handshakeId": payload.handshake_id,
        "accepted": accepted,
        "accountId": payload.account_id,
    }


def _denied_there(refusal: VendingError, payload: AcceptHandshake) -> OperationRefused:
    """It is the role in the invited account that lacks a permission, not this function's."""
    return OperationRefused(
        f"{refusal.message} (role {payload.role_name} in account {payload.account_id})",
        code=refusal.code,
        reason=refusal.reason,
        remedy=(
            "Allow organizations:AcceptHandshake and iam:CreateServiceLinkedRole to the role "
            f"{payload.role_name} in account {payload.account_id}. Or leave account.roleName out, "
            "and have the account's owner accept. Then submit the request again."
        ),
    )


def _asked(payload: AcceptHandshake) -> OrganizationsClient:
    """Organizations, with the credentials of the account that is asked."""
    if payload.account_id is None or payload.role_name is None:
        return clients.organizations()
    external_id = settings.read(settings.InvitationSettings).external_id
    try:
        return clients.organizations_as(payload.account_id, payload.role_name, external_id)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "AccessDenied":
            raise
    words = explain("RoleNotAssumable")
    raise OperationRefused(
        f"AssumeRole: {words.what} (role {payload.role_name} in account {payload.account_id})",
        code=words.code,
        remedy=words.remedy,
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    account_id = result["accountId"]
    return f"accepted as {account_id}" if account_id else str(result["handshakeId"])


@operation(AcceptHandshake)
def handler(payload: AcceptHandshake) -> Json:
    """The Lambda entrance."""
    try:
        organizations = _asked(payload)
    except OperationRefused:
        # An earlier run may have accepted, and died before it could say so: the account is a member
        # since, and a member's role is never assumed.
        if not _is_accepted(payload):
            raise
        return _answer(payload, accepted=False)
    return run(payload, organizations=organizations)


def _is_accepted(payload: AcceptHandshake) -> bool:
    described = clients.organizations().describe_handshake(HandshakeId=payload.handshake_id)
    return described["Handshake"].get("State") == "ACCEPTED"
