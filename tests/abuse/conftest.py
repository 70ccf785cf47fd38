"""One embedded AWS for the package: nothing is vended on it, so it stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.cloud import EmbeddedAws
from embedded.organizations import OrganizationSettings
from infra.settings import CustomResourceSettings, Settings
from tests.abuse.target import Target
from tests.infra.synthesized import synthesize
from tests.workflow.invitations import EXTERNAL_ID, INVITED, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = Settings(
    invited_account_role_names=(ROLE,),
    invited_account_external_id=EXTERNAL_ID,
    requesting_accounts=(INVITED,),
    custom_resource=CustomResourceSettings(on_delete="retire"),
)
"""As open as the settings make it."""


@pytest.fixture(scope="package")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The deployed stack, and an organization with something to lose."""
    assembly = tmp_path_factory.mktemp("assembly")
    synthesize(SETTINGS, assembly)
    organization = OrganizationSettings(throttled=False)
    with EmbeddedAws(speed=60, assembly=assembly, organization=organization) as aws:
        yield Target(aws)
