"""What the retirement of an account would change, and who has to approve it."""

from __future__ import annotations

from typing import Any

from cli.dry_run.planned import Planned
from vending.acceptance.approvals_asked import retirement_asked
from vending.authorization.authorization import Authorization
from vending.aws import clock
from vending.ledger.approval_records import asked_words, is_pending, missing
from vending.organization import placement
from vending.retirement.request import RetirementRequest
from vending.retirement.rows import Retirement, unit_before


def planned_retirement(
    request: RetirementRequest,
    row: Retirement | None,
    *,
    organizations: Any,
    authorization: Authorization | None,
) -> Planned:
    """What retiring the account would change, by what AcceptRetirement asks of it.

    Args:
        request: to retire a member of the organization.
        row: what the ledger has of an earlier retirement of the account.
        organizations: a client that only reads.
        authorization: of who would send it; None where nobody knows.
    """
    planned = Planned()
    planned.say("account suspended, and closed later", changed=True)
    if authorization is None:
        return planned
    with planned.refusals():
        unit = unit_before(row, placement.unit_of(request.account_id, organizations))
        authorization.ensure_retirement_allowed(request.account_id, unit)
        approval = retirement_asked(request, unit, authorization, now=clock.now(), row=row)
        if approval is not None and is_pending(approval):
            planned.warnings.append(f"The retirement {asked_words(missing(approval))}")
    return planned
