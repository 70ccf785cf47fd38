"""Handshakes looked at and answered, from either side.

API reference: DescribeHandshake, ListHandshakesForAccount, ListHandshakesForOrganization,
AcceptHandshake, DeclineHandshake, CancelHandshake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from moto.organizations.models import organizations_backends

from embedded.core.partitions import REGIONS
from embedded.core.principal import caller
from embedded.eventbridge import cloudtrail
from embedded.organizations import directory
from embedded.organizations.errors import OrganizationsError, invalid_input
from embedded.organizations.handshake import Handshake
from embedded.organizations.paging import page
from embedded.organizations.service import Service
from embedded.organizations.state import OrganizationState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Handshakes(Service):
    """What this organization asks of accounts, and what is asked of this account."""

    def describe_handshake(self, **request: Any) -> dict[str, Any]:
        """The handshake, for its two parties."""
        handshake = self._found(request)
        account_id = self.state.caller_id()
        if not self._asks(handshake) and not _is_asked(handshake, account_id):
            raise OrganizationsError("AccessDeniedException")
        return {"Handshake": handshake.describe()}

    def list_handshakes_for_account(self, **request: Any) -> dict[str, Any]:
        """What the caller's account is asked, by any organization."""
        account_id = self.state.caller_id()
        asked = [one for one in self._everywhere() if _is_asked(one, account_id)]
        return _listed("ListHandshakesForAccount", asked, request)

    def list_handshakes_for_organization(self, **request: Any) -> dict[str, Any]:
        """What this organization asks."""
        return _listed("ListHandshakesForOrganization", self.sent(), request)

    def accept_handshake(self, **request: Any) -> dict[str, Any]:
        """Accept, as the account that is asked.

        Raises:
            OrganizationsError: HandshakeNotFoundException; AccessDeniedException for any other
                account; HandshakeAlreadyInStateException; InvalidHandshakeTransitionException;
                HandshakeConstraintViolationException, ConstraintViolationException and
                MasterCannotLeaveOrganizationException as the action has them.
        """
        handshake = self._asked(request)
        handshake.require("ACCEPTED")
        handshake.accepted(self.state.caller_id())
        return self._end(handshake, "ACCEPTED", "AcceptHandshake", request)

    def decline_handshake(self, **request: Any) -> dict[str, Any]:
        """Decline, as the account that is asked."""
        handshake = self._asked(request)
        if handshake.recipient is None:
            # The management account sent it and nobody received it: it can only be canceled.
            raise OrganizationsError("AccessDeniedException")
        handshake.require("DECLINED")
        return self._end(handshake, "DECLINED", "DeclineHandshake", request)

    def cancel_handshake(self, **request: Any) -> dict[str, Any]:
        """Take back what this organization asked, and all that was asked on its behalf."""
        handshake = self._found(request)
        if not self._asks(handshake):
            raise OrganizationsError("AccessDeniedException")
        handshake.require("CANCELED")
        return self._end(handshake, "CANCELED", "CancelHandshake", request)

    def sent(self) -> list[Handshake]:
        """The handshakes of this organization that are still shown, oldest first."""
        now = self.state.now()
        for handshake in list(self.state.handshakes.values()):
            handshake.age(now)
            if handshake.is_forgotten(now):
                del self.state.handshakes[handshake.id]
        return list(self.state.handshakes.values())

    def send(self, handshake: Handshake) -> Handshake:
        """Begin a handshake."""
        self.state.handshakes[handshake.id] = handshake
        return handshake

    def report(self, operation: str, request: Mapping[str, Any], handshake: Handshake) -> None:
        """Have CloudTrail report a call about a handshake, in the caller's account."""
        principal, region = caller.get(), REGIONS[self.state.partition]
        self.state.announce(
            cloudtrail.handshake_call(
                principal, operation, request, handshake.describe(), self.state.now(), region
            )
        )

    def organization_resource(self) -> dict[str, Any]:
        """What a handshake shows of the organization that asks."""
        manager = self.state.account(self.state.account_id)
        return {
            "Type": "ORGANIZATION",
            "Value": self.state.org.id,
            "Resources": [
                {"Type": "MASTER_EMAIL", "Value": manager.email},
                {"Type": "MASTER_NAME", "Value": manager.name},
                {"Type": "ORGANIZATION_FEATURE_SET", "Value": self.state.org.feature_set},
            ],
        }

    def _end(
        self, handshake: Handshake, state: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        handshake.end(state, self.state.now())
        for child in list(self._everywhere()):
            if child.parent_id == handshake.id and child.is_unanswered:
                child.end("CANCELED", self.state.now())
        self.report(operation, request, handshake)
        return {"Handshake": handshake.describe()}

    def _everywhere(self) -> Iterator[Handshake]:
        for _, partition, backend in list(organizations_backends.iter_backends()):
            if partition == self.state.partition:
                yield from Handshakes(cast("OrganizationState", backend)).sent()

    def _found(self, request: Mapping[str, Any]) -> Handshake:
        wanted = request["HandshakeId"]
        found = next((one for one in self._everywhere() if one.id == wanted), None)
        if found is None:
            raise OrganizationsError("HandshakeNotFoundException")
        return found

    def _asked(self, request: Mapping[str, Any]) -> Handshake:
        handshake = self._found(request)
        if not _is_asked(handshake, self.state.caller_id()):
            raise OrganizationsError("AccessDeniedException")
        return handshake

    def _asks(self, handshake: Handshake) -> bool:
        owner: str = self.state.account_id
        return handshake.owner_id == owner and self.state.caller_id() == owner


def _is_asked(handshake: Handshake, account_id: str) -> bool:
    if handshake.recipient is None:
        return handshake.owner_id == account_id
    if handshake.recipient["Type"] == "ACCOUNT":
        return handshake.recipient["Id"] == account_id
    account = directory.by_id(account_id)
    return account is not None and account.email.lower() == handshake.recipient["Id"].lower()


def _listed(
    operation: str, handshakes: Iterable[Handshake], request: Mapping[str, Any]
) -> dict[str, Any]:
    wanted = request.get("Filter", {})
    if len(wanted) > 1:
        raise invalid_input("MAX_LIMIT_EXCEEDED_FILTER")
    action, parent_id = wanted.get("ActionType"), wanted.get("ParentHandshakeId")
    found = [
        one.describe()
        for one in handshakes
        if action in (None, one.action) and parent_id in (None, one.parent_id)
    ]
    return page(operation, "Handshakes", found, request)
