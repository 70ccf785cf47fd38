"""DeregisterDelegatedAdministrator: ends what an account that is to be closed administers.

Only where its retirement says so, and as late as can be: just before it is closed, because nobody
can say what a service loses with its administrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.request.fields import AccountId
from vending.retirement.refusals import delegated_services
from vending.retirement.rows import AccountState, Retirements

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "organizations:DeregisterDelegatedAdministrator",
    "organizations:ListDelegatedServicesForAccount",
}


class DeregisterDelegatedAdministrator(Model):
    """The account, and the execution that retires it."""

    account_id: AccountId
    execution_arn: str


def run(
    payload: DeregisterDelegatedAdministrator,
    *,
    retirements: Retirements,
    organizations: OrganizationsClient,
) -> Json:
    """{deregistered: the services, those of an earlier run too}.

    They are written down before, so that a restoration can tell. ExecutionSuperseded where the
    account was restored. Nothing where the retirement may not do it.

    Implements DeregisterDelegatedAdministrator of the AWS Organizations API reference.
    """
    row = retirements.owned(payload.account_id, payload.execution_arn)
    services = delegated_services(payload.account_id, organizations) if row["deregister"] else []
    known = row.get("deregistered", [])
    if services:
        known = sorted({*known, *services})
        retirements.mark(
            payload.account_id,
            payload.execution_arn,
            states=(AccountState.RETIRING, AccountState.CLOSING),
            deregistered=known,
        )
    for service in services:
        try:
            organizations.deregister_delegated_administrator(
                AccountId=payload.account_id, ServicePrincipal=service
            )
        except organizations.exceptions.AccountNotRegisteredException:
            continue  # somebody else was faster
    return {"deregistered": known}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["deregistered"]) or "administers nothing"


@operation(DeregisterDelegatedAdministrator)
def handler(payload: DeregisterDelegatedAdministrator) -> Json:
    """The Lambda entrance."""
    return run(payload, retirements=wiring.retirements(), organizations=clients.organizations())
