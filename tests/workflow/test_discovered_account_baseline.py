"""The stack deployed with another setting: accounts made elsewhere are given a baseline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded import ACCOUNT_ID, eventbridge, lambda_runtime
from infra.settings import BaselinePolicy, DiscoveredAccountBaseline, Settings
from tests.infra.synthesized import ASSEMBLY, synthesize
from tests.samples import sample
from tests.workflow.deployments import deploy
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cloud import EmbeddedAws

BASELINE = DiscoveredAccountBaseline(
    organizational_unit="/Found",
    tags={"found": "yes"},
    policies=(BaselinePolicy(name="Guardrails", type="SERVICE_CONTROL_POLICY"),),
    service_access=("account.amazonaws.com",),
    root_access=("RootCredentialsManagement",),
)
CONTENT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}],
    }
)
TOLD = (
    "aws.organizations/create_account_result_succeeded",
    "aws.organizations/account_joined_organization_invited",
)
WRONG = DiscoveredAccountBaseline(organizational_unit="no path")


def deployed(cloud: EmbeddedAws, baseline: DiscoveredAccountBaseline, folder: Path) -> Vending:
    """The stack, updated as a deployment with these settings updates it."""
    synthesize(
        Settings(discovered_accounts="baseline", discovered_account_baseline=baseline), folder
    )
    deploy(cloud, folder)
    cloud.renew()
    return Vending(cloud)


def vended(vending: Vending) -> dict[str, Any] | None:
    """The row of the only account, once it is vended."""
    for account in vending.accounts():
        row = vending.row(f"a-{account['Id']}")
        if row is not None and row["state"] == "VENDED":
            return row
    return None


def settle() -> None:
    assert eventbridge.drain(10)
    assert lambda_runtime.settle(10)
    assert eventbridge.drain(10)


@pytest.fixture
def as_before(cloud: EmbeddedAws) -> Iterator[None]:
    yield
    deploy(cloud, ASSEMBLY)


@pytest.mark.usefixtures("as_before")
def test_account_made_elsewhere_gets_the_baseline_once_however_often_it_is_reported(
    cloud: EmbeddedAws, tmp_path: Path
) -> None:
    vending = deployed(cloud, BASELINE, tmp_path)
    vending.organizations.create_policy(
        Name="Guardrails", Type="SERVICE_CONTROL_POLICY", Description="", Content=CONTENT
    )
    vending.organizations.create_account(Email="elsewhere@example.com", AccountName="Elsewhere")

    row = eventually(lambda: vended(vending))
    account_id = row["accountId"]
    for name in (*TOLD, *TOLD):
        event = sample(name, account_id=account_id, management_account_id=ACCOUNT_ID)
        eventbridge.publish(
            source=event["source"], detail_type=event["detail-type"], detail=event["detail"]
        )
    settle()

    ended = [vending.finish(arn) for arn in vending.executions()]
    assert {each.status for each in ended} == {"SUCCEEDED"}
    # The account's own two events may come at once, before there is a row; one is a duplicate then.
    assert len(ended) <= 2
    assert vending.row(f"a-{account_id}") == row
    assert row["requestedBy"].split()[0] in ("AccountJoinedOrganization", "CreateAccountResult")
    assert vending.path(account_id) == "/Found"
    assert vending.tags(account_id) == {
        "found": "yes",
        "account-vending:request-id": f"a-{account_id}",
    }
    assert vending.policies(account_id) == {"FullAWSAccess", "Guardrails"}
    assert vending.service_access() >= {"account.amazonaws.com"}
    assert vending.root_features() == {"RootCredentialsManagement"}
    assert vending.calls("organizations", "MoveAccount") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("as_before")
def test_baseline_that_is_no_valid_request_ends_as_a_rejected_request_with_a_remedy(
    cloud: EmbeddedAws, tmp_path: Path
) -> None:
    vending = deployed(cloud, WRONG, tmp_path)
    vending.organizations.create_account(Email="elsewhere@example.com", AccountName="Elsewhere")

    (arn, *_) = vending.await_executions(1)
    ended = vending.finish(arn)

    (account,) = vending.accounts()
    row = eventually(lambda: vending.row(f"a-{account['Id']}"))
    assert ended.status == "FAILED"
    assert (row["state"], row["error"]["code"]) == ("REJECTED", "RequestInvalid")
    assert row["error"]["remedy"]
    assert vending.path(account["Id"]) == "/"
