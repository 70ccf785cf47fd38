"""What the embedded AWS keeps of its traffic has an end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from moto.logs.models import LogEvent, logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from embedded import ACCOUNT_ID, REGION
from embedded.cloud import EmbeddedAws
from embedded.core.context import Call, CallLog
from embedded.lambda_runtime import function_log
from embedded.lambda_runtime.variables import FunctionSettings
from embedded.moto_patches import memory, sqs_queue_attributes


def test_the_call_log_keeps_the_latest_calls_and_no_more() -> None:
    log = CallLog()
    most = CallLog.MOST + CallLog.MOST // 10

    for number in range(3 * CallLog.MOST):
        log.append(Call(service="sts", operation="GetCallerIdentity", caller="a", at=number))
        assert len(log) <= most

    assert len(log) >= CallLog.MOST
    assert [call.at for call in log[-2:]] == [3 * CallLog.MOST - 2, 3 * CallLog.MOST - 1]
    assert log[0].at == 3 * CallLog.MOST - len(log)


def test_how_many_calls_are_kept_is_a_setting() -> None:
    log = EmbeddedAws(calls_kept=20).context.calls

    for number in range(100):
        log.append(Call(service="sts", operation="GetCallerIdentity", caller="a", at=number))

    assert 20 <= len(log) <= 22
    assert log[-1].at == 99


def test_a_call_log_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="calls_kept"):
        EmbeddedAws(calls_kept=0)


@pytest.fixture
def function() -> Iterator[FunctionSettings]:
    """A function that nobody has run."""
    logs_backends[ACCOUNT_ID][REGION].reset()
    yield FunctionSettings(
        name="talk",
        arn=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:talk",
        version="$LATEST",
        account_id=ACCOUNT_ID,
        region=REGION,
        handler="talk.handler",
        role_arn=f"arn:aws:iam::{ACCOUNT_ID}:role/talk",
        runtime="python3.11",
        memory_mb=128,
        timeout_seconds=3,
        log_group="/aws/lambda/talk",
        log_format="Text",
        log_level=None,
        traced=False,
        variables={},
    )
    logs_backends[ACCOUNT_ID][REGION].reset()


def test_a_log_stream_keeps_the_latest_events_and_no_more(
    function: FunctionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function_log, "MOST_EVENTS", 20)
    log = function_log.FunctionLog(function, lambda: 0.0)

    for number in range(100):
        log.write([str(number)])
        assert len(function_log.messages(function)) <= 22

    kept = function_log.messages(function)
    assert len(kept) >= 20
    assert kept == [str(number) for number in range(100 - len(kept), 100)]


def test_a_log_group_keeps_the_latest_streams_and_no_more(
    function: FunctionSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function_log, "MOST_STREAMS", 3)

    for number in range(10):
        function_log.FunctionLog(function, lambda: 0.0).write([str(number)])

    assert function_log.messages(function) == ["7", "8", "9"]


def test_a_queue_knows_the_latest_deleted_messages_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqs_queue_attributes, "MOST_DELETED", 3)
    sqs_queue_attributes.install()
    backend = sqs_backends[ACCOUNT_ID][REGION]
    queue = backend.create_queue("many", {})

    for number in range(10):
        backend.send_message("many", str(number))
        (message,) = backend.receive_message("many", 1, 0, 30)
        handle = message.receipt_handle
        backend.delete_message("many", handle)

    assert len(queue.deleted_messages) == 3
    backend.delete_message("many", handle)
    backend.delete_queue("many")


def test_a_topic_keeps_no_message() -> None:
    memory.install()
    backend = sns_backends[ACCOUNT_ID][REGION]
    topic = backend.create_topic("many")

    backend.publish("a message", arn=topic.arn)

    assert topic.sent_notifications == []
    backend.delete_topic(topic.arn)


def test_what_moto_made_is_gone_when_nobody_has_it() -> None:
    memory.install()
    event = LogEvent(0, {"timestamp": 0, "message": "a line"})
    left = weakref.ref(event)

    del event
    gc.collect()

    assert left() is None
