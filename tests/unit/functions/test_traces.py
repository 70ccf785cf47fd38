"""What X-Ray is told of a function: its step, and each call, by documents to Lambda's daemon."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from operations.enable_organizations_root_credentials_management import CALLS
from tests.unit.functions.payloads import REQUEST_ID
from tests.unit.functions.world import World
from vending.aws import clients
from vending.aws.observability import log_request_id, logger, traces
from vending.errors.exceptions import VendingError

Documents = Callable[[], list[dict[str, Any]]]
ROOT, FUNCTION = "1-5759e988-bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
CALLED = {name.partition(":")[2] for name in CALLS}
STEP = "EnableOrganizationsRootCredentialsManagement"


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Documents]:
    """What arrived since the last time, each with its preamble."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.setblocking(False)
        port = listening.getsockname()[1]
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{port}")
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={ROOT};Parent={FUNCTION};Sampled=1")

        def read() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            while True:
                try:
                    preamble, _, document = listening.recv(65_536).partition(b"\n")
                except BlockingIOError:
                    return found
                assert json.loads(preamble) == {"format": "json", "version": 1}
                found.append(json.loads(document))

        yield read


def test_step_and_its_calls_are_in_the_trace(world: World, daemon: Documents) -> None:
    world.call(STEP, requestId=REQUEST_ID)

    *calls, step = daemon()
    assert step["name"] == "## handler"
    assert (step["trace_id"], step["parent_id"]) == (ROOT, FUNCTION)
    assert step["annotations"]["request_id"] == REQUEST_ID
    assert {"ColdStart", "Service"} <= step["annotations"].keys()
    assert calls
    for call in calls:
        assert call["type"] == "subsegment"
        assert (call["trace_id"], call["parent_id"]) == (ROOT, step["id"])
        assert call["name"] in {"iam", "organizations"}
        assert call["namespace"] == "aws"
        assert call["aws"]["operation"] in CALLED
        assert (call["http"]["response"]["status"] >= 400) == ("error" in call)
        assert step["start_time"] <= call["start_time"] <= call["end_time"] <= step["end_time"]
    assert len({each["id"] for each in [step, *calls]}) == 1 + len(calls)


def test_step_that_fails_is_a_fault_without_its_message(world: World, daemon: Documents) -> None:
    world.organization.refuse("ListOrganizationsFeatures", "AccessDenied")

    with pytest.raises(VendingError) as failed:
        world.call(STEP, requestId=REQUEST_ID)

    *_, step = daemon()
    assert step["fault"] is True
    assert step["cause"]["exceptions"] == [{"type": type(failed.value).__name__, "remote": False}]


def test_call_that_is_refused_is_an_error(world: World, daemon: Documents) -> None:
    with pytest.raises(ClientError):
        clients.iam().get_role(RoleName="nobody")

    (call,) = daemon()
    assert (call["error"], call["throttle"]) == (True, False)
    assert "fault" not in call


def test_call_without_an_answer_is_a_failure_of_the_service(
    world: World, daemon: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = clients.iam()

    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://iam.amazonaws.com")

    client.meta.events.register_first("before-send", fail)
    try:
        with pytest.raises(EndpointConnectionError):
            client.list_organizations_features()
    finally:
        client.meta.events.unregister("before-send", fail)

    (call,) = daemon()
    assert call["cause"]["exceptions"] == [{"type": "EndpointConnectionError", "remote": True}]


def test_service_continues_the_trace_of_its_call(world: World, daemon: Documents) -> None:
    seen: list[str] = []

    def look(request: Any, **_: Any) -> None:
        seen.append(request.headers["X-Amzn-Trace-Id"])

    clients.iam().meta.events.register_first("before-send", look)
    try:
        clients.iam().list_organizations_features()
    except ClientError:
        pass
    finally:
        clients.iam().meta.events.unregister("before-send", look)

    (call,) = daemon()
    sent = seen[0].decode() if isinstance(seen[0], bytes) else seen[0]
    assert sent == f"Root={ROOT};Parent={call['id']};Sampled=1"


@pytest.mark.parametrize(
    "header",
    ["", f"Root={ROOT};Parent={FUNCTION};Sampled=0", f"Root={ROOT}", "nonsense;Sampled=1"],
)
def test_trace_that_is_not_sampled_is_not_sent(
    header: str, world: World, daemon: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", header)

    world.call(STEP, requestId=REQUEST_ID)

    assert daemon() == []


@pytest.mark.parametrize("address", ["", "nowhere", "127.0.0.1:x", "127.0.0.1:1"])
def test_trace_that_nobody_takes_fails_nothing(
    address: str, world: World, daemon: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", address)

    world.call(STEP, requestId=REQUEST_ID)

    assert daemon() == []


def test_request_is_annotated_where_it_is_known(daemon: Documents) -> None:
    with traces.in_subsegment("step") as subsegment:
        log_request_id(REQUEST_ID)
        log_request_id(None)
    logger.remove_keys(["request_id"])
    log_request_id(REQUEST_ID)  # outside of any
    logger.remove_keys(["request_id"])

    (document,) = daemon()
    assert document["annotations"] == {"request_id": REQUEST_ID}
    assert subsegment is not None
