"""Many accounts at once, without a call: AWS would take hours to create 2,000 of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.organizations.models import FakeOrganizationalUnit

from embedded.organizations import directory
from embedded.organizations.directory import AwsAccount
from embedded.organizations.state import LOCK, Account, OrganizationState

_FIRST_ID = 200_000_000_000


def seed(organization: OrganizationState, count: int, *, units: int = 4) -> list[str]:
    """Put accounts with two tags each into new units below the root; their ids.

    Args:
        organization: to which they are added.
        count: how many.
        units: how many units they are spread over; 0 leaves them in the root.
    """
    ids = []
    with LOCK:
        places = [_unit(organization, f"Unit {number}").id for number in range(units)]
        places = places or [organization.org.root_id]
        for number in range(count):
            account_id = f"{_FIRST_ID + number}"
            name, email = f"Account {number}", f"account{number}@example.com"
            directory.register(AwsAccount(id=account_id, email=email, name=name))
            account = Account(
                organization.org,
                account_id=account_id,
                name=name,
                email=email,
                joined_at=organization.now(),
                joined_method="CREATED",
                tags={"team": f"team {number % 7}", "cost-centre": f"{number:04}"},
            )
            organization.add_account(account)
            account.parent_id = places[number % len(places)]
            ids.append(account_id)
    return ids


def attach(organization: OrganizationState, policy_id: str, ids: Sequence[str]) -> None:
    """Attach a policy to many accounts at once, of which AWS takes two a second."""
    policies: list[Any] = organization.policies
    with LOCK:
        policy = next(one for one in policies if one.id == policy_id)
        for account_id in ids:
            organization.account(account_id).attached_policies.append(policy)


def _unit(organization: OrganizationState, name: str) -> Any:
    unit = FakeOrganizationalUnit(
        organization.org, Name=name, ParentId=organization.org.root_id, Tags=[]
    )
    organization.ou.append(unit)
    organization.attach_default_policies(unit)
    return unit
