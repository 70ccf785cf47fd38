"""Closed accounts that have left: AWS lets them leave the organization 90 days after their closure.

AccountDepartedOrganization is recorded in the event history of the management account alone (AWS
Organizations API reference, CloseAccount), so it is looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vending.aws.clock import epoch
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import ExecutionSuperseded
from vending.ledger import keys
from vending.retirement.rows import AccountState, Retirements

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

KEPT_SECONDS = 90 * 86_400
"""For which AWS keeps a closed account."""


def mark_departed(
    retirements: Retirements,
    organizations: OrganizationsClient,
    *,
    rest: Callable[[], None],
    until: float,
) -> list[str]:
    """The accounts whose rows say DEPARTED from now on.

    Those that are closed for less than 90 days cost no call. May be repeated; what is not looked at
    by `until` is the next run's.
    """
    table, departed = retirements.table, list[str]()
    for row in table.query_by_state(AccountState.CLOSED):
        if not row["pk"].startswith(keys.RETIREMENT):
            continue
        now = table.clock()
        if now >= until:
            break
        if now - epoch(row["closedAt"]) < KEPT_SECONDS:
            continue
        rest()
        with translate_aws_errors():
            try:
                organizations.describe_account(AccountId=row["accountId"])
                continue
            except organizations.exceptions.AccountNotFoundException:
                pass
        try:
            retirements.mark(
                row["accountId"],
                row["executionArn"],
                states=(AccountState.CLOSED,),
                state=AccountState.DEPARTED,
            )
        except ExecutionSuperseded:
            continue  # it is another's by now
        departed.append(row["accountId"])
    return departed
