"""Functions that a table's stream is mapped to: batches, filters, retries, halves, dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID, REGION
from embedded.lambda_runtime import StreamMappings
from embedded.lambda_runtime.environment import Outcome
from embedded.lambda_runtime.functions import EmbeddedFunction
from tests.unit.embedded.lambda_aws import LambdaAws, running

READ = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [f"dynamodb:{name}" for name in ("DescribeStream", "GetRecords")]
            + ["dynamodb:GetShardIterator", "dynamodb:ListStreams", "sqs:SendMessage"],
            "Resource": "*",
        }
    ],
}
WINDOW = 60


class Function:
    """What stands for the function: keeps what it was invoked with, and fails at some keys."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.fails_at: set[str] = set()
        self.events: list[dict[str, Any]] = []

    def invoke(self, _function: Any, payload: bytes, _headers: Any) -> Outcome:
        event = json.loads(payload)
        self.events.append(event)
        names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]
        self.batches.append(names)
        failed = bool(self.fails_at & set(names))
        return Outcome(payload=b"{}", failed=failed, tail=b"")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaAws]:
    folder = tmp_path_factory.mktemp("lambda")
    (folder / "no-client").mkdir()
    with running(folder, folder / "no-client") as lambda_aws:
        yield lambda_aws


@pytest.fixture
def function(aws: LambdaAws, monkeypatch: pytest.MonkeyPatch) -> Function:
    stands = Function()
    runtime = EmbeddedFunction.runtime
    stands.package = runtime.package  # type: ignore[attr-defined, union-attr]
    monkeypatch.setattr(EmbeddedFunction, "runtime", stands)
    return stands


def client(aws: LambdaAws, service: str) -> Any:
    return boto3.session.Session("test", "test", region_name=REGION).client(
        service,  # type: ignore[call-overload]
        endpoint_url=aws.context.endpoint_url,
    )


class Stream:
    """A table with a stream that is mapped to a function."""

    def __init__(self, aws: LambdaAws, *, may_read: bool = True, **settings: Any) -> None:
        self.dynamodb, self.sqs = client(aws, "dynamodb"), client(aws, "sqs")
        self.client = client(aws, "lambda")
        name = f"table-{aws.next_number()}"
        self.table = name
        described = self.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        self.queue = self.sqs.create_queue(QueueName=f"failed-{name}")["QueueUrl"]
        self.function = aws.create("echo")
        iam = client(aws, "iam")
        if may_read:
            iam.put_role_policy(
                RoleName="Sample", PolicyName="Read", PolicyDocument=json.dumps(READ)
            )
        else:
            iam.delete_role_policy(RoleName="Sample", PolicyName="Read")
        destination = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:failed-{name}"
        self.mapping = self.client.create_event_source_mapping(
            **{
                "FunctionName": self.function,
                "EventSourceArn": described["LatestStreamArn"],
                "StartingPosition": "TRIM_HORIZON",
                "MaximumBatchingWindowInSeconds": WINDOW,
                "DestinationConfig": {"OnFailure": {"Destination": destination}},
                **settings,
            }
        )
        self.reader = StreamMappings()
        self.now = aws.context.clock.now()

    def put(self, *names: str, **attributes: str) -> None:
        for name in names:
            item = {"pk": {"S": name}} | {key: {"S": value} for key, value in attributes.items()}
            self.dynamodb.put_item(TableName=self.table, Item=item)

    def after(self, seconds: float) -> None:
        """Time passes, and what is due then is delivered."""
        self.now += seconds
        self.reader.deliver_due(self.now)

    def dead_letters(self) -> list[dict[str, Any]]:
        messages = self.sqs.receive_message(QueueUrl=self.queue).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    def remove(self) -> None:
        self.client.delete_event_source_mapping(UUID=self.mapping["UUID"])


@pytest.fixture
def stream(aws: LambdaAws, function: Function) -> Iterator[Stream]:
    made = Stream(aws)
    yield made
    made.remove()


def test_changes_are_gathered_for_the_window_and_delivered_in_order(
    stream: Stream, function: Function
) -> None:
    stream.after(0)
    stream.put("a", "b")
    stream.after(1)
    assert function.batches == []

    stream.put("c")
    stream.after(WINDOW)

    assert function.batches == [["a", "b", "c"]]
    stream.after(WINDOW)
    assert len(function.batches) == 1


def test_record_shows_what_was_and_is(stream: Stream, function: Function) -> None:
    stream.put("a", state="old")
    stream.put("a", state="new")
    stream.put("a", state="new")  # changes nothing
    stream.dynamodb.delete_item(TableName=stream.table, Key={"pk": {"S": "a"}})

    stream.after(0)
    stream.after(WINDOW)

    (event,) = function.events
    assert [
        (
            record["eventName"],
            record["dynamodb"].get("OldImage", {}).get("state"),
            record["dynamodb"].get("NewImage", {}).get("state"),
        )
        for record in event["Records"]
    ] == [
        ("INSERT", None, {"S": "old"}),
        ("MODIFY", {"S": "old"}, {"S": "new"}),
        ("REMOVE", {"S": "new"}, None),
    ]
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]
    assert numbers == sorted(set(numbers))
    assert event["Records"][0]["eventSourceARN"] == stream.mapping["EventSourceArn"]


def test_numbers_go_on_after_what_was_read_is_forgotten(stream: Stream, function: Function) -> None:
    for name in ("a", "b"):
        stream.put(name)
        stream.after(0)
        stream.after(WINDOW)

    first, second = (
        int(event["Records"][0]["dynamodb"]["SequenceNumber"]) for event in function.events
    )
    assert second > first


def test_batch_that_fails_is_delivered_again_and_later_ones_wait(
    stream: Stream, function: Function
) -> None:
    function.fails_at = {"a"}
    stream.put("a")
    stream.after(0)
    stream.after(WINDOW)
    stream.put("b")
    stream.after(WINDOW)
    stream.after(WINDOW)
    assert ["b"] not in function.batches

    function.fails_at = set()
    stream.after(WINDOW)

    assert function.batches[-2:] == [["a"], ["b"]]
    assert stream.dead_letters() == []


def test_filter_lets_only_wanted_keys_through(aws: LambdaAws, function: Function) -> None:
    pattern = json.dumps({"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "request#"}]}}}})
    stream = Stream(aws, FilterCriteria={"Filters": [{"Pattern": pattern}]})

    stream.put("email#a", "request#a", "gate#creation")
    stream.after(0)
    stream.after(WINDOW)
    stream.remove()

    assert function.batches == [["request#a"]]


def test_record_that_always_fails_is_dead_lettered_alone(
    aws: LambdaAws, function: Function
) -> None:
    stream = Stream(aws, BisectBatchOnFunctionError=True, MaximumRetryAttempts=1)
    function.fails_at = {"c"}
    stream.put("a", "b", "c", "d")

    stream.after(0)
    for _ in range(6):
        stream.after(WINDOW)
    stream.remove()

    done = [names for names in function.batches if "c" not in names]
    assert done == [["a", "b"], ["d"]]
    (letter,) = stream.dead_letters()
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["DDBStreamBatchInfo"]["batchSize"] == 1


def test_record_that_is_too_old_is_dead_lettered(aws: LambdaAws, function: Function) -> None:
    stream = Stream(aws, MaximumRecordAgeInSeconds=3_600)
    function.fails_at = {"a"}
    stream.put("a")

    stream.after(0)
    stream.after(WINDOW)
    stream.after(3_600)
    stream.remove()

    (letter,) = stream.dead_letters()
    assert letter["requestContext"]["condition"] == "RecordAgeExceeded"


def test_what_is_skipped_is_never_delivered(stream: Stream, function: Function) -> None:
    stream.put("a")
    stream.after(0)

    stream.reader.skip()
    stream.put("b")
    stream.after(0)
    stream.after(WINDOW)

    assert function.batches == [["b"]]


@pytest.mark.usefixtures("function")
def test_mapping_whose_role_may_not_read_the_stream_is_refused(
    aws: LambdaAws, stream: Stream
) -> None:
    with pytest.raises(ClientError, match="Cannot access stream"):
        Stream(aws, may_read=False)


def test_mapping_of_a_deleted_function_is_in_no_others_way(
    aws: LambdaAws, function: Function
) -> None:
    gone, other = Stream(aws), Stream(aws)
    try:
        gone.client.delete_function(FunctionName=gone.function)
        gone.put("lost")
        other.put("kept")

        other.after(0)
        other.after(WINDOW)

        assert function.batches == [["kept"]]
    finally:
        gone.remove()
        other.remove()
