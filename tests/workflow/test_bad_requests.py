"""Bad requests through the bus and by hand: each ends at once, refused and written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.lambda_runtime import logs
from tests.bad_requests import PRODUCT, SECRET, Maker
from tests.workflow.announcements import told

if TYPE_CHECKING:
    from tests.workflow.vending import Ended, Vending

BYTES = 10 * 1024
REQUESTS = 40
LARGEST = 200_000


def sendable(seed: int) -> Any:
    """A bad request that AWS lets in: valid JSON, and no halves of characters."""
    written = json.dumps(Maker(seed).request(), ensure_ascii=False).encode(errors="replace")
    return json.loads(written, parse_constant=lambda _: None)


def refused(ended: Ended) -> dict[str, Any]:
    """Why an execution ended, which must be the request."""
    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid"), ended
    cause: dict[str, Any] = ended.cause
    return cause


def test_bad_requests_end_refused_at_once_and_nothing_of_them_is_run_or_logged_raw(
    vending: Vending,
) -> None:
    for seed in range(REQUESTS):
        request = sendable(1_000_000 + seed)
        ended = vending.run(request)

        said = json.dumps(refused(ended))
        assert len(said) < BYTES, seed
        assert PRODUCT not in said, seed
        assert SECRET not in said, seed
        assert vending.states_entered(ended.arn) == [
            "AcceptRequest",
            "RecordFailure",
            "VendingFailed",
        ]
    functions = ("AcceptRequest", "RecordFailure")
    written = "\n".join(line for name in functions for line in logs(name))
    assert written.count("RequestInvalid") >= REQUESTS
    assert PRODUCT not in written
    assert SECRET not in written
    assert vending.accounts() == []


def test_bad_requests_sent_as_events_end_refused_and_are_announced_shortly(
    vending: Vending,
) -> None:
    made = map(sendable, range(2_000_000, 2_000_010))
    # What is larger as an execution's input than that may be is a dead letter.
    requests = [one for one in made if isinstance(one, dict) and len(json.dumps(one)) < LARGEST]
    with told(vending, "AccountVendingFailed") as announced:
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


@pytest.mark.parametrize("levels", [100, 400, 900])
def test_request_nested_deeply_is_refused_by_name(vending: Vending, levels: int) -> None:
    nested: Any = "x"
    for _ in range(levels):
        nested = [nested]

    ended = vending.run({"requestId": f"nested-{levels}", "tags": nested})

    assert "nested at most 16 levels" in refused(ended)["message"]
    row = vending.row(f"nested-{levels}")
    assert row is not None
    assert row["state"] == "REJECTED"
