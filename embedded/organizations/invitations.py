"""Invitations: accounts outside the organization are asked to join it.

API reference: InviteAccountToOrganization, and AcceptHandshake of an INVITE.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, cast

from moto.organizations.models import organizations_backends

from embedded.organizations import directory
from embedded.organizations.all_features import AllFeatures
from embedded.organizations.directory import AwsAccount
from embedded.organizations.email import is_valid, same
from embedded.organizations.errors import (
    OrganizationsError,
    handshake_constraint_violation,
    invalid_input,
)
from embedded.organizations.handshake import Handshake
from embedded.organizations.handshakes import Handshakes
from embedded.organizations.membership import Membership
from embedded.organizations.quotas import LIMITS
from embedded.organizations.service import Service
from embedded.organizations.state import Account, OrganizationState
from embedded.organizations.tags import merged

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY = datetime.timedelta(days=1)


class Invitations(Service):
    """Whom this organization has invited."""

    def __init__(self, state: OrganizationState) -> None:
        super().__init__(state)
        self.handshakes = Handshakes(state)
        self.all_features = AllFeatures(state)
        self.membership = Membership(state)

    def invite_account_to_organization(self, **request: Any) -> dict[str, Any]:
        """Invite an account by its id or by its owner's email. Whether it exists is not reported.

        Raises:
            OrganizationsError: InvalidInputException for the target or the tags;
                FinalizingOrganizationException; DuplicateHandshakeException while an invitation is
                open; HandshakeConstraintViolationException ALREADY_IN_AN_ORGANIZATION,
                INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES, HANDSHAKE_RATE_LIMIT_EXCEEDED,
                ACCOUNT_NUMBER_LIMIT_EXCEEDED.
        """
        target = request["Target"]
        _refuse_target(target)
        tags = merged({}, request.get("Tags", []))
        self.state.refuse_while_finalizing()
        if self.all_features.is_pending_all_features():
            raise handshake_constraint_violation("INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES")
        account_id = self._behind(target)
        if account_id is not None and self.state.find_account(account_id) is not None:
            raise handshake_constraint_violation("ALREADY_IN_AN_ORGANIZATION")
        if any(_is_same(one, target, account_id) for one in self.open_invitations()):
            raise OrganizationsError("DuplicateHandshakeException")
        self._refuse_above_limits()
        handshake = self.handshakes.send(self._invitation(request, account_id, tags))
        self.handshakes.report("InviteAccountToOrganization", request, handshake)
        return {"Handshake": handshake.describe()}

    def open_invitations(self) -> list[Handshake]:
        """Invitations that nobody has answered; they count as accounts."""
        return [
            one for one in self.handshakes.sent() if one.action == "INVITE" and one.is_unanswered
        ]

    def _invitation(
        self, request: Mapping[str, Any], account_id: str | None, tags: dict[str, str]
    ) -> Handshake:
        target = dict(request["Target"])
        resources = [
            self.handshakes.organization_resource(),
            {"Type": target["Type"], "Value": target["Id"]},
        ]
        if request.get("Notes"):
            resources.append({"Type": "NOTES", "Value": request["Notes"]})
        return Handshake(
            action="INVITE",
            owner_id=self.state.account_id,
            organization_id=self.state.org.id,
            partition=self.state.partition,
            requested_at=self.state.now(),
            lifetime=LIMITS.invitation_days * _DAY,
            resources=resources,
            recipient=target,
            account_id=account_id,
            accepted=lambda account: self._join_invited(account, tags),
            tags=tags,
        )

    def _join_invited(self, account_id: str, tags: dict[str, str]) -> None:
        former = self._organization_with(account_id)
        if former is self.state:
            raise handshake_constraint_violation("ALREADY_IN_AN_ORGANIZATION")
        if len(self.state.accounts) >= self.state.settings.account_limit:
            raise handshake_constraint_violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED")
        if former is not None:
            # AcceptHandshake: an account may move from one organization straight to another.
            Membership(former).depart(former.account(account_id), "LEFT")
        known = directory.by_id(account_id) or directory.register(
            AwsAccount(
                id=account_id,
                email=f"account-{account_id}@example.com",
                name=f"Account {account_id}",
                partition=self.state.partition,
            )
        )
        account = Account(
            self.state.org,
            account_id=account_id,
            name=known.name,
            email=known.email,
            joined_at=self.state.now(),
            joined_method="INVITED",
            tags=tags,
        )
        self.membership.join(account)
        self.all_features.approve_later(account)

    def _organization_with(self, account_id: str) -> OrganizationState | None:
        for _, partition, backend in list(organizations_backends.iter_backends()):
            organization = cast("OrganizationState", backend)
            if partition == self.state.partition and organization.find_account(account_id):
                return organization
        return None

    def _behind(self, target: Mapping[str, str]) -> str | None:
        if target["Type"] == "ACCOUNT":
            return target["Id"]
        account = directory.by_email(self.state.partition, target["Id"])
        return account.id if account else None

    def _refuse_above_limits(self) -> None:
        limit = self.state.settings.account_limit
        since = self.state.now() - _DAY
        lately = [
            one
            for one in self.handshakes.sent()
            if one.action == "INVITE" and one.state != "ACCEPTED" and one.requested_at > since
        ]
        if len(lately) >= max(LIMITS.invitations_in_24_hours, limit):
            raise handshake_constraint_violation("HANDSHAKE_RATE_LIMIT_EXCEEDED")
        if len(self.state.accounts) + len(self.open_invitations()) >= limit:
            raise handshake_constraint_violation("ACCOUNT_NUMBER_LIMIT_EXCEEDED")


def _refuse_target(target: Mapping[str, str]) -> None:
    if target["Type"] == "ORGANIZATION":
        raise invalid_input("INVALID_PARTY_TYPE_TARGET")
    if target["Type"] == "ACCOUNT" and not re.fullmatch("[0-9]{12}", target["Id"]):
        raise invalid_input("INVALID_PATTERN")
    if target["Type"] == "EMAIL" and not is_valid(target["Id"]):
        raise invalid_input("INVALID_EMAIL_ADDRESS_TARGET")


def _is_same(handshake: Handshake, target: Mapping[str, str], account_id: str | None) -> bool:
    """Whether a handshake asks the same account, however each of both names it."""
    if account_id is not None and handshake.account_id == account_id:
        return True
    asked = handshake.recipient or {}
    return asked.get("Type") == target["Type"] and same(asked["Id"], target["Id"])
