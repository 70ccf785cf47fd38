"""Invitations of this organization, as AWS shows them: which is a request's, and how it ended.

An invitation is a handshake that names an account by its id or by its owner's email. AWS lets one
be open for an account at a time, shows ended ones for 30 days, and never shows whether an account
of an email exists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from vending.aws.clock import pause, timestamp
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import InvitationEnded, OperationRefused, ServiceUnavailable
from vending.frozen import frozen
from vending.request.account import Account

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.literals import HandshakePartyTypeType
    from mypy_boto3_organizations.type_defs import HandshakePartyTypeDef, HandshakeTypeDef

HandshakeId = Annotated[str, Field(pattern=r"^h-[0-9a-z]{8,32}$")]

SECONDS_PER_PAGE = 0.125
"""ListAccounts' rate; a quicker search would take it from everybody else."""

UNANSWERED = ("REQUESTED", "OPEN")


def expires_at(handshake: HandshakeTypeDef) -> str:
    """When the invitation can no longer be accepted."""
    return timestamp(handshake["ExpirationTimestamp"].timestamp())


def role_not_allowed(role_name: str) -> OperationRefused:
    """The refusal of a role in an invited account that AcceptHandshake's role may not assume."""
    return OperationRefused(
        f"The stack's setting invited_account_role_names does not list {role_name}, and its "
        "function's role may assume no other role in an invited account.",
        code="RoleNotAssumable",
        remedy=(
            "List it there and deploy the stack. Or omit account.roleName, and have the "
            "account's owner accept."
        ),
    )


@frozen
class Invitations:
    """The invitations of one account. `rest` blocks for seconds."""

    client: OrganizationsClient
    account: Account
    rest: Callable[[float], None] = pause

    @property
    def target(self) -> HandshakePartyTypeDef:
        """The account as the invitation names it."""
        if self.account.account_id:
            return {"Type": "ACCOUNT", "Id": self.account.account_id}
        return {"Type": "EMAIL", "Id": str(self.account.email)}

    def describe(self, handshake_id: str) -> HandshakeTypeDef | None:
        """The handshake; None when AWS shows none of this id (any more)."""
        with translate_aws_errors():
            try:
                return self.client.describe_handshake(HandshakeId=handshake_id)["Handshake"]
            except self.client.exceptions.HandshakeNotFoundException:
                return None

    def newest(self, *, since: float = 0.0) -> HandshakeTypeDef | None:
        """The open invitation of the account, else the one sent last after `since` (epoch)."""
        sent = [
            handshake
            for handshake in self._sent()
            if self._is_for(handshake) and handshake["RequestedTimestamp"].timestamp() >= since
        ]
        return max(
            sent,
            key=lambda one: (one["State"] in UNANSWERED, one["RequestedTimestamp"]),
            default=None,
        )

    def under_other_name(self) -> list[HandshakeTypeDef]:
        """Open invitations that may be this account's: by email where it is known by its id, or
        the other way round.
        """
        other: HandshakePartyTypeType = "ACCOUNT" if self.target["Type"] == "EMAIL" else "EMAIL"
        return [
            handshake
            for handshake in self._sent()
            if handshake["State"] in UNANSWERED and _named(handshake, other)
        ]

    def member(self) -> str | None:
        """The account's id where it is a member of this organization, else None."""
        with translate_aws_errors():
            if self.account.account_id:
                try:
                    self.client.describe_account(AccountId=self.account.account_id)
                except self.client.exceptions.AccountNotFoundException:
                    return None
                return self.account.account_id
            for number, page in enumerate(self.client.get_paginator("list_accounts").paginate()):
                if number:
                    self.rest(SECONDS_PER_PAGE)
                for account in page.get("Accounts", []):
                    if _same(account.get("Email"), self.account.email):
                        return account["Id"]
        return None

    def answer(self, handshake_id: str) -> dict[str, str] | None:
        """{handshakeId, state, accountId} of an accepted invitation; None of an unanswered one.

        InvitationEnded when it will no longer be accepted; ServiceUnavailable while AWS shows
        neither the handshake nor, after its acceptance, the account.
        """
        handshake = self.describe(handshake_id)
        if handshake is None:
            raise _not_shown(f"the handshake {handshake_id}")
        state = handshake["State"]
        if state in UNANSWERED:
            return None
        if state != "ACCEPTED":
            words = explain("InvitationEnded", state)
            raise InvitationEnded(
                f"{words.what} (handshake {handshake_id})", reason=state, remedy=words.remedy
            )
        account_id = self.account.account_id or _accepted_by(handshake) or self.member()
        if account_id is None:
            raise _not_shown("the account that has accepted the invitation")
        return {"handshakeId": handshake_id, "state": state, "accountId": account_id}

    def _sent(self) -> list[HandshakeTypeDef]:
        pages = self.client.get_paginator("list_handshakes_for_organization")
        with translate_aws_errors():
            return [
                handshake
                for page in pages.paginate(Filter={"ActionType": "INVITE"})
                for handshake in page.get("Handshakes", [])
            ]

    def _is_for(self, handshake: HandshakeTypeDef) -> bool:
        wanted = self.target
        return any(_same(one, wanted["Id"]) for one in _named(handshake, wanted["Type"]))


def _named(handshake: HandshakeTypeDef, kind: HandshakePartyTypeType) -> list[str | None]:
    """The ids or emails of its parties and resources of one type."""
    named: list[Any] = [*handshake.get("Parties", []), *handshake.get("Resources", [])]
    return [each.get("Id") or each.get("Value") for each in named if each.get("Type") == kind]


def _accepted_by(handshake: HandshakeTypeDef) -> str | None:
    return next(iter(_named(handshake, "ACCOUNT")), None)


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one.lower() == other.lower()


def _not_shown(what: str) -> ServiceUnavailable:
    words = explain("ServiceUnavailable")
    return ServiceUnavailable(
        f"AWS Organizations does not show {what} yet.",
        code="HandshakeNotFoundException" if "handshake" in what else None,
        remedy=words.remedy,
    )
