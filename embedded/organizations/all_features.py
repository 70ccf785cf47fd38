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
from embedded.organizations.quotas import LIMITS
from embedded.organizations.service import Service
from embedded.organizations.state import Account, OrganizationState

_ACTIONS = ("ENABLE_ALL_FEATURES", "APPROVE_ALL_FEATURES")
_LIFETIME = datetime.timedelta(days=LIMITS.all_features_days)


class AllFeatures(Service):
    """The organization's feature set."""

    def __init__(self, state: OrganizationState) -> None:
        super().__init__(state)
        self.handshakes = Handshakes(state)

    def enable_all_features(self, **request: Any) -> dict[str, Any]:
        """Ask every invited member; created ones have agreed by being created.

        The handshake is REQUESTED until all have accepted, and OPEN from then on, for the
        management account to accept.

        Raises:
            OrganizationsError: HandshakeConstraintViolationException
                ORGANIZATION_ALREADY_HAS_ALL_FEATURES or
                ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION.
        """
        if self.state.org.feature_set == "ALL":
            raise handshake_constraint_violation("ORGANIZATION_ALREADY_HAS_ALL_FEATURES")
        if self.is_pending_all_features():
            raise handshake_constraint_violation(
                "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
            )
        final = Handshake(
            action=self.state.settings.all_features_action,
            owner_id=self.state.account_id,
            organization_id=self.state.org.id,
            partition=self.state.partition,
            requested_at=self.state.now(),
            lifetime=_LIFETIME,
            resources=[{"Type": "ORGANIZATION", "Value": self.state.org.id}],
            recipient=None,
            account_id=self.state.account_id,
            accepted=lambda _: self._finalize(),
        )
        self.handshakes.send(final)
        for account in self.state.accounts:
            self._ask(account, final)
        self._open_when_approved(final)
        self.handshakes.report("EnableAllFeatures", request, final)
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

    def forget(self, account: Account) -> None:
        """An account has gone: nobody waits for its consent any more."""
        final = self._final()
        if final is None:
            return
        for child in self._children(final):
            if child.account_id == account.id and child.is_unanswered:
                child.end("CANCELED", self.state.now())
        self._open_when_approved(final)

    def _final(self) -> Handshake | None:
        return next(
            (
                one
                for one in self.handshakes.sent()
                if one.action in _ACTIONS and one.parent_id is None and one.is_unanswered
            ),
            None,
        )

    def _children(self, final: Handshake) -> list[Handshake]:
        return [one for one in self.handshakes.sent() if one.parent_id == final.id]

    def _ask(self, account: Account, final: Handshake) -> None:
        if account.joined_method != "INVITED" or account.id == self.state.account_id:
            return
        (action,) = set(_ACTIONS) - {final.action}
        self.handshakes.send(
            Handshake(
                action=action,
                owner_id=self.state.account_id,
                organization_id=self.state.org.id,
                partition=self.state.partition,
                requested_at=self.state.now(),
                lifetime=final.expires_at - self.state.now(),
                resources=[
                    self.handshakes.organization_resource(),
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
            for account in self.state.accounts
            if account.joined_method == "INVITED" and account.id != self.state.account_id
        }
        final.state = "OPEN" if invited <= agreed else "REQUESTED"

    def _finalize(self) -> None:
        self.state.org.feature_set = "ALL"
