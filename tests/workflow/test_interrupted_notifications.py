"""A slot whose notification was interrupted: whoever comes to the queue next passes it on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.grids import few
from tests.interruptions import stop, when_entered
from tests.workflow import retirements
from tests.workflow.retirements import retirement_of
from tests.workflow.test_existing_account import an_account
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.workflow.vending import Vending


CLOSING, CREATION = "queue#closing", "gate#creation"
HOUR = 3_600


def queue(vending: Vending, pk: str) -> dict[str, Any]:
    """The queue's item, plain."""
    found = vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"], Key={"pk": {"S": pk}}, ConsistentRead=True
    )["Item"]
    return {key: TypeDeserializer().deserialize(value) for key, value in found.items()}


def leave_unnotified(vending: Vending, pk: str, waiter: str) -> None:
    """The waiter has a slot, by somebody who was interrupted before it could notify the waiter."""
    state, now = queue(vending, pk), int(vending.aws.context.clock.now())
    lease = {"startAt": now - HOUR, "until": now + HOUR, "teller": "interrupted"}
    places = state["places"] | {waiter: lease}
    changed = state | {"places": places, "version": state["version"] + 1}
    vending.dynamodb.put_item(
        TableName=vending.aws.outputs["LedgerTableName"],
        Item={key: TypeSerializer().serialize(value) for key, value in changed.items()},
    )


def stopped_retirement(vending: Vending) -> str:
    """An account whose retirement was stopped when its slot came; its id."""
    account_id = an_account(vending, "stopped@example.com")
    with when_entered("WaitForClosingSlot", stop):
        assert retirements.run(vending, retirement_of(account_id)).status == "ABORTED"
    return account_id


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize(
    "state",
    few(
        ["ReserveClosing", "CloseAccount", "DescribeClosure", "RecordClosed"],
        quick=["CloseAccount"],
    ),
)
def test_closing_slot_of_an_execution_that_is_over_is_free_again(
    vending: Vending, state: str
) -> None:
    if state == "DescribeClosure":  # which comes to the queue as long as AWS is at work
        vending.aws.renew(organization=OrganizationSettings(closure_seconds=30))
    stopped, account_id = stopped_retirement(vending), an_account(vending)
    if state == "CloseAccount":  # which comes to the queue when AWS refuses
        refused = {"service": "organizations", "operation": "CloseAccount", "calls": [1]}
        vending.aws.faults.replace([refused | {"error": "TooManyRequestsException"}])

    with when_entered(state, lambda _: leave_unnotified(vending, CLOSING, stopped)) as entered:
        ended = retirements.run(vending, retirement_of(account_id))

    assert entered.is_set()
    assert ended.status == "SUCCEEDED", ended
    assert queue(vending, CLOSING)["places"] == {}


def stopped_request(vending: Vending) -> str:
    """A request whose execution was stopped when its slot came, and nobody noticed; its id."""
    request = a_request()
    vending.listen("ExecutionEnded", on=False)
    vending.run_stopped_in("WaitForSlot", request)
    vending.listen("ExecutionEnded")
    return str(request["requestId"])


@pytest.mark.slow
def test_creation_slot_is_passed_on_by_the_creation_of_a_govcloud_pair(vending: Vending) -> None:
    stopped = stopped_request(vending)
    request = a_request(source="new-govcloud")
    request["account"]["name"] = request["account"]["name"].replace(" ", "-")
    refused = {"service": "organizations", "operation": "CreateGovCloudAccount", "calls": [1]}
    vending.aws.faults.replace([refused | {"error": "TooManyRequestsException"}])

    with when_entered(
        "CreateGovCloudAccount", lambda _: leave_unnotified(vending, CREATION, stopped)
    ) as entered:
        ended = vending.run(request)

    assert entered.is_set()
    assert ended.status == "SUCCEEDED", ended
    assert queue(vending, CREATION)["places"] == {}


def test_creation_slot_is_passed_on_at_the_end_of_an_execution_that_was_stopped(
    vending: Vending,
) -> None:
    stopped = stopped_request(vending)

    def leave_and_stop(execution: Any) -> None:
        leave_unnotified(vending, CREATION, stopped)
        stop(execution)

    with when_entered("CreateAccount", leave_and_stop):
        ended = vending.run(a_request())

    assert ended.status == "ABORTED", ended
    eventually(lambda: queue(vending, CREATION)["places"] == {})
