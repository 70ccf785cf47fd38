"""What others change in accounts is found, announced and shown; and put back, by setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra.settings import Settings
from tests.builders import a_contact, a_request, policy_content
from tests.infra.synthesized import synthesize
from tests.workflow.announcements import collected
from tests.workflow.deployments import deployed
from tests.workflow.vending import Vending, invoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cloud import EmbeddedAws
    from tests.workflow.command import Command

GUARD = {
    "name": "Guard",
    "type": "SERVICE_CONTROL_POLICY",
    "content": policy_content(200),
}


@pytest.fixture
def repairing(
    cloud: EmbeddedAws, vending: Vending, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The stack is deployed so that it puts back what others change."""
    folder: Path = tmp_path_factory.mktemp("assembly-that-repairs")
    synthesize(Settings(account_drift="repair"), folder)
    with deployed(cloud, folder):
        yield


def a_document() -> dict[str, Any]:
    return a_request(
        policies=[GUARD],
        contacts={"security": a_contact("Security")},
        serviceAccess=["account.amazonaws.com"],
    )


def changed_by_hand(vending: Vending, account_id: str) -> None:
    """Everything that a document names is otherwise now."""
    organizations, account = vending.organizations, vending.aws.client("account")
    (root,) = organizations.list_roots()["Roots"]
    (parent,) = organizations.list_parents(ChildId=account_id)["Parents"]
    organizations.move_account(
        AccountId=account_id, SourceParentId=parent["Id"], DestinationParentId=root["Id"]
    )
    organizations.untag_resource(
        ResourceId=account_id,
        TagKeys=[key for key in vending.tags(account_id) if "request-id" not in key],
    )
    for policy in organizations.list_policies_for_target(
        TargetId=account_id, Filter="SERVICE_CONTROL_POLICY"
    )["Policies"]:
        if policy["Name"] == "Guard":
            organizations.detach_policy(PolicyId=policy["Id"], TargetId=account_id)
    account.put_account_name(AccountId=account_id, AccountName="By hand")
    account.delete_alternate_contact(AccountId=account_id, AlternateContactType="SECURITY")


def state_of(vending: Vending, account_id: str) -> Any:
    """All that a document names, as AWS has it."""
    found = vending.organizations.describe_account(AccountId=account_id)["Account"]
    return (
        found["Name"],
        vending.path(account_id),
        vending.tags(account_id),
        vending.policies(account_id),
        vending.contacts(account_id),
    )


def test_changes_by_hand_are_announced_once_and_shown(vending: Vending, vend: Command) -> None:
    account_id = str(vending.run(a_document()).output["accountId"])
    assert vend("drift").status == 0
    changed_by_hand(vending, account_id)

    with collected(vending, "AccountDrifted") as announced:
        report = invoke(vending, "DetectDrift", now=True)
        again = invoke(vending, "DetectDrift", now=True)

    assert (report["accounts"], report["unchecked"], len(report["drifted"])) == ("COMPARED", 0, 1)
    assert again["drifted"] == []
    (event,) = announced
    assert event["accountId"] == account_id
    assert [one["what"] for one in event["differences"]] == [
        "account.name",
        "organizationalUnit",
        *["tags"] * len(a_document()["tags"]),
        "policies",
        "contacts",
    ]
    shown = vend("drift", account_id, "--json")
    assert shown.status == 1
    assert shown.json["comparedAt"] is not None
    assert shown.json["accounts"][0]["differences"] == event["differences"]
    assert "account name is By hand, not" in vend("drift").out


@pytest.mark.slow
def test_what_a_failed_change_left_behind_is_announced(vending: Vending) -> None:
    document = a_request()
    account_id = str(vending.run(document).output["accountId"])
    denied = {
        "service": "organizations",
        "operation": "MoveAccount",
        "calls": "all",
        "error": "AccessDeniedException",
    }
    vending.aws.faults.replace([denied])
    changed = document | {"organizationalUnit": "/Workloads/Other", "tags": {"cost-centre": "5"}}
    assert vending.run(changed).status == "FAILED"

    report = invoke(vending, "DetectDrift", now=True)

    (drifted,) = report["drifted"]
    assert (drifted["accountId"], drifted["repair"]) == (account_id, False)
    assert [one["what"] for one in drifted["differences"]] == ["tags"]


@pytest.mark.slow
@pytest.mark.usefixtures("repairing")
def test_repair_puts_back_what_was_changed_by_hand(vending: Vending, vend: Command) -> None:
    document = a_document()
    account_id = str(vending.run(document).output["accountId"])
    before = state_of(vending, account_id)
    changed_by_hand(vending, account_id)
    assert state_of(vending, account_id) != before

    with collected(vending, "AccountChanged") as announced:
        invoke(vending, "DetectDrift", now=True)
        for execution in vending.await_executions(2):
            assert vending.finish(execution).status == "SUCCEEDED"

    assert state_of(vending, account_id) == before
    (record,) = announced
    assert (record["state"], record["revision"]) == ("VENDED", 1)
    assert record["sender"]["requester"] == "drift-repairs"
    assert vend("drift").status == 0
    assert invoke(vending, "DetectDrift", now=True)["drifted"] == []
    assert len(vending.executions()) == 2
