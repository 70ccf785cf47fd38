"""The closing queue: which account AWS may be asked to close, and from which moment on.

AWS closes 0.05 accounts a second, 3 at a time, and in any 30 days 250 or a fifth of the members,
whichever is more, up to 1,000 (AWS Organizations User Guide, "Quotas and service limits").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.ledger.keys import CLOSING_QUEUE
from vending.queueing.queue import Observed
from vending.queueing.slots import Slots

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.table import Table
    from vending.queueing.queue import Quota
    from vending.retirement.rows import Retirements

LOOKS_EVERY = 600.0
"""Seconds for which what was seen of the organization's accounts is taken for true: a look lists
all of them, at 8 calls a second and 20 accounts a call."""

CLOSING = "PENDING_CLOSURE"
CLOSED = ("SUSPENDED", "CLOSED")
"""What AWS calls the state of a closed account; DescribeAccount says CLOSED, and once SUSPENDED."""


def closing_slots(
    table: Table, retirements: Retirements, stepfunctions: SFNClient, quota: Quota, **ports: Any
) -> Slots:
    """The closing queue; `ports` are the clock and the sleep of a test."""
    return Slots(
        pk=CLOSING_QUEUE,
        backlog="ClosureBacklog",
        table=table,
        waiters=retirements,
        stepfunctions=stepfunctions,
        quota=quota,
        **ports,
    )


def look(account_id: str, slots: Slots, organizations: OrganizationsClient) -> None:
    """Have the queue count what others close, where nobody has looked for a while."""
    at = slots.clock()
    if at - slots.read()[1].observed.at < LOOKS_EVERY:
        return
    states = {
        account["Id"]: account.get("State") or account.get("Status")
        for page in organizations.get_paginator("list_accounts").paginate()
        for account in page.get("Accounts", [])
    }
    slots.observe(
        Observed(
            at=at,
            members=max(0, len(states) - 1),
            in_progress=frozenset(one for one, state in states.items() if state == CLOSING),
            ended=frozenset(one for one, state in states.items() if state in CLOSED),
        ),
        account_id,
    )
