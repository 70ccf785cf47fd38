"""Ten thousand bad requests: each refused, soon and shortly, and none of it run or logged raw."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from operations import accept_request
from tests.bad_requests import PRODUCT, SECRET, Maker
from tests.unit.functions.world import EXECUTION, World
from vending.authorization.request_policy import parse_policy
from vending.aws.observability import logger
from vending.errors.caught_error import CaughtError, from_catch
from vending.errors.exceptions import RequestInvalid
from vending.handler import wiring
from vending.request.account_request import best_effort_request_id

CHUNKS, CHUNK = 10, 1_000
"""In chunks, because a test keeps what was logged in it."""

SECONDS, BYTES = 2.0, 10 * 1024


def refusal(request: Any) -> str:
    """The error's text as Lambda reports it."""
    event = {"request": request, "executionArn": EXECUTION}
    with pytest.raises(RequestInvalid) as refused:
        accept_request.handler(event, SimpleNamespace())
    return str(refused.value)


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
    [pytest.param(one, marks=pytest.mark.slow if one > 1 else ()) for one in range(CHUNKS)],
)
def test_bad_request_is_refused_soon_and_shortly_and_is_neither_run_nor_logged_raw(
    chunk: int, logged: Callable[[], str]
) -> None:
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        request = Maker(seed).request()

        began = time.process_time()
        said = refusal(request)
        caught = CaughtError(Error="RequestInvalid", Cause=json.dumps({"errorMessage": said}))
        request_id, error = best_effort_request_id(request), from_catch(caught)
        took = time.process_time() - began

        written = logged()
        answered = json.dumps({"requestId": request_id, "error": error})
        assert took < SECONDS, seed
        assert len(answered.encode()) < BYTES, seed
        assert len(json.dumps({"errorMessage": said})) < BYTES, seed
        assert error["code"] == "RequestInvalid", seed
        assert PRODUCT not in answered + written, seed
        assert SECRET not in answered + written, seed
        assert (written + said).replace("\n", "").isprintable(), seed
        assert error["message"].replace("\n", "").isprintable(), seed


def test_bad_requests_end_as_rows_and_events_that_are_short(world: World) -> None:
    for seed in range(100_000, 100_200):
        request = Maker(seed).request()
        said = refusal(request)
        error = {"Error": "RequestInvalid", "Cause": json.dumps({"errorMessage": said})}

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
