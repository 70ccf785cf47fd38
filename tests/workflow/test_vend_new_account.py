"""Source `new`: one account, moved to its OU, tagged and baselined, however the request arrived."""

from __future__ import annotations

import itertools
import json
import statistics
from typing import TYPE_CHECKING, Any

import pytest

from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.event_queues import queue_of_rule
from tests.grids import few
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.organizations.settings import NewAccountResource
    from tests.workflow.vending import Vending


def by_event(vending: Vending, request: Any) -> str:
    vending.send(request)
    return str(vending.await_executions(1)[0])


def by_hand(vending: Vending, request: Any) -> str:
    return vending.start(request)


@pytest.mark.parametrize("arrive", few([by_event, by_hand], quick=[by_event]))
def test_new_account_is_vended_with_everything_it_asked_for(
    vending: Vending, arrive: Callable[[Vending, Any], str]
) -> None:
    request = a_request()

    ended = vending.finish(arrive(vending, request))

    assert ended.status == "SUCCEEDED", ended
    (account,) = vending.accounts()
    assert account["Email"] == request["account"]["email"]
    assert account["Name"] == request["account"]["name"]
    assert vending.path(account["Id"]) == "/Workloads/Sandbox"
    assert vending.tags(account["Id"]) == {
        "cost-centre": "4711",
        "account-vending:request-id": request["requestId"],
    }
    assert vending.service_access() >= {"account.amazonaws.com", "iam.amazonaws.com"}
    assert vending.root_features() == {"RootCredentialsManagement", "RootSessions"}
    assert ended.output["state"] == "VENDED"
    assert ended.output["accountId"] == account["Id"]


def test_new_account_is_vended_where_the_items_of_a_transaction_have_no_keys(
    vending: Vending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vending.aws.context, "keys_in_transactions", False)

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended


@pytest.mark.parametrize(
    ("source", "resource"),
    few(
        itertools.product(["new", "new-govcloud"], ["account", "*"]),
        quick=[("new", "*"), ("new-govcloud", "account")],
    ),
)
def test_new_account_is_vended_whatever_its_tags_are_authorized_on(
    vending: Vending, source: str, resource: NewAccountResource
) -> None:
    settings = OrganizationSettings(new_account_resource=resource, govcloud_enabled=True)
    vending.aws.renew(organization=settings)
    request = a_request(source=source)
    request["account"]["name"] = request["account"]["name"].replace(" ", "-")

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["state"] == "VENDED"


def test_account_is_placed_in_an_existing_unit_whose_name_has_a_slash(vending: Vending) -> None:
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    made = vending.organizations.create_organizational_unit(ParentId=root, Name="CI/CD")
    request = a_request(organizationalUnit=r"/CI\/CD/Build")

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    (account,) = vending.accounts()
    parents = vending.organizations.list_parents(ChildId=account["Id"])["Parents"]
    build = vending.organizations.list_organizational_units_for_parent(
        ParentId=made["OrganizationalUnit"]["Id"]
    )["OrganizationalUnits"]
    assert [(unit["Id"], unit["Name"]) for unit in build] == [(parents[0]["Id"], "Build")]
    units = vending.organizations.list_organizational_units_for_parent(ParentId=root)
    assert [unit["Name"] for unit in units["OrganizationalUnits"]].count("CI/CD") == 1
    assert "CI" not in [unit["Name"] for unit in units["OrganizationalUnits"]]


def test_record_of_a_vended_account_names_everything_a_caller_needs(vending: Vending) -> None:
    request = a_request()

    ended = vending.run(request)

    row = vending.row(request["requestId"])
    assert row is not None
    record = ended.output
    (account,) = vending.accounts()
    assert {key: record[key] for key in ("requestId", "state", "accountId", "executionArn")} == {
        "requestId": request["requestId"],
        "state": "VENDED",
        "accountId": account["Id"],
        "executionArn": ended.arn,
    }
    assert record["createAccountRequestId"].startswith("car-")
    assert record["organizationalUnitId"].startswith("ou-")
    assert record["error"] is None
    assert record["requestedAt"] <= record["updatedAt"]
    assert {key: row[key] for key in record if record[key] is not None}.items() <= row.items()


def test_request_without_id_derives_it_from_the_email(vending: Vending) -> None:
    request = a_request()
    del request["requestId"]

    first = vending.run(request)
    second = vending.run(request)

    assert first.output["requestId"] == second.output["record"]["requestId"]
    assert "@" not in first.output["requestId"]
    assert len(vending.accounts()) == 1


def test_request_with_nothing_but_an_account_leaves_it_in_the_root(vending: Vending) -> None:
    request = {"account": {"name": "Bare", "email": "bare@example.com"}}

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    (account,) = vending.accounts()
    assert vending.path(account["Id"]) == "/"
    assert set(vending.tags(account["Id"])) == {"account-vending:request-id"}
    assert vending.service_access() == set()
    assert "EnableAWSServiceAccess" not in vending.states_entered(ended.arn)


def test_vended_account_is_announced_on_the_bus(vending: Vending) -> None:
    bus = vending.aws.outputs["EventBusName"]
    rule = vending.events.put_rule(
        Name="listener", EventBusName=bus, EventPattern='{"source": ["account-vending"]}'
    )
    sqs = vending.aws.client("sqs")
    queue_url, queue_arn = queue_of_rule(sqs, "listener", rule["RuleArn"])
    vending.events.put_targets(
        Rule="listener", EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue_arn}]
    )
    request = a_request()

    ended = vending.run(request)

    announced = _announcements(vending, queue_url, until="AccountVended")
    (vended,) = [one for one in announced if one["detail-type"] == "AccountVended"]
    assert vended["detail"] == ended.output
    changed = [one for one in announced if one["detail-type"] == "AccountVendingStateChanged"]
    assert [one["detail"]["state"] for one in changed] == [
        "REQUESTED",
        "QUEUED",
        "CREATING",
        "BASELINING",
        "VENDED",
    ]
    assert len(announced) == len(changed) + 1


def _announcements(vending: Vending, queue_url: str, *, until: str) -> list[Any]:
    announced: list[Any] = []

    def complete() -> bool:
        messages = vending.aws.client("sqs").receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10
        )
        announced.extend(json.loads(message["Body"]) for message in messages.get("Messages", []))
        return any(one["detail-type"] == until for one in announced)

    eventually(complete)
    order = ["REQUESTED", "QUEUED", "CREATING", "BASELINING", "VENDED"]
    return sorted(announced, key=lambda one: order.index(one["detail"]["state"]))


def test_slow_creation_is_polled_less_and_less_often(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 120}}])

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    waits = vending.seconds_in(ended.arn, "WaitForAccount")
    assert len(waits) <= 40
    # Of the waits and not of the polls: on a busy machine these come later.
    assert statistics.median(waits) < 12


def test_what_the_requester_should_know_is_in_the_record(vending: Vending) -> None:
    ended = vending.run(a_request(serviceAccess=["account.amazonaws.com", "ram.amazonaws.com"]))

    (warning,) = ended.output["warnings"]
    assert "ram.amazonaws.com" in warning
    row = vending.row(ended.output["requestId"])
    assert row is not None
    assert row["warnings"] == [warning]


def test_execution_name_given_twice_starts_once(vending: Vending) -> None:
    request = json.dumps(a_request())
    machine = vending.aws.outputs["StateMachineArn"]

    arns = {
        vending.states.start_execution(stateMachineArn=machine, name="mine", input=request)[
            "executionArn"
        ]
        for _ in range(2)
    }

    assert len(arns) == 1
    assert vending.finish(arns.pop()).status == "SUCCEEDED"
