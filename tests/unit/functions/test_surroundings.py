"""What every handler does around its operation: settings, payloads, logs, metrics, clients."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.functions.payloads import EMAIL, REQUEST_ID, a_request, accepted, create
from tests.unit.functions.world import EXECUTION, World
from vending.aws import clients
from vending.aws.clock import epoch, timestamp
from vending.aws.observability import logger
from vending.errors.exceptions import (
    OperationRefused,
    RequestInvalid,
    ServiceUnavailable,
    VendingError,
)
from vending.handler import settings

FUNCTIONS = Path(__file__).parents[3] / "functions"


@pytest.mark.parametrize("value", [None, "", "  "], ids=["absent", "empty", "blank"])
def test_function_without_its_table_says_which_setting_it_lacks(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv("LEDGER_TABLE_NAME")
    else:
        monkeypatch.setenv("LEDGER_TABLE_NAME", value)

    with pytest.raises(OperationRefused, match="LEDGER_TABLE_NAME") as refused:
        world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)

    assert refused.value.code == "SettingsInvalid"
    assert "Deploy the stack" in refused.value.remedy


def test_settings_read_only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEDGER_TABLE_NAME", raising=False)
    monkeypatch.setenv("EVENT_BUS_NAME", "bus")

    assert settings.read(settings.EventBusSettings).bus_name == "bus"


@pytest.mark.parametrize(
    ("need", "variable", "values", "wrong"),
    [
        (settings.EventBusSettings, "EVENT_BUS_NAME", {" bus ": "bus"}, [" "]),
        (settings.LedgerSettings, "ENDED_ROWS_EXPIRE_DAYS", {"30": 30}, ["0", "1.5", "", "a"]),
        (settings.CreationQuotaSettings, "CREATION_BURST", {"3": 3}, ["0", "-1"]),
        (
            settings.CreationQuotaSettings,
            "CREATION_RATE_PER_SECOND",
            {"0.1": 0.1, "2": 2.0},
            ["0", "-0.1", "nan", "often"],
        ),
        (settings.CreationQuotaSettings, "CREATION_SLACK_SECONDS", {"0": 0.0}, ["-1", "nan"]),
        (settings.DriftSettings, "ACCOUNT_DRIFT", {"report": "report"}, ["", "Report", "mend"]),
        (settings.DiscoverySettings, "DISCOVERED_ACCOUNT_BASELINE", {"{}": {}}, ["[]", "{", ""]),
        (settings.RetirementSettings, "RETIREMENT_POLICY_NAME", {"": "", " a": "a"}, []),
        (settings.EndpointSettings, "AWS_ENDPOINT_URL", {"http://a": "http://a"}, [""]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_setting_is_read_as_what_it_is_or_named(
    monkeypatch: pytest.MonkeyPatch,
    need: type,
    variable: str,
    values: dict[str, Any],
    wrong: list[str],
) -> None:
    monkeypatch.setenv("DISCOVERED_ACCOUNTS", "record")
    (name,) = (one.name for one in fields(need) if one.metadata["name"] == variable)

    for text, value in values.items():
        monkeypatch.setenv(variable, text)
        assert getattr(settings.read(need), name) == value
    for text in wrong:
        monkeypatch.setenv(variable, text)
        with pytest.raises(OperationRefused, match=f"lacks {variable}\\."):
            settings.read(need)


def test_all_settings_that_are_lacking_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATION_BURST", "none")
    monkeypatch.delenv("CREATION_LEASE_SECONDS")

    with pytest.raises(OperationRefused, match=r"lacks CREATION_BURST, CREATION_LEASE_SECONDS\."):
        settings.read(settings.CreationQuotaSettings)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "requestId: is required"),
        ({"requestId": REQUEST_ID, "accountId": "42", "tags": {}}, "accountId: must be twelve"),
        ({"requestId": REQUEST_ID, "tags": {"aws:x": ""}}, "tags['aws:x']: may not begin"),
        ({"requestId": REQUEST_ID, "tag": {}}, "tags: is required"),
    ],
)
def test_payload_that_does_not_fit_is_refused(
    world: World, payload: dict[str, Any], words: str
) -> None:
    with pytest.raises(OperationRefused) as refused:
        world.call("TagResource", **payload)

    assert refused.value.code == "InvalidPayload"
    assert words in refused.value.message
    assert world.calls == []


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the functions log, as they write it."""
    written = io.StringIO()
    handler = logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(written)
    yield written
    handler.setStream(before or sys.stdout)


def test_logs_carry_the_request_id_and_never_an_email(
    world: World, log: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    accepted(world)
    world.organization.refuse(
        "CreateAccount", "InvalidInputException", message=f"{EMAIL} is no good"
    )
    with pytest.raises(VendingError):
        create(world)
    create(world)

    written = log.getvalue()
    assert EMAIL not in written + caplog.text
    lines = [json.loads(line) for line in written.splitlines()]
    messages = [line["message"] for line in lines if line.get("request_id") == REQUEST_ID]
    assert messages == ["done", "not done", "done"]
    assert [line["step"] for line in lines] == ["AcceptRequest", "CreateAccount", "CreateAccount"]
    assert {line["execution"] for line in lines} == {EXECUTION}


def test_request_with_mistakes_is_logged_under_the_id_that_it_gives(
    world: World, log: io.StringIO
) -> None:
    request = a_request() | {"requestId": REQUEST_ID, "organizationalUnit": "no path"}

    with pytest.raises(RequestInvalid):
        world.call("AcceptRequest", request=request, executionArn=EXECUTION)

    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["request_id"], line["execution"]) == (REQUEST_ID, EXECUTION)


def test_request_without_an_id_is_logged_under_its_execution(
    world: World, log: io.StringIO
) -> None:
    with pytest.raises(RequestInvalid):
        world.call("AcceptRequest", request="text", executionArn=EXECUTION)

    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert "request_id" not in line
    assert line["execution"] == EXECUTION


def test_request_id_of_one_invocation_is_not_logged_in_the_next(
    world: World, log: io.StringIO
) -> None:
    accepted(world)
    create(world)
    with pytest.raises(OperationRefused):
        world.call("CreateAccount", requestId="not / valid")

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line.get("request_id") for line in lines] == [REQUEST_ID, REQUEST_ID, None]


def test_announcement_that_eventbridge_does_not_accept_is_tried_again(world: World) -> None:
    world.refused_entries = 1

    with pytest.raises(ServiceUnavailable, match="InternalException"):
        world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)

    result = world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)
    assert result["outcome"] == "ACCEPTED"


def test_create_account_has_a_client_that_never_repeats_a_request(world: World) -> None:
    once: Any = clients.organizations_once().meta.config
    often: Any = clients.organizations().meta.config

    assert once.retries["total_max_attempts"] == 1
    assert often.retries["total_max_attempts"] > 1
    assert (once.connect_timeout, once.read_timeout) == (5, 20)


def test_client_is_made_when_something_of_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    found = SimpleNamespace(exceptions="its own")

    def make(service: str, *_: Any) -> Any:
        made.append(service)
        return found

    monkeypatch.setattr(clients, "_made_client", make)

    client = clients._client("sns")

    assert made == []
    assert [client.exceptions, client.exceptions] == ["its own", "its own"]
    assert made == ["sns"]
    with pytest.raises(AttributeError, match="publish"):
        client.publish()


@pytest.mark.parametrize("moment", [0.0, 1_800_000_000.123, 1_700_000_000.9996])
def test_timestamps_are_utc_in_milliseconds_and_read_back(moment: float) -> None:
    text = timestamp(moment)

    assert text.endswith("Z")
    assert len(text) == 24
    assert epoch(text) == pytest.approx(moment, abs=0.001)


def test_importing_a_function_neither_calls_aws_nor_needs_settings() -> None:
    modules = [
        f"{path.parent.name}.{path.stem}"
        for folder in ("events", "operations")
        for path in (FUNCTIONS / folder).glob("[a-z]*.py")
    ]
    code = (
        f"import sys, {', '.join(modules)}; from vending.aws import clients;"
        "made = [c for c in vars(clients).values() if hasattr(c, 'cache_info')];"
        "assert made and not any(c.cache_info().currsize for c in made);"
        "assert not {'moto', 'difflib'} & sys.modules.keys();"
        "from vending.model import Model;"
        "built = [m for m in Model.__subclasses__() if m.__pydantic_complete__];"
        "assert not built, built"
    )
    assert len(modules) > 20

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=FUNCTIONS,
        env={"PATH": "", "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("client", "call", "parameters", "action"),
    [
        (
            clients.organizations,
            "describe_account",
            {"AccountId": "1" * 12},
            "organizations:DescribeAccount",
        ),
        (
            clients.organizations_once,
            "describe_account",
            {"AccountId": "1" * 12},
            "organizations:DescribeAccount",
        ),
        (clients.iam, "list_organizations_features", {}, "iam:ListOrganizationsFeatures"),
        (
            clients.stepfunctions,
            "describe_execution",
            {"executionArn": EXECUTION},
            "states:DescribeExecution",
        ),
        (clients.dynamodb, "describe_table", {"TableName": "absent"}, "dynamodb:DescribeTable"),
        (clients.events, "describe_event_bus", {"Name": "absent"}, "events:DescribeEventBus"),
    ],
    ids=lambda value: value if isinstance(value, str) and ":" in value else "",
)
def test_refusal_names_its_action(
    world: World, client: Any, call: str, parameters: dict[str, Any], action: str
) -> None:
    world.organization.refuse(action.partition(":")[2], "AccessDeniedException")

    with pytest.raises(ClientError) as refused:
        getattr(client(), call)(**parameters)

    assert refused.value.response["Error"]["Action"] == action  # type: ignore[typeddict-item]


def test_denied_function_learns_which_action_it_lacks(world: World) -> None:
    world.organization.refuse("ListOrganizationsFeatures", "AccessDenied")

    with pytest.raises(VendingError) as denied:
        world.call("EnableOrganizationsRootCredentialsManagement", requestId=REQUEST_ID)

    assert (
        "Allow iam:ListOrganizationsFeatures on that resource for the function's role"
        in denied.value.remedy
    )
