"""DescribeClosure: how far AWS is with closing an account; its slot is kept as long as it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.close_account import state_of
from vending.aws import clients
from vending.handler import wiring
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.queueing.slots import SLOT_CALLS, Slots
from vending.request.fields import AccountId
from vending.retirement import closing

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = SLOT_CALLS | {"organizations:DescribeAccount"}


class DescribeClosure(Model):
    """The account that AWS was asked to close."""

    account_id: AccountId


def run(payload: DescribeClosure, *, slots: Slots, organizations: OrganizationsClient) -> Json:
    """{state, isClosed}: as AWS shows the account, whether it is closed or has left."""
    state = state_of(payload.account_id, organizations)
    is_closed = state in (*closing.CLOSED, "DEPARTED")
    if not is_closed:
        slots.renew(payload.account_id)
    return {"state": state, "isClosed": is_closed}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return str(result["state"])


@operation(DescribeClosure)
def handler(payload: DescribeClosure) -> Json:
    """The Lambda entrance."""
    return run(payload, slots=wiring.closing_slots(), organizations=clients.organizations())
