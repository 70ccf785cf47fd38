"""An invited account's owner, and what a test may look at meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded import organizations
from infra.settings import Settings
from tests.builders import a_request
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

INVITED = "222222222222"
EMAIL = "standalone@example.com"
ROLE = "AccountVendingAcceptHandshake"
EXTERNAL_ID = "an-external-id"
ROLE_ACCEPTS = Settings(invited_account_role_names=(ROLE,), invited_account_external_id=EXTERNAL_ID)
"""Settings by which a role of an invited account may accept; by default none may."""
BY_ID, BY_EMAIL = {"accountId": INVITED}, {"email": EMAIL.upper()}


def an_invitation(**account: str) -> dict[str, Any]:
    """A request for an account outside the organization."""
    return a_request(source="invited", account=account or BY_ID)


def invite(vending: Vending, account: dict[str, str]) -> str:
    """Invite the account by hand; the handshake's id."""
    by_id = "accountId" in account
    target = {"Type": "ACCOUNT" if by_id else "EMAIL", "Id": next(iter(account.values()))}
    sent = vending.organizations.invite_account_to_organization(Target=target)
    return str(sent["Handshake"]["Id"])


def owner(vending: Vending, account_id: str = INVITED, service: str = "organizations") -> Any:
    """AWS Organizations, or another service, as the root user of the invited account has it."""
    keys = organizations.owner_credentials(account_id)
    return vending.aws.client(
        service,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )


def awaited(vending: Vending, request: dict[str, Any]) -> dict[str, Any]:
    """The row of the request once its workflow waits for the answer."""

    def waits() -> dict[str, Any] | None:
        request_id = request["requestId"]
        return vending.row(request_id) if vending.waits(request_id) else None

    row: dict[str, Any] = eventually(waits)
    return row


def handshakes(vending: Vending) -> list[str]:
    """The states of all invitations, oldest first."""
    listed = vending.organizations.list_handshakes_for_organization(
        Filter={"ActionType": "INVITE"}
    )["Handshakes"]
    return [one["State"] for one in sorted(listed, key=lambda one: one["RequestedTimestamp"])]
