"""The calls to AWS, against moto in this process; what boto3 raises, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import exceptions
from moto import mock_aws

from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import CommandError
from embedded.core.sessions import isolated
from tests.unit.cli.fakes import a_record
from vending.errors.exceptions import RequestNotAllowed

TEMPLATE = {
    "Resources": {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "account-vending"}},
        "Ledger": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "ledger",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"}
                    for name in ("pk", "state", "updatedAt")
                ],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "byState",
                        "KeySchema": [
                            {"AttributeName": "state", "KeyType": "HASH"},
                            {"AttributeName": "updatedAt", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
        },
    },
    "Outputs": {
        "StateMachineArn": {
            "Value": "arn:aws:states:us-east-1:123456789012:stateMachine:account-vending"
        },
        "EventBusName": {"Value": "account-vending"},
        "LedgerTableName": {"Value": "ledger"},
        "DeadLetterQueueUrl": {"Value": "https://sqs.us-east-1.amazonaws.com/123456789012/dead"},
    },
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS in memory, with nothing in it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def deploy(**changes: Any) -> Stack:
    boto3.client("cloudformation", region_name="us-east-1").create_stack(
        StackName="AccountVending", TemplateBody=json.dumps({**TEMPLATE, **changes})
    )
    return Stack.from_environment()


def put(*request_ids: str, state: str, updated_at: str = "2026-11-20T12:00:00.000Z") -> None:
    table = boto3.resource("dynamodb", region_name="us-east-1").Table("ledger")
    for request_id in request_ids:
        row = a_record(state, request_id=request_id, updatedAt=updated_at)
        row |= {"pk": f"request#{request_id}", "fingerprint": "f1", "intent": {"at": "x"}}
        table.put_item(Item=row)


def test_stack_is_found_by_its_outputs_in_the_default_region(aws: None) -> None:
    stack = deploy()

    assert stack.region == "us-east-1"
    assert stack.account_id == "123456789012"
    assert stack.event_bus_name == "account-vending"
    assert not stack.is_on_this_machine


def test_stack_that_is_not_deployed_is_reported_with_three_ways_out(aws: None) -> None:
    with pytest.raises(CommandError) as failed:
        Stack.from_environment()

    assert "AccountVending is not deployed in us-east-1" in failed.value.what
    assert all(way in failed.value.remedy for way in ("make deploy", "AWS_PROFILE", "--local"))


def test_stack_is_said_to_belong_where_boto3_can_be_configured_to_look(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    with pytest.raises(CommandError, match="not deployed in eu-west-1") as failed:
        Stack.from_environment()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    assert "AWS_DEFAULT_REGION=us-east-1" in failed.value.remedy
    assert deploy().region == "us-east-1"


@pytest.mark.parametrize(
    "endpoint",
    ["nonsense", "127.0.0.1:5111", "http://", "http://[", "http://a:99999", "http://a:b"],
)
def test_endpoint_that_is_none_is_bad_input(
    aws: None, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    with pytest.raises(CommandError) as failed, explained():
        Stack.from_environment()

    assert failed.value.exit_code == 2
    assert "AWS_ENDPOINT_URL" in failed.value.remedy


def test_mistake_of_our_own_is_not_taken_for_the_users() -> None:
    with pytest.raises(ValueError, match="ours"), explained():
        raise ValueError("ours")


def test_stack_of_the_same_name_without_our_outputs_is_reported(aws: None) -> None:
    outputs = {"EventBusName": {"Value": "account-vending"}}

    with pytest.raises(CommandError, match="lacks the outputs StateMachineArn, LedgerTableName"):
        deploy(Outputs=outputs)


def test_events_are_sent_in_tens(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = deploy()
    sizes: list[int] = []

    def put_events(Entries: list[object]) -> dict[str, int]:  # noqa: N803
        sizes.append(len(Entries))
        return {"FailedEntryCount": 0}

    monkeypatch.setattr(stack._bus.client, "put_events", put_events)

    assert stack.publish([{"requestId": str(n)} for n in range(23)]) == [""] * 23
    assert sizes == [10, 10, 3]


def test_events_are_sent_in_batches_that_aws_takes(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploy()
    sizes: list[int] = []

    def put_events(Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        sizes.append(sum(len(value.encode()) for entry in Entries for value in entry.values()))
        return {"FailedEntryCount": 0}

    monkeypatch.setattr(stack._bus.client, "put_events", put_events)

    stack.publish([{"requestedBy": "ä" * 50_000} for _ in range(6)])

    assert len(sizes) == 3
    assert max(sizes) <= 256 * 1024


def test_event_is_ours_and_carries_the_request(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = deploy()
    sent: list[dict[str, Any]] = []
    answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    def put_events(**given: Any) -> dict[str, Any]:
        sent.extend(given["Entries"])
        return answer

    monkeypatch.setattr(stack._bus.client, "put_events", put_events)

    assert stack.publish([{"requestId": "r-1", "account": {"name": "Ä"}}]) == [""]
    (entry,) = sent
    assert (entry["Source"], entry["DetailType"]) == ("account-vending.cli", "AccountRequested")
    assert json.loads(entry["Detail"]) == {"requestId": "r-1", "account": {"name": "Ä"}}


def test_entry_that_failed_is_distinguished_from_those_that_did_not(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploy()
    answer = {
        "FailedEntryCount": 1,
        "Entries": [{"EventId": "1"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "again"}],
    }
    monkeypatch.setattr(stack._bus.client, "put_events", lambda **_: answer)

    assert stack.publish([{}, {}]) == ["", "InternalFailure: again"]


def test_row_is_the_public_record_and_its_fingerprint(aws: None) -> None:
    stack = deploy()
    put("r-1", state="VENDED")

    row = stack.ledger.row("r-1")

    assert row is not None
    assert row.fingerprint == "f1"
    assert row.record["accountId"] == "123456789012"
    assert row.record["govCloudAccountId"] is None
    assert row.record["request"]["tags"] == {"team": "a"}
    assert {"pk", "fingerprint", "intent"}.isdisjoint(row.record)
    json.dumps(row.record)


def test_rows_are_read_for_more_requests_than_one_call_takes(aws: None) -> None:
    stack = deploy()
    put(*(f"r-{n}" for n in range(130)), state="VENDED")

    rows = stack.ledger.rows([f"r-{n}" for n in range(140)])

    assert set(rows) == {f"r-{n}" for n in range(130)}
    assert stack.ledger.row("r-139") is None


def test_records_come_newest_change_first_from_all_states(aws: None) -> None:
    stack = deploy()
    put("r-old", state="VENDED", updated_at="2026-11-18T00:00:00.000Z")
    put("r-new", state="FAILED", updated_at="2026-11-20T00:00:00.000Z")
    put("r-middle", state="VENDED", updated_at="2026-11-19T00:00:00.000Z")

    assert [one["requestId"] for one in stack.ledger.records()] == ["r-new", "r-middle", "r-old"]
    assert [one["requestId"] for one in stack.ledger.records("VENDED")] == ["r-middle", "r-old"]


def test_history_stops_paging_where_it_was_left(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = deploy()
    events = [{"id": n} for n in range(1, 251)]
    asked: list[str | None] = []

    def page(**words: Any) -> dict[str, Any]:
        asked.append(words.get("nextToken"))
        start = int(words.get("nextToken", 0))
        found = events[::-1][start : start + words["maxResults"]]
        token = {"nextToken": str(start + 100)} if start + 100 < len(events) else {}
        return {"events": found, **token}

    monkeypatch.setattr(stack._states, "get_execution_history", page)

    assert [event["id"] for event in stack.history("arn", after=170)] == list(range(171, 251))
    assert asked == [None]
    assert [event["id"] for event in stack.history("arn", after=0)] == list(range(1, 251))


def test_execution_that_aws_knows_no_more_has_no_status(aws: None) -> None:
    stack = deploy()
    arn = "arn:aws:states:us-east-1:123456789012:execution:account-vending:gone"

    assert stack.execution_status(arn) is None


@pytest.mark.parametrize(
    ("endpoint", "here"),
    [
        ("http://127.0.0.1:5111", True),
        ("http://localhost:4566", True),
        ("http://[::1]:5111", True),
        ("https://states.us-east-1.amazonaws.com", False),
        ("http://10.0.0.7:5111", False),
    ],
)
def test_only_loopback_is_this_machine(aws: None, endpoint: str, here: bool) -> None:
    stack = deploy()
    stack.endpoint_url = endpoint

    assert stack.is_on_this_machine is here


def test_isolated_session_reads_nothing_of_the_users_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile other]\nregion = eu-west-1\nendpoint_url = http://elsewhere.example\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "theirs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.example")

    session = isolated()
    client = session.client("sts")
    credentials = session.get_credentials()

    assert client.meta.region_name == "us-east-1"
    assert "elsewhere" not in client.meta.endpoint_url
    assert credentials is not None
    assert (credentials.access_key, credentials.token) == ("local", None)


def client_error(code: str) -> exceptions.ClientError:
    error = {"Error": {"Code": code, "Message": "the words of AWS"}}
    return exceptions.ClientError(error, "PutEvents")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "expected", "remedy"),
    [
        pytest.param(
            exceptions.NoCredentialsError(),
            "no AWS credentials",
            "AWS_PROFILE",
            id="no credentials",
        ),
        pytest.param(
            exceptions.UnauthorizedSSOTokenError(), "SSO session", "Sign in", id="not signed in"
        ),
        pytest.param(
            exceptions.ProxyConnectionError(proxy_url="http://127.0.0.1:9"),
            "proxy",
            "NO_PROXY",
            id="no proxy there",
        ),
        pytest.param(
            exceptions.ReadTimeoutError(endpoint_url="http://127.0.0.1:9"),
            "http://127.0.0.1:9",
            "HTTPS_PROXY",
            id="too slow",
        ),
        pytest.param(
            exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:5111"),
            "http://127.0.0.1:5111",
            "vend local",
            id="nobody there",
        ),
        pytest.param(client_error("ExpiredToken"), "the words of AWS", "Sign in", id="expired"),
        pytest.param(client_error("AccessDenied"), "denies PutEvents", "role", id="denied"),
        pytest.param(client_error("Odd"), "refused PutEvents: Odd", "", id="anything else"),
    ],
)
def test_what_aws_raises_becomes_one_message_with_a_remedy(
    error: Exception, expected: str, remedy: str
) -> None:
    with pytest.raises(CommandError) as failed, explained():
        raise error

    assert expected in failed.value.what
    assert remedy in failed.value.remedy
    assert failed.value.exit_code == 1


def test_missing_credentials_are_reported_by_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    with pytest.raises(CommandError, match="no AWS credentials"), explained():
        Stack.from_environment()


def test_policy_is_asked_for_once_though_it_has_nothing_for_the_sender(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploy()
    asked: list[str] = []

    def summary(**request: str) -> dict[str, str]:
        asked.append(request["StackName"])
        return {"Metadata": json.dumps({"RequestPolicy": {"requesters": {}}})}

    monkeypatch.setattr(stack, "_formation", SimpleNamespace(get_template_summary=summary))

    for _ in range(3):
        with pytest.raises(RequestNotAllowed):
            stack.owned_id("mine")

    assert asked == ["AccountVending"]
