"""The approvals that a request needs when it is claimed, and those that count from before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from vending.authorization import approvals_needed
from vending.authorization.approvals_needed import Counted
from vending.authorization.authorization import Authorization
from vending.authorization.identities import Identity
from vending.aws.clock import Clock, timestamp
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, RejectedByApprover
from vending.frozen import frozen
from vending.ledger import approval_records
from vending.ledger.approval_records import Outcome
from vending.organization.placement import unit_of

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.authorization.rules import Unit
    from vending.ledger.item_types import Approval, Decision, Need, Retirement
    from vending.request.account_request import AccountRequest
    from vending.retirement.request import RetirementRequest

_DAY = 86_400


@frozen
class ApprovalsAsked:
    """What the request policy wants for one request, at this moment."""

    request: AccountRequest
    authorization: Authorization
    organizations: OrganizationsClient
    clock: Clock

    def asked(
        self, counted: Counted, *, account_id: str | None, earlier: Approval | None = None
    ) -> Approval | None:
        """The approval with which the request begins; None where it needs none.

        Args:
            counted: of the requester.
            account_id: of an account that is there already.
            earlier: of the same request before, which goes on with the same content.
        """
        policy, name = self.authorization.policy, self.authorization.name
        content = self.request.fingerprint()
        if earlier is not None and earlier["content"] != content:
            earlier = None
        if earlier is not None:
            # It is not counted again, and what was wanted for its number still is.
            counted = replace(counted, earlier=tuple(earlier["rules"]))
        place = None
        if account_id is not None and approvals_needed.looks_at_places(policy, name):
            place = unit_of(account_id, self.organizations)
        needs = approvals_needed.of_request(
            self.request, policy, name=name, place=place, counted=counted
        )
        asker = Identity.of(self.authorization.as_record(), self.request.requested_by)
        return begun(needs, content, asker, self.authorization, self.clock(), earlier)


def retirement_asked(
    request: RetirementRequest,
    unit: Unit,
    authorization: Authorization,
    *,
    now: float,
    row: Retirement | None,
) -> Approval | None:
    """The approval with which a retirement begins; None where it needs none.

    Args:
        request: what is asked for.
        unit: where the account stands.
        authorization: what the request policy says of the sender.
        now: epoch seconds.
        row: of an earlier retirement of the same account. Approvals still count of one that led to
            nothing, and none of one that was taken back.
    """
    earlier = row.get("approval") if row is not None and row["action"] == "retire" else None
    # The reason is for people, and may be put another way.
    asked = [request.account_id, request.deregister_delegated_administrator]
    content = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    return begun(
        approvals_needed.of_retirement(unit, authorization.policy, name=authorization.name),
        content,
        Identity.of(authorization.as_record(), request.requested_by),
        authorization,
        now,
        earlier if earlier is not None and earlier["content"] == content else None,
    )


def begun(
    needs: Sequence[Need],
    content: str,
    asker: Identity,
    authorization: Authorization,
    now: float,
    earlier: Approval | None = None,
) -> Approval | None:
    """The approval of what is asked for now; None where nothing is needed.

    Args:
        needs: what the rules want.
        content: what is to be approved, as an approval keeps it.
        asker: who asks.
        authorization: what the request policy says of them.
        now: epoch seconds.
        earlier: of the same content.
    """
    if not needs:
        return None
    days = authorization.policy.approvals.expire_after_days
    at = timestamp(now)
    decisions = [*_still_counting(earlier, asker), *_waivers(needs, asker, authorization, at)]
    return approval_records.begin(
        needs, content=content, expires_at=timestamp(now + days * _DAY), at=at, decisions=decisions
    )


def refuse_unapproved(approval: Approval | None) -> None:
    """RejectedByApprover, OperationRefused (ApprovalTimedOut) where it was awaited in vain."""
    outcome = approval.get("outcome") if approval else None
    if approval is not None and outcome == Outcome.REJECTED:
        decision = approval["decisions"][-1]
        words = explain("RejectedByApprover")
        raise RejectedByApprover(
            f"Rejected by {decision['by']}: {decision.get('reason', '-')}", remedy=words.remedy
        )
    if approval is not None and outcome == Outcome.TIMED_OUT:
        words = explain("ApprovalTimedOut")
        asked = ", ".join(approval["by"])
        raise OperationRefused(
            f"{words.what} Asked were {asked}, until {approval['expiresAt']}.",
            code=words.code,
            remedy=words.remedy,
        )


def _still_counting(earlier: Approval | None, asker: Identity) -> Iterator[Decision]:
    """Approvals of the same content, but those of whoever asks now; none after a rejection."""
    if earlier is None or earlier.get("outcome") == Outcome.REJECTED:
        return
    for decision in earlier["decisions"]:
        decider = Identity(
            requester=decision["requester"],
            person=decision["person"],
            is_in_person="eventId" not in decision,
            name=decision["by"],
        )
        is_given = decision["decision"] == Outcome.APPROVED and "waives" not in decision
        if is_given and not decider.may_be(asker):
            yield decision


def _waivers(
    needs: Sequence[Need], asker: Identity, authorization: Authorization, at: str
) -> Iterator[Decision]:
    """That the request counts as approved, as everybody is to see it."""
    waived = [need["rule"] for need in needs if need.get("isWaived")]
    if waived:
        yield cast(
            "Decision",
            {
                "by": asker.name,
                "requester": authorization.name,
                "person": asker.person or asker.name,
                "decision": Outcome.APPROVED,
                "at": at,
                "waives": waived,
                "reason": f"requesters.{authorization.name}.countsAsApproved: {', '.join(waived)}",
            },
        )
