"""The organizations in which calls are counted have the sizes that the report names."""

from __future__ import annotations

from bench.sizes import Size, fill
from embedded import ACCOUNT_ID, organizations
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults


def test_organization_is_filled_to_its_size() -> None:
    activate(Context(clock=Clock(), faults=Faults.none(), credentials=Credentials()))
    organizations.install()
    organizations.reset_organization(organizations.OrganizationSettings())
    organization = organizations.organization_of(ACCOUNT_ID)
    assert organization is not None

    fill(organization, Size(accounts=20, units=10))

    names = [unit.name for unit in organization.ou]
    assert len(organization.accounts) - 1 == 20
    assert len(names) - 1 == 10
    assert {"Workloads", "Sandbox"} <= set(names)
