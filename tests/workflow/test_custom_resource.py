"""Custom::Account in stacks on the embedded AWS: made, changed, deleted, failed and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from embedded.cloud import EmbeddedAws
from embedded.cloudformation import assembly
from infra.settings import CustomResourceSettings, Settings
from tests.infra.synthesized import ASSEMBLY, synthesize
from tests.workflow.stacks import Stacks
from tests.workflow.vending import Vending

ACCOUNT = {"name": "Sandbox", "email": "aws+sandbox@example.com"}
PROPERTIES: dict[str, Any] = {
    "account": ACCOUNT,
    "organizationalUnit": "/Workloads/Sandbox",
    "tags": {"cost-center": 1234},
}


@pytest.fixture(scope="module")
def deployed(cloud: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The stack is deployed with the custom resource, and as before afterwards."""
    folder = tmp_path_factory.mktemp("assembly-with-custom-resource")
    synthesize(Settings(custom_resource=CustomResourceSettings()), folder)
    url = cloud.endpoint_url
    cloud.outputs = assembly.deploy(assembly.Assembly.load(folder), endpoint_url=url)
    yield cloud
    cloud.outputs = assembly.deploy(assembly.Assembly.load(ASSEMBLY), endpoint_url=url)


@pytest.fixture
def stacks(deployed: EmbeddedAws) -> Iterator[Stacks]:
    deployed.renew()
    made = Stacks(vending=Vending(deployed))
    yield made
    made.clear()


def test_stack_vends_its_account(stacks: Stacks) -> None:
    status = stacks.create(PROPERTIES)

    assert status == "CREATE_COMPLETE", stacks.reasons()
    (account,) = stacks.vending.accounts()
    outputs = stacks.outputs()
    row = stacks.vending.row(outputs["Id"])
    assert row is not None
    assert outputs == {
        "Id": row["requestId"],
        "AccountId": account["Id"],
        "OrganizationalUnitId": row["organizationalUnitId"],
        "RequestId": row["requestId"],
        "Revision": "1",
    }
    assert stacks.vending.path(account["Id"]) == "/Workloads/Sandbox"
    assert stacks.vending.tags(account["Id"])["cost-center"] == "1234"
    assert row["requestedBy"] == stacks.stack()["StackId"]
    assert row["sender"]["source"] == "account-vending.cloudformation"
