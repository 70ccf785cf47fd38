"""A sender under the request policy: what AcceptRequest and `vend plan` hold requests to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.authorization import rules
from vending.authorization.policy_requesters import Requester
from vending.authorization.request_policy import RequestPolicy, own_id
from vending.authorization.sender import Sender
from vending.errors.exceptions import RequestNotAllowed
from vending.frozen import frozen
from vending.organization.placement import member_id, unit_of
from vending.requesters import DRIFT_REPAIRS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_organizations import OrganizationsClient

    from vending.request.account_request import AccountRequest


@frozen
class Authorization:
    """What the policy says of a sender.

    Attributes:
        sender: who sent the request.
        name: the requester that the policy knows it as.
        requester: what it may ask for; None where only what is protected limits it.
        policy: all of it.
    """

    sender: Sender
    name: str
    requester: Requester | None
    policy: RequestPolicy

    @classmethod
    def of(cls, sender: Sender, policy: RequestPolicy, *, here: str) -> Authorization:
        """What the policy has for the sender, in the account of this installation.

        Raises:
            RequestNotAllowed: nothing.
        """
        name, requester = policy.requester_of(sender, here=here)
        return cls(sender=sender, name=name, requester=requester, policy=policy)

    @property
    def is_repair(self) -> bool:
        """Whether it is an account's own document, to put back what somebody else has changed."""
        return self.name == DRIFT_REPAIRS

    def as_record(self) -> Mapping[str, str]:
        """The record's `sender`."""
        return self.sender.as_record(self.name)

    def owned(self, request: AccountRequest) -> AccountRequest:
        """The request by its id among the requester's own ones.

        Raises:
            RequestNotAllowed: the id is another requester's.
        """
        return request.model_copy(update={"request_id": self.own_id(request.request_id)})

    def own_id(self, request_id: str) -> str:
        """The id as the ledger has it.

        Raises:
            RequestNotAllowed: it is another requester's.
        """
        own = request_id if self.requester is None else own_id(request_id, self.name)
        if own is None:
            raise RequestNotAllowed(
                [f"requestId: '{request_id}' is in the namespace of another requester"],
                remedy=f"Leave out what stands before the dot: '{self.name}.' is "
                "added automatically.",
            )
        return own

    def ensure_allowed(self, request: AccountRequest, organizations: OrganizationsClient) -> None:
        """RequestNotAllowed with every rule that the request breaks.

        A request that is about a member of the organization is held to where that stands, too.
        """
        rules.ensure_allowed(
            request, name=self.name, requester=self.requester, protected=self.policy.protected
        )
        if self._looks_at_places:
            account_id = member_id(request, organizations)
            if account_id is not None:
                self.ensure_place_allowed(account_id, organizations)

    def ensure_email_allowed(self, email: str) -> None:
        """RequestNotAllowed where the requester may not give an account this email."""
        rules.ensure_email_allowed(email, name=self.name, requester=self.requester)

    def ensure_place_allowed(
        self, account_id: str, organizations: OrganizationsClient, *, is_own: bool = False
    ) -> None:
        """RequestNotAllowed where the account stands where the requester may not touch it.

        Args:
            account_id: what is no member of the organization is passed over.
            organizations: where to look.
            is_own: whether the request made it, so that it may be in the root yet.
        """
        if not self._looks_at_places:
            return
        unit = unit_of(account_id, organizations)
        if unit is not None:
            rules.ensure_place_allowed(
                account_id,
                unit,
                name=self.name,
                requester=self.requester,
                protected=self.policy.protected,
                is_own=is_own,
            )

    def ensure_retirement_allowed(self, account_id: str, unit: tuple[str, ...]) -> None:
        """RequestNotAllowed where the sender may not retire the account from this unit."""
        rules.ensure_retirement_allowed(
            account_id,
            unit,
            name=self.name,
            requester=self.requester,
            protected=self.policy.protected,
        )

    @property
    def _looks_at_places(self) -> bool:
        return rules.needs_place(self.requester, self.policy.protected)
