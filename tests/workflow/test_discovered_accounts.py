"""Accounts made elsewhere: every sample event, through the deployed rules, to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded import ACCOUNT_ID, eventbridge, lambda_runtime
from tests import samples
from tests.builders import a_request
from tests.grids import few
from tests.samples import sample
from tests.workflow.vending import Vending, eventually, invocations

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

SUCCEEDED = "aws.organizations/create_account_result_succeeded"
INVITED = "aws.organizations/account_joined_organization_invited"


def a_stranger(vending: Vending) -> str:
    """An account that somebody made, of whose making no event is under way any more."""
    status = vending.organizations.create_account(
        Email="made-elsewhere@example.com", AccountName="Made elsewhere"
    )["CreateAccountStatus"]

    def made() -> str | None:
        found = vending.organizations.describe_create_account_status(
            CreateAccountRequestId=status["Id"]
        )["CreateAccountStatus"]
        return str(found["AccountId"]) if "AccountId" in found else None

    return str(eventually(made))


def a_forgotten_stranger(vending: Vending) -> str:
    """An account whose own events have been and gone, and that the ledger does not know."""
    account_id = a_stranger(vending)
    eventually(lambda: vending.row(f"a-{account_id}"))
    eventually(lambda: looked_at(account_id) >= 2)  # CreateAccountResult, AccountJoinedOrganization
    settle()
    vending.dynamodb.delete_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Key={"pk": {"S": f"request#a-{account_id}"}},
    )
    return account_id


def bring(name: str, account_id: str) -> None:
    """Have the service of the sample tell of the account on the default bus."""
    event = sample(name, account_id=account_id, management_account_id=ACCOUNT_ID)
    eventbridge.publish(
        source=event["source"], detail_type=event["detail-type"], detail=event["detail"]
    )


def settle() -> None:
    assert eventbridge.drain(10)
    assert lambda_runtime.settle(10)


def looked_at(account_id: str) -> int:
    """How often DiscoverAccount has decided on the account."""
    lines = [line for line in lambda_runtime.logs("DiscoverAccount") if "looked at" in line]
    return sum(json.loads(line).get("accountId") == account_id for line in lines)


def request_ids(vending: Vending) -> list[str]:
    """Of every request's row in the ledger, which has other items, too."""
    items = vending.dynamodb.scan(TableName=vending.aws.outputs["LedgerTableName"])["Items"]
    return sorted(
        item["requestId"]["S"] for item in items if item["pk"]["S"].startswith("request#")
    )


def dead_letters(vending: Vending) -> list[dict[str, Any]]:
    answer = vending.aws.client("sqs").receive_message(
        QueueUrl=vending.aws.outputs["DeadLetterQueueUrl"],
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
    )
    return list(answer.get("Messages", []))


@pytest.mark.parametrize(
    "name",
    few(
        samples.TELL_OF_AN_ACCOUNT,
        quick=[
            "aws.controltower/create_managed_account_succeeded",
            "aws.organizations/account_joined_organization_nested",
            "aws.organizations/create_account_result_as_api_call",
            SUCCEEDED,
        ],
    ),
)
def test_account_made_elsewhere_is_recorded_and_nothing_on_it_is_touched(
    vending: Vending, name: str
) -> None:
    account_id = a_forgotten_stranger(vending)
    tags, path = vending.tags(account_id), vending.path(account_id)

    bring(name, account_id)

    row = eventually(lambda: vending.row(f"a-{account_id}"))
    assert (row["state"], row["source"], row["accountId"]) == ("VENDED", "existing", account_id)
    assert row["accountName"] == "Made elsewhere"
    assert sample(name)["detail"]["eventName"] in row["requestedBy"]
    settle()
    assert (vending.tags(account_id), vending.path(account_id)) == (tags, path)
    assert vending.executions() == []
    assert dead_letters(vending) == []


@pytest.mark.parametrize(
    "name",
    few(samples.TELL_OF_NONE, quick=["aws.organizations/create_account_result_failed"]),
)
def test_event_that_brought_no_account_leaves_no_trace(vending: Vending, name: str) -> None:
    account_id = a_forgotten_stranger(vending)
    before = invocations("DiscoverAccount")

    bring(name, account_id)

    eventually(lambda: invocations("DiscoverAccount") > before)
    settle()
    assert request_ids(vending) == []
    assert dead_letters(vending) == []


@pytest.mark.parametrize("name", samples.NOT_WANTED)
def test_other_events_of_the_service_invoke_nothing(vending: Vending, name: str) -> None:
    account_id = a_forgotten_stranger(vending)
    before = invocations("DiscoverAccount")

    bring(name, account_id)

    settle()
    assert invocations("DiscoverAccount") == before


@pytest.mark.parametrize("name", [*samples.SAY_TOO_LITTLE, INVITED], ids=["no id", "unknown id"])
def test_event_that_cannot_be_decided_on_is_tried_again_and_kept(
    vending: Vending, name: str
) -> None:
    bring(name, "999999999999")

    # Who waits for an invited account hears of the same event, and keeps it too.
    kept = eventually(lambda: dead_letters(vending))[0]

    assert json.loads(kept["Body"])["detail"]["eventName"] == "AccountJoinedOrganization"
    assert json.loads(kept["MessageAttributes"]["ErrorMessage"]["StringValue"])["remedy"]
    assert request_ids(vending) == []


def test_account_that_shows_late_is_recorded_all_the_same(cloud: EmbeddedAws) -> None:
    hidden = {
        "service": "organizations",
        "operation": "ListTagsForResource",
        "calls": [1, 2],
        "error": "TargetNotFoundException",
    }
    cloud.renew([hidden])
    vending = Vending(cloud)

    account_id = a_stranger(vending)

    assert eventually(lambda: vending.row(f"a-{account_id}"))["state"] == "VENDED"


@pytest.mark.slow
def test_doubled_events_make_one_row_that_stays_as_it_is(vending: Vending) -> None:
    account_id = a_stranger(vending)
    for name in (SUCCEEDED, INVITED, SUCCEEDED, INVITED):
        bring(name, account_id)

    eventually(lambda: looked_at(account_id) >= 6)  # these, and its own two

    settle()
    assert request_ids(vending) == [f"a-{account_id}"]
    row = vending.row(f"a-{account_id}")
    assert row is not None
    assert row["requestedAt"] == row["updatedAt"]
    assert dead_letters(vending) == []


def test_recorded_account_is_given_a_baseline_when_somebody_asks_for_one(vending: Vending) -> None:
    account_id = a_stranger(vending)
    eventually(lambda: vending.row(f"a-{account_id}"))
    request = a_request(source="existing", account={"accountId": account_id})
    del request["requestId"]

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["requestId"] == f"a-{account_id}"
    assert ended.output["executionArn"] == ended.arn
    assert vending.path(account_id) == "/Workloads/Sandbox"
    assert request_ids(vending) == [f"a-{account_id}"]


@pytest.mark.slow
def test_account_of_ours_is_recognised_by_its_tag_and_ignored(vending: Vending) -> None:
    request = a_request()

    ended = vending.run(request)

    account_id = ended.output["accountId"]
    eventually(lambda: looked_at(account_id) >= 2)
    settle()
    assert request_ids(vending) == [request["requestId"]]
    assert vending.calls("dynamodb", "Query") == 0
    assert dead_letters(vending) == []


def test_account_of_ours_is_recognised_while_its_tag_does_not_show(vending: Vending) -> None:
    request = a_request()
    ended = vending.run(request)
    account_id = ended.output["accountId"]
    eventually(lambda: looked_at(account_id) >= 2)
    vending.organizations.untag_resource(
        ResourceId=account_id, TagKeys=["account-vending:request-id"]
    )

    bring(INVITED, account_id)

    eventually(lambda: looked_at(account_id) >= 3)
    settle()
    assert request_ids(vending) == [request["requestId"]]


@pytest.mark.parametrize("name", samples.REQUESTS)
def test_request_of_a_form_starts_the_workflow(vending: Vending, name: str) -> None:
    account_id = a_forgotten_stranger(vending)
    event = sample(name, account_id=account_id)

    put(vending, event)

    (arn,) = vending.await_executions(1)
    ended = vending.finish(arn)
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["requestedBy"] == "the order form"
    assert vending.tags(ended.output["accountId"])["cost-centre"] == "4711"


@pytest.mark.parametrize("name", samples.OF_OTHERS)
def test_other_events_on_the_bus_start_nothing(vending: Vending, name: str) -> None:
    put(vending, sample(name))

    settle()
    assert vending.executions() == []


@pytest.mark.parametrize("name", [SUCCEEDED, samples.TELL_OF_AN_ACCOUNT[0]])
def test_nobody_can_pretend_to_be_the_service(vending: Vending, name: str) -> None:
    event = sample(name)

    answer = vending.events.put_events(Entries=[_entry(event)])

    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def put(vending: Vending, event: dict[str, Any]) -> None:
    bus = vending.aws.outputs["EventBusName"]
    answer = vending.events.put_events(Entries=[{**_entry(event), "EventBusName": bus}])
    assert answer["FailedEntryCount"] == 0


def _entry(event: dict[str, Any]) -> dict[str, str]:
    return {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
    }
