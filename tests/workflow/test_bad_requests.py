"""Bad requests through the bus and by hand: each ends at once, refused and written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded import lambda_runtime
from embedded.lambda_runtime import logs
from tests.bad_events import EventMaker
from tests.bad_requests import PRODUCT, SECRET, Maker
from tests.workflow.announcements import collected
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.workflow.vending import Ended, Vending

BYTES = 10 * 1024
REQUESTS = 40
LARGEST = 200_000
EVENT_CHUNKS, EVENT_CHUNK = 6, 50


def sendable(seed: int) -> Any:
    """A bad request that AWS lets in: valid JSON, and no halves of characters."""
    written = json.dumps(Maker(seed).request(), ensure_ascii=False).encode(errors="replace")
    return json.loads(written, parse_constant=lambda _: None)


def refused(ended: Ended) -> dict[str, Any]:
    """Why an execution ended, which must be the request."""
    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid"), ended
    cause: dict[str, Any] = ended.cause
    return cause


def written_by(*functions: str) -> str:
    """The logs of the functions."""
    return "\n".join(line for name in functions for line in logs(name))


def test_bad_requests_end_refused_at_once_and_nothing_of_them_is_run_or_logged_raw(
    vending: Vending,
) -> None:
    for seed in range(REQUESTS):
        request = sendable(1_000_000 + seed)
        ended = vending.run(request)

        text = json.dumps(refused(ended))
        assert len(text) < BYTES, seed
        assert PRODUCT not in text, seed
        assert SECRET not in text, seed
        assert vending.states_entered(ended.arn) == [
            "AcceptRequest",
            "RecordFailure",
            "VendingFailed",
        ]
    written = written_by("AcceptRequest", "RecordFailure")
    assert written.count("RequestInvalid") >= REQUESTS
    assert PRODUCT not in written
    assert SECRET not in written
    assert vending.accounts() == []


@pytest.mark.slow
def test_bad_requests_sent_as_events_end_refused_and_are_announced_shortly(
    vending: Vending,
) -> None:
    made = map(sendable, range(2_000_000, 2_000_010))
    # What is larger as an execution's input than that may be is a dead letter.
    requests = [one for one in made if isinstance(one, dict) and len(json.dumps(one)) < LARGEST]
    with collected(vending, "AccountVendingFailed") as announced:
        for request in requests:
            vending.send(request)

        ended = [vending.finish(arn) for arn in vending.await_executions(len(requests))]

    for one in ended:
        refused(one)
    events = [json.dumps(event) for event in announced]
    assert events
    assert max(map(len, events)) < BYTES
    assert PRODUCT not in "".join(events)
    assert SECRET not in "".join(events)


@pytest.mark.parametrize(
    "chunk",
    [pytest.param(one, marks=pytest.mark.slow if one > 0 else ()) for one in range(EVENT_CHUNKS)],
)
def test_bad_events_are_refused_by_the_bus_or_end_refused_and_announced(
    vending: Vending, chunk: int
) -> None:
    made = range(3_000_000 + chunk * EVENT_CHUNK, 3_000_000 + (chunk + 1) * EVENT_CHUNK)
    entries = [
        entry for seed in made if len((entry := EventMaker(seed).entry())["Detail"]) < LARGEST
    ]
    accepted = dead = 0
    with collected(vending, "AccountVendingFailed", most=EVENT_CHUNK) as announced:
        for entry in entries:
            answer = vending.events.put_events(
                Entries=[{"EventBusName": vending.aws.outputs["EventBusName"], **entry}]
            )["Entries"][0]
            # An execution's input has no number beyond all doubles.
            is_dead = entry["Detail"].endswith("e999}")
            accepted += "ErrorCode" not in answer and not is_dead
            dead += "ErrorCode" not in answer and is_dead

        ended = [vending.finish(arn) for arn in vending.await_executions(accepted)]

    assert accepted > EVENT_CHUNK / 2
    assert vending.dead_letters() == dead
    unheard = {one.arn for one in ended} - {event["executionArn"] for event in announced}
    assert unheard == set()
    assert len(ended) == accepted
    for one in ended:
        assert len(json.dumps(refused(one))) < BYTES
    failure = json.dumps(announced) + written_by("AcceptRequest", "RecordFailure")
    assert SECRET not in failure
    assert PRODUCT not in failure
    assert max(len(json.dumps(event)) for event in announced) < BYTES
    assert vending.accounts() == []


def nested(request_id: str, levels: int) -> str:
    """A request as JSON, which Python cannot write that deep."""
    return f'{{"requestId": "{request_id}", "tags": {"[" * levels}"x"{"]" * levels}}}'


def rejected(vending: Vending, request_id: str) -> dict[str, Any] | None:
    """The request's row once it is rejected."""
    row = vending.row(request_id)
    return row if row is not None and row["state"] == "REJECTED" else None


@pytest.mark.parametrize("levels", [100, 900, 1_500])
def test_request_nested_deeply_is_refused_by_name(vending: Vending, levels: int) -> None:
    request_id = f"nested-{levels}"
    started = vending.states.start_execution(
        stateMachineArn=vending.aws.outputs["StateMachineArn"], input=nested(request_id, levels)
    )

    ended = vending.finish(started["executionArn"])

    assert "nested at most 16 levels" in refused(ended)["message"]
    assert rejected(vending, request_id) is not None
    assert vending.states_entered(ended.arn) == ["AcceptRequest", "RecordFailure", "VendingFailed"]


@pytest.mark.parametrize("levels", [900, 1_500, 3_000])
def test_event_nested_deeply_is_refused_by_name_and_announced(
    vending: Vending, levels: int
) -> None:
    request_id = f"laptop.nested-{levels}"
    with collected(vending, "AccountVendingFailed") as announced:
        send(vending, nested(request_id, levels))
        row = eventually(lambda: rejected(vending, request_id))
        # The function that records it announces it afterwards.
        vending.finish(row["executionArn"])
        assert lambda_runtime.settle(10)

    assert "nested at most 16 levels" in row["error"]["message"]
    assert [one["requestId"] for one in announced] == [request_id]
    assert vending.dead_letters() == 0


def test_nesting_that_the_embedded_aws_does_not_read_is_refused_to_the_sender(
    vending: Vending,
) -> None:
    entry = send(vending, nested("nested-20000", 20_000))

    assert entry["ErrorCode"] == "MalformedDetail"
    with pytest.raises(vending.states.exceptions.InvalidExecutionInput):
        vending.states.start_execution(
            stateMachineArn=vending.aws.outputs["StateMachineArn"],
            input=nested("nested-20000", 20_000),
        )


def test_organizations_document_nested_deeply_is_refused_by_name(vending: Vending) -> None:
    document: Any = "x"
    for _ in range(900):
        document = [document]

    ended = vending.set_up({"organizationalUnits": document})

    assert ended.status == "FAILED"
    assert "nested at most 16 levels" in json.dumps(ended.cause)


def send(vending: Vending, detail: str) -> dict[str, Any]:
    """Put a request on the bus as it is written; what EventBridge says of it."""
    answer = vending.events.put_events(
        Entries=[
            {
                "EventBusName": vending.aws.outputs["EventBusName"],
                "Source": "form.example",
                "DetailType": "AccountRequested",
                "Detail": detail,
            }
        ]
    )
    entry: dict[str, Any] = answer["Entries"][0]
    return entry
