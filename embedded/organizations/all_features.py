"""From consolidated billing to all features, with the consent of every invited member.

API reference: EnableAllFeatures. Two kinds of handshakes: the organization's own, which the
management account accepts in the end, and one for each invited member, its children. Which of them
has the Action ENABLE_ALL_FEATURES and which APPROVE_ALL_FEATURES, AWS's pages disagree on.
"""

from __future__ import annotations

import datetime
from typing import Any

from embedded.organizations.errors import handshake_constraint_violation
from embedded.organizations.handshake import Handshake
from embedded.organizations.handshakes import Handshakes
from embedded.organizations.membership import Membership
from embedded.organizations.quotas import LIMITS
from embedded.organizations.state import Account

_ACTIONS = ("ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES")
_LIFETIME = datetime.timedelta(days=LIMITS.all_features_days)


class AllFeatures(Handshakes, Membership):
    """The organization's feature set."""

    def enable_all_features(self, **request: Any) -> dict[str, Any]:
        """Ask every invited member; created ones have agreed by being created.

        The handshake is REQUESTED until all have accepted, and OPEN from then on, for the
        management account to accept.

        Raises:
            OrganizationsError: HandshakeConstraintViolationException
                ORGANIZATION_ALREADY_HAS_ALL_FEATURES or
                ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION.
        """
        if self.org.feature_set == "ALL":
            raise handshake_constraint_violation("ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
        if self.is_pending_all_features():
            raise handshake_constraint_violation(
                "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
            )
        final = Handshake(
            action=self.settings.all_features_action,
            owner_id=self.account_id,
            organization_id=self.org.id,
            partition=self.partition,
            requested_at=self.now(),
            lifetime=_LIFETIME,
            resources=[{"Type": "ORGANIZATION", "Value": self.org.id}],
            recipient=None,
            account_id=self.account_id,
            accepted=lambda _: self._finalize(),
        )
        self.send(final)
        for account in self.accounts:
            self._ask(account, final)
        self._open_when_approved(final)
        self.tell("EnableAllFeatures", request, final)
        return {"Handshake": final.describe()}

    def is_pending_all_features(self) -> bool:
        """Whether the organization is on its way to all features."""
        return self._final() is not None

    def approve_later(self, account: Account) -> None:
        """Ask a member that joined on the way."""
        final = self._final()
        if final is not None:
            self._ask(account, final)
            final.state = "REQUESTED"

    def depart(self, account: Account, method: str) -> None:
        """Let an account go; nobody waits for its consent any more."""
        super().depart(account, method)
        final = self._final()
        if final is None:
            return
        for child in self._children(final):
            if child.account_id == account.id and child.is_unanswered:
                child.end("CANCELED", self.now())
        self._open_when_approved(final)

    def _final(self) -> Handshake | None:
        return next(
            (
                one
                for one in self.sent()
                if one.action in _ACTIONS and one.parent_id is None and one.is_unanswered
            ),
            None,
        )

    def _children(self, final: Handshake) -> list[Handshake]:
        return [one for one in self.sent() if one.parent_id == final.id]

    def _ask(self, account: Account, final: Handshake) -> None:
        if account.joined_method != "INVITED" or account.id == self.account_id:
            return
        (action,) = set(_ACTIONS) - {final.action}
        self.send(
            Handshake(
                action=action,
                owner_id=self.account_id,
                organization_id=self.org.id,
                partition=self.partition,
                requested_at=self.now(),
                lifetime=final.expires_at - self.now(),
                resources=[
                    self.organization_resource(),
                    {"Type": "ACCOUNT", "Value": account.id},
                    {"Type": "PARENT_HANDSHAKE", "Value": final.id},
                ],
                recipient={"Type": "ACCOUNT", "Id": account.id},
                account_id=account.id,
                accepted=lambda account_id: self._open_when_approved(final, account_id),
                parent_id=final.id,
            )
        )

    def _open_when_approved(self, final: Handshake, approving: str | None = None) -> None:
        """Open the final handshake once every invited member has accepted.

        The child of `approving` counts, which is about to be put in its last state.
        """
        if not final.is_unanswered:
            return
        agreed = {
            child.account_id for child in self._children(final) if child.state == "ACCEPTED"
        } | {approving}
        invited = {
            account.id
            for account in self.accounts
            if account.joined_method == "INVITED" and account.id != self.account_id
        }
        final.state = "OPEN" if invited <= agreed else "REQUESTED"

    def _finalize(self) -> None:
        self.org.feature_set = "ALL"
