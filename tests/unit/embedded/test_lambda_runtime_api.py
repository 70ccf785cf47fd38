"""The Lambda Runtime API as a runtime meets it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator

import pytest

from embedded.lambda_runtime.runtime_api import Invocation, Report, RuntimeApi

PREFIX = "/2018-06-01/runtime"
INVOCATION = Invocation(
    request_id="11111111-2222-3333-4444-555555555555",
    payload=b'{"a": 1}',
    function_arn="arn:aws:lambda:us-east-1:111111111111:function:f",
    trace_id="Root=1-0-0;Sampled=0",
    deadline_ms=1234567890123,
    client_context='{"custom": {}}',
)


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    yield api
    api.close()


def call(api: RuntimeApi, method: str, path: str, body: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection(api.address, timeout=5)
    connection.request(method, PREFIX + path, body)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def test_next_gives_the_event_and_what_belongs_to_it(api: RuntimeApi) -> None:
    api.invoke(INVOCATION)
    connection = http.client.HTTPConnection(api.address, timeout=5)

    connection.request("GET", f"{PREFIX}/invocation/next")
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (200, b'{"a": 1}')
    assert answer.headers["Content-Type"] == "application/json"
    assert {
        name.removeprefix("Lambda-Runtime-"): value
        for name, value in answer.headers.items()
        if name.startswith("Lambda-Runtime-")
    } == {
        "Aws-Request-Id": "11111111-2222-3333-4444-555555555555",
        "Deadline-Ms": "1234567890123",
        "Invoked-Function-Arn": "arn:aws:lambda:us-east-1:111111111111:function:f",
        "Trace-Id": "Root=1-0-0;Sampled=0",
        "Client-Context": '{"custom": {}}',
    }
    assert api.reports.get(timeout=1) == Report(kind="started")
    connection.close()


@pytest.mark.parametrize("kind", ["response", "error"])
def test_answer_is_taken_once(api: RuntimeApi, kind: str) -> None:
    api.invoke(INVOCATION)
    call(api, "GET", "/invocation/next")
    path = f"/invocation/{INVOCATION.request_id}/{kind}"

    first, second = call(api, "POST", path, "{}"), call(api, "POST", path, "[]")

    assert first[0] == 202
    assert second[0] == 400
    assert json.loads(second[1])["errorType"] == "InvalidRequestID"
    assert [api.reports.get(timeout=1) for _ in range(2)] == [
        Report(kind="started"),
        Report(kind=kind, body=b"{}"),  # type: ignore[arg-type]
    ]
    assert api.reports.empty()


def test_answer_to_another_invocation_is_refused(api: RuntimeApi) -> None:
    api.invoke(INVOCATION)
    call(api, "GET", "/invocation/next")

    status, _ = call(api, "POST", "/invocation/other/response", "{}")

    assert status == 400
    assert api.reports.get(timeout=1).kind == "started"
    assert api.reports.empty()


def test_answer_in_chunks_is_put_together(api: RuntimeApi) -> None:
    api.invoke(INVOCATION)
    call(api, "GET", "/invocation/next")
    connection = http.client.HTTPConnection(api.address, timeout=5)

    connection.request(
        "POST",
        f"{PREFIX}/invocation/{INVOCATION.request_id}/response",
        iter([b'{"a":', b" 1}"]),
        {"Transfer-Encoding": "chunked"},
        encode_chunked=True,
    )

    assert connection.getresponse().status == 202
    assert api.reports.get(timeout=1).kind == "started"
    assert api.reports.get(timeout=1).body == b'{"a": 1}'
    connection.close()


def test_init_error_is_reported(api: RuntimeApi) -> None:
    status, _ = call(api, "POST", "/init/error", '{"errorType": "X"}')

    assert status == 202
    assert api.reports.get(timeout=1) == Report(kind="init-error", body=b'{"errorType": "X"}')


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/invocation/previous"), ("POST", "/invocation/1/thanks")],
)
def test_unknown_path_is_not_found(api: RuntimeApi, method: str, path: str) -> None:
    assert call(api, method, path)[0] == 404


def test_closing_sends_a_waiting_runtime_away() -> None:
    api = RuntimeApi()
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(ConnectionError):
            call(api, "GET", "/invocation/next")
        ended.set()

    threading.Thread(target=wait, daemon=True).start()

    api.close()

    assert ended.wait(timeout=5)
