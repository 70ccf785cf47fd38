"""What a principal can do who may put events on the bus, and nothing else: what was granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.command import Command
from tests.workflow.test_existing_account import an_account
from tests.workflow.vending import Ended, Vending

PORTAL = "portal.example.com"
MIGRATION = "migration.example.com"
OPERATORS = "account-vending.cli"
STRANGER = "evil.example.com"

GRANTED: dict[str, Any] = {
    "requestId": "mine",
    "account": {"name": "Sandbox 1", "email": "aws+1@example.com"},
    "organizationalUnit": "/Workloads/Sandbox",
    "tags": {"cost-center": "1234", "owner": "me@example.com"},
}
DENY_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
)
READS = ("Describe", "List", "Get")


def send(vending: Vending, source: str, *requests: Any) -> None:
    answer = vending.events.put_events(
        Entries=[
            {
                "EventBusName": vending.aws.outputs["EventBusName"],
                "Source": source,
                "DetailType": "AccountRequested",
                "Detail": json.dumps(request),
            }
            for request in requests
        ]
    )
    assert answer["FailedEntryCount"] == 0


def outcomes(vending: Vending, count: int) -> list[Ended]:
    return [vending.finish(arn) for arn in vending.await_executions(count)]


def writes(vending: Vending) -> list[str]:
    """The calls that the product made to Organizations and IAM and that change something."""
    return [
        call.operation
        for call in vending.aws.context.calls
        if call.service in ("organizations", "iam", "account")
        and "assumed-role" in call.caller
        and not call.operation.startswith(READS)
    ]


def a_member(vending: Vending, path: list[str], name: str = "Production") -> str:
    """An account that is there already, in its unit, with a tag; its id."""
    organizations = vending.organizations
    account_id = an_account(vending, f"{name.lower()}@example.com")
    root = parent = organizations.list_roots()["Roots"][0]["Id"]
    for unit in path:
        parent = organizations.create_organizational_unit(ParentId=parent, Name=unit)[
            "OrganizationalUnit"
        ]["Id"]
    organizations.move_account(
        AccountId=account_id, SourceParentId=root, DestinationParentId=parent
    )
    organizations.tag_resource(ResourceId=account_id, Tags=[{"Key": "owner", "Value": "them"}])
    return account_id


def test_request_within_its_grants_is_vended(vending: Vending) -> None:
    send(vending, PORTAL, GRANTED)

    (ended,) = outcomes(vending, 1)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["requestId"] == "portal.mine"
    assert ended.output["sender"]["requester"] == "portal"
    (account,) = vending.accounts()
    assert vending.tags(account["Id"])["account-vending:request-id"] == "portal.mine"


def attacks(production: str) -> list[tuple[str, dict[str, Any]]]:
    """(source, request): each would harm the organization, and names the rule that stops it."""
    existing = {"source": "existing", "account": {"accountId": production}}
    scp = {"name": "DenyAll", "type": "SERVICE_CONTROL_POLICY", "content": DENY_ALL}
    foreign = {
        "name": "Sandbox 2",
        "email": "root@evil.example",
        "roleName": "Backdoor",
    }
    outside = {"source": "invited", "account": {"accountId": "999988887777"}}
    kinds: list[dict[str, Any]] = [
        existing | {"organizationalUnit": "/Workloads/Sandbox"},
        existing | {"organizationalUnit": "/"},
        existing | {"tags": {"owner": "me"}},
        existing | {"policies": [scp]},
        GRANTED | {"policies": [scp]},
        GRANTED | {"serviceAccess": ["sso.amazonaws.com", "guardduty.amazonaws.com"]},
        GRANTED | {"account": foreign, "organizationalUnit": "/Production"},
        GRANTED
        | {
            "source": "new-govcloud",
            "account": {"name": "Sandbox-1", "email": "aws+gov@example.com"},
        },
        GRANTED | {"tags": GRANTED["tags"] | {"aws-control-tower": "x"}},
        GRANTED | {"organizationalUnit": "/Security"},
        outside | {"organizationalUnit": "/Workloads/Sandbox"},
    ]
    by_portal = [(PORTAL, {**kind, "requestId": f"p-{n}"}) for n, kind in enumerate(kinds)]
    by_stranger = [(STRANGER, {**kind, "requestId": f"s-{n}"}) for n, kind in enumerate(kinds)]
    # Who may take members in may not take them from where it may not put them.
    by_email = {"source": "invited", "account": {"email": "production@example.com"}}
    members = [*kinds[:4], by_email | {"organizationalUnit": "/Workloads/Sandbox"}]
    by_migration = [(MIGRATION, {**kind, "requestId": f"m-{n}"}) for n, kind in enumerate(members)]
    return [*by_portal, *by_stranger, *by_migration]


def test_what_is_not_granted_is_rejected_by_its_rule_and_nothing_changes(vending: Vending) -> None:
    production = a_member(vending, ["Production"])
    services = vending.service_access()
    tried = attacks(production)
    for source, request in tried:
        send(vending, source, request)

    ended = outcomes(vending, len(tried))

    assert [one.status for one in ended] == ["FAILED"] * len(tried)
    assert [one.cause for one in ended if one.error != "RequestNotAllowed"] == []
    assert all(one.cause["message"] and one.cause["remedy"] for one in ended)
    assert writes(vending) == []
    assert vending.path(production) == "/Production"
    assert vending.tags(production) == {"owner": "them"}
    assert vending.policies(production) == {"FullAWSAccess"}
    assert vending.service_access() == services
    assert len(vending.accounts()) == 1
    rejected = vending.row("portal.p-0")
    assert rejected is not None
    assert rejected["state"] == "REJECTED"


def test_id_and_email_of_anothers_request_give_no_power_over_it(vending: Vending) -> None:
    send(vending, PORTAL, GRANTED)
    (vended,) = outcomes(vending, 1)
    before = vending.row("portal.mine")

    send(vending, STRANGER, GRANTED | {"requestId": "portal.mine"})
    send(vending, MIGRATION, GRANTED | {"requestId": "portal.mine"})
    ended = [one for one in outcomes(vending, 3) if one.arn != vended.arn]

    assert {one.error for one in ended} == {"RequestNotAllowed"}
    assert vending.row("portal.mine") == before


def test_execution_started_by_hand_is_an_administrators_but_for_what_is_protected(
    vending: Vending,
) -> None:
    audit = a_member(vending, ["Security", "Audit"], name="Audit")

    moved = vending.run(
        {
            "source": "existing",
            "account": {"accountId": audit},
            "organizationalUnit": "/Workloads/Sandbox",
        }
    )
    placed = vending.run(GRANTED | {"organizationalUnit": "/Security/New"})
    free = vending.run(GRANTED | {"organizationalUnit": "/Elsewhere", "tags": {}})

    assert (moved.error, placed.error) == ("RequestNotAllowed", "RequestNotAllowed")
    assert vending.path(audit) == "/Security/Audit"
    assert free.status == "SUCCEEDED"
    assert free.output["sender"] == {"requester": "administrator"}


def test_plan_says_what_the_workflow_would_refuse(
    vend: Command, vending: Vending, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    production = a_member(vending, ["Security", "Production"])
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps({"source": "existing", "account": {"accountId": production}, "tags": {"a": "b"}})
    )

    as_operators = vend("plan", str(request), "--json")
    monkeypatch.setattr("cli.aws.stack.SOURCE", PORTAL)
    as_portal = vend("plan", str(request), "--json")
    monkeypatch.setattr("cli.aws.stack.SOURCE", STRANGER)
    as_stranger = vend("plan", str(request), "--json")

    assert [ran.status for ran in (as_operators, as_portal, as_stranger)] == [1, 1, 1]
    (problem,) = as_operators.json["problems"]
    assert "protected.organizationalUnits" in problem["message"]
    assert as_portal.json["requestId"].startswith("portal.a-")
    (problem,) = as_portal.json["problems"]
    assert problem["code"] == "RequestNotAllowed"
    assert "requesters.portal.sources" in problem["message"]
    assert "no requester" in as_stranger.json["problems"][0]["message"]
    assert writes(vending) == []


def test_command_follows_its_request_in_its_requesters_namespace(
    vend: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.aws.stack.SOURCE", PORTAL)
    request = tmp_path / "request.json"
    request.write_text(json.dumps(GRANTED))

    first = vend("submit", str(request), "--wait", "--json")
    again = vend("submit", str(request), "--wait", "--json")

    assert (first.status, again.status) == (0, 0), first.err
    assert first.json["requestId"] == "portal.mine"
    assert again.json["accountId"] == first.json["accountId"]


@pytest.mark.slow
def test_ceiling_holds_for_events_that_come_at_once(vending: Vending) -> None:
    requests = [
        GRANTED
        | {
            "requestId": f"r-{n}",
            "account": {"name": f"Sandbox {n}", "email": f"aws+{n}@example.com"},
        }
        for n in range(8)
    ]
    # Longer than it takes to accept all of them, so that none has ended before the last one comes.
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 600}}])
    send(vending, PORTAL, *requests)

    ended = outcomes(vending, len(requests))

    refused = [one for one in ended if one.error == "RequestNotAllowed"]
    assert all("ceilings.inProgress grants 5" in one.cause["message"] for one in refused)
    assert len(vending.accounts()) == len(requests) - len(refused)
    assert len(refused) == 3
