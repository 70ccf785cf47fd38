"""A vended account is changed by its document: what comes, what goes, in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_contact, a_request, policy_content

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending

SCP = "SERVICE_CONTROL_POLICY"


def a_policy(name: str) -> dict[str, Any]:
    return {"name": name, "type": SCP, "content": policy_content(200)}


def calls(vending: Vending, *operations: str) -> list[str]:
    """The calls of these operations, in the order in which they were made."""
    made = [call.operation for call in vending.aws.context.calls]
    return [one for one in made if one in operations]


def test_change_adds_moves_and_takes_away_and_leaves_what_others_did(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    request = a_request(
        policies=[a_policy("Before")],
        contacts={name: a_contact(name.capitalize()) for name in ("billing", "security")},
    )
    account_id = vending.run(request).output["accountId"]
    vending.organizations.tag_resource(
        ResourceId=account_id, Tags=[{"Key": "others", "Value": "own"}]
    )
    changed = request | {
        "account": request["account"] | {"name": "Renamed"},
        "organizationalUnit": "/Workloads/Production",
        "tags": {"owner": "me"},
        "policies": [a_policy("After")],
        "contacts": {"security": a_contact("Security")},
    }
    file = tmp_path / "request.json"
    file.write_text(json.dumps(changed))
    vending.aws.context.calls.clear()

    plan = vend("plan", str(file), "--json")
    submitted = vend("submit", str(file), "--json")
    again = vend("submit", str(file), "--json")

    assert plan.json["problems"] == []
    assert {
        "name of the account",
        "tag owner",
        "tag cost-centre removed",
        "policy After on the account",
        "policy Before detached from the account",
        "billing contact removed",
        "account in /Workloads/Production",
    } <= set(plan.json["changes"])
    assert submitted.json["revision"] == again.json["revision"] == 2
    assert submitted.json["state"] == "VENDED"
    tags = vending.tags(account_id)
    assert (tags["owner"], tags["others"], tags.get("cost-centre")) == ("me", "own", None)
    assert vending.policies(account_id) == {"FullAWSAccess", "After"}
    assert set(vending.contacts(account_id)) == {"security"}
    assert vending.path(account_id) == "/Workloads/Production"
    assert {one["Name"] for one in vending.accounts()} == {"Renamed"}
    writes = ("AttachPolicy", "MoveAccount", "DetachPolicy", "CreateAccount")
    assert calls(vending, *writes) == ["AttachPolicy", "MoveAccount", "DetachPolicy"]


def test_first_vend_comes_by_no_step_of_changes(vending: Vending) -> None:
    ended = vending.run(a_request())

    states = vending.states_entered(ended.arn)
    assert "IsAccountChanged" in states
    assert not {"PutAccountName", "UntagResource", "DetachPolicy"} & set(states)


@pytest.mark.slow
def test_account_is_never_left_without_its_last_service_control_policy(vending: Vending) -> None:
    request = a_request(policies=[a_policy("Only")])
    account_id = vending.run(request).output["accountId"]
    listed = vending.organizations.list_policies_for_target(TargetId=account_id, Filter=SCP)
    ids = {one["Name"]: one["Id"] for one in listed["Policies"]}
    vending.organizations.detach_policy(PolicyId=ids["FullAWSAccess"], TargetId=account_id)

    refused = vending.run(request | {"policies": []})
    mended = vending.run(request)

    assert refused.status == "FAILED"
    assert refused.cause["reason"] == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    assert "Only" in refused.cause["message"]
    assert mended.status == "SUCCEEDED", mended
    assert vending.policies(account_id) == {"Only"}


@pytest.mark.slow
def test_late_execution_of_an_older_event_changes_nothing(vending: Vending) -> None:
    request = a_request()
    account_id = vending.run(request).output["accountId"]
    vending.run(request | {"tags": {"owner": "me"}})
    late = {
        "detail-type": "AccountRequested",
        "account": "111111111111",
        "source": "tests",
        "id": "11111111-2222-3333-4444-555555555555",
        "time": "2026-01-01T00:00:00Z",
        "detail": request,
    }

    ended = vending.run(late)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["outcome"] == "SUPERSEDED"
    assert vending.states_entered(ended.arn)[-1] == "SupersededRequest"
    assert vending.tags(account_id).get("owner") == "me"
