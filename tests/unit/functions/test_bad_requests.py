"""Ten thousand bad requests and as many events: refused soon and shortly, not run, not logged."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from operations import accept_request
from tests.bad_events import KNOWN, POLICY, EventMaker
from tests.bad_requests import PRODUCT, SECRET, Maker
from tests.unit.functions.world import EXECUTION, World
from vending.authorization.policy_requesters import UNKNOWN
from vending.authorization.request_policy import parse_policy
from vending.authorization.sender import opened
from vending.aws.observability import logger
from vending.errors.caught_error import CaughtError, from_catch
from vending.errors.exceptions import RequestInvalid, RequestNotAllowed, RequestRefused
from vending.handler import wiring
from vending.request.account_request import best_effort_request_id

CHUNKS, CHUNK = 20, 500
"""In chunks, because a test keeps what was logged in it."""

SECONDS, BYTES = 2.0, 10 * 1024


def refusal(request: Any) -> RequestRefused:
    """What AcceptRequest says of it."""
    event = {"request": request, "executionArn": EXECUTION}
    with pytest.raises(RequestRefused) as refused:
        accept_request.handler(event, SimpleNamespace())
    return refused.value


def as_caught(error: RequestRefused) -> dict[str, str]:
    """The error as Lambda reports it and Step Functions catches it."""
    return {"Error": type(error).__name__, "Cause": json.dumps({"errorMessage": str(error)})}


@pytest.fixture
def logged(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Callable[[], str]:
    """All that was written since the last time: the log, the metrics, and what Lambda would log."""
    stream = io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", stream)
    monkeypatch.setattr(wiring, "request_policy", lambda: parse_policy({}))

    def read() -> str:
        written = stream.getvalue() + capsys.readouterr().out + caplog.text
        stream.seek(0)
        stream.truncate()
        caplog.clear()
        return written

    return read


@pytest.mark.parametrize(
    "chunk",
    [pytest.param(one, marks=pytest.mark.slow if one > 0 else ()) for one in range(CHUNKS)],
)
def test_bad_request_is_refused_soon_and_shortly_and_is_neither_run_nor_logged_raw(
    chunk: int, logged: Callable[[], str]
) -> None:
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        request = Maker(seed).request()

        began = time.process_time()
        refused = refusal(request)
        caught = as_caught(refused)
        error = from_catch(CaughtError.model_validate(caught))
        request_id = best_effort_request_id(request)
        took = time.process_time() - began

        assert isinstance(refused, RequestInvalid), seed
        assert took < SECONDS, seed
        ensure_short_and_clean({"requestId": request_id, "error": error}, caught, logged(), seed)


@pytest.mark.parametrize(
    "chunk",
    [pytest.param(one, marks=pytest.mark.slow if one > 0 else ()) for one in range(CHUNKS)],
)
def test_bad_event_is_refused_soon_and_shortly_and_is_neither_run_nor_logged_raw(
    chunk: int, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = parse_policy(POLICY)
    monkeypatch.setattr(wiring, "request_policy", lambda: policy)
    kinds = set()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        event = EventMaker(seed).delivered()

        began = time.process_time()
        refused = refusal(event)
        caught = as_caught(refused)
        error = from_catch(CaughtError.model_validate(caught))
        sender, raw = opened(event)
        request_id, name = policy.remembered(raw, sender, here=KNOWN["account"])
        took = time.process_time() - began

        kinds.add(type(refused))
        assert took < SECONDS, seed
        assert name in ("team", UNKNOWN), seed
        assert request_id is None or request_id.startswith(f"{name}."), seed
        ensure_short_and_clean({"requestId": request_id, "error": error}, caught, logged(), seed)
    assert kinds == {RequestInvalid, RequestNotAllowed}


def ensure_short_and_clean(
    announced: dict[str, Any], caught: dict[str, str], written: str, seed: int
) -> None:
    """A refusal is announced and logged in short, readable text, and nothing of it was run."""
    answered = json.dumps(announced)
    assert len(answered.encode()) < BYTES, seed
    assert len(caught["Cause"]) < BYTES, seed
    assert announced["error"]["code"] == caught["Error"], seed
    assert PRODUCT not in answered + written, seed
    assert SECRET not in answered + written, seed
    message = json.loads(caught["Cause"])["errorMessage"]
    assert (written + message).replace("\n", "").isprintable(), seed
    assert announced["error"]["message"].replace("\n", "").isprintable(), seed


def test_bad_events_end_as_rows_and_events_that_are_short(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "request_policy", lambda: parse_policy(POLICY))
    for seed in range(200_000, 200_200):
        event = EventMaker(seed).delivered()

        record = world.call(
            "RecordFailure", request=event, executionArn=EXECUTION, error=as_caught(refusal(event))
        )

        assert record["state"] == "REJECTED", seed
        assert record["sender"]["requester"] in ("team", UNKNOWN), seed
        assert len(json.dumps(record)) < BYTES, seed
    rows = [json.dumps(row) for row in world.rows()]
    events = [json.dumps(record) for _, record in world.announced()]
    assert len(rows) > 50
    assert len(events) == 2 * 200
    assert max(map(len, rows + events)) < BYTES
    assert PRODUCT not in "".join(rows + events)
    for _, record in world.announced():
        # The sender is what EventBridge reports.
        assert SECRET not in json.dumps(record | {"sender": None})


def test_bad_requests_end_as_rows_and_events_that_are_short(world: World) -> None:
    for seed in range(100_000, 100_200):
        request = Maker(seed).request()
        error = as_caught(refusal(request))

        record = world.call("RecordFailure", request=request, executionArn=EXECUTION, error=error)

        assert record["state"] == "REJECTED", seed
        assert len(json.dumps(record)) < BYTES, seed
    rows = [json.dumps(row) for row in world.rows()]
    events = [json.dumps(record) for _, record in world.announced()]
    assert len(rows) > 50
    assert len(events) == 2 * 200
    assert max(map(len, rows + events)) < BYTES
    assert PRODUCT not in "".join(rows + events)
    assert SECRET not in "".join(rows + events)
