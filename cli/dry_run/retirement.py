"""What the retirement of an account would change, what refuses it, and who has to approve it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.dry_run.planned import Planned
from vending.acceptance.approvals_asked import retirement_asked
from vending.authorization.authorization import Authorization
from vending.aws import clock
from vending.ledger.approval_records import asked_words, is_pending, missing
from vending.ledger.item_types import Retirement
from vending.organization import placement
from vending.retirement import refusals
from vending.retirement.request import RetirementRequest
from vending.retirement.rows import unit_before

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef


def planned_retirement(
    request: RetirementRequest,
    row: Retirement | None,
    *,
    account: AccountTypeDef,
    organizations: Any,
    authorization: Authorization | None,
    protected_tag: str,
) -> Planned:
    """What retiring the account would change, by what AcceptRetirement asks of it.

    Args:
        request: to retire the account.
        row: what the ledger has of an earlier retirement of the account.
        account: as AWS describes it, a member of the organization.
        organizations: a client that only reads.
        authorization: of who would send it; None where nobody knows.
        protected_tag: the key of the tag that keeps accounts; empty where none does.
    """
    planned = Planned()
    planned.say("account suspended, and closed later", changed=True)
    if authorization is not None:
        with planned.refusals():
            unit = unit_before(row, placement.unit_of(request.account_id, organizations))
            authorization.ensure_retirement_allowed(request.account_id, unit)
            approval = retirement_asked(request, unit, authorization, now=clock.now(), row=row)
            if approval is not None and is_pending(approval):
                planned.warnings.append(f"The retirement {asked_words(missing(approval))}")
    with planned.refusals():
        planned.problems += [
            refusal.as_dict()
            for refusal in refusals.found(
                account,
                organizations,
                protected_tag=protected_tag,
                deregister=request.deregister_delegated_administrator,
            )
        ]
    return planned
