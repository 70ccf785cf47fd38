"""What becomes of requests and accounts is mailed and shown in a chat, by settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.settings import Settings
from tests.builders import a_request
from tests.infra.synthesized import synthesize
from tests.topics import Reader
from tests.workflow.deployments import deployed
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cloud import EmbeddedAws
    from tests.workflow.command import Command

EMAILS = ("platform@example.com",)


@pytest.fixture(scope="module")
def assembly_with_topics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assembly-with-topics")
    synthesize(Settings(notification_emails=EMAILS, chat_notifications=True), folder)
    return folder


@pytest.fixture
def notified(cloud: EmbeddedAws, vending: Vending, assembly_with_topics: Path) -> Iterator[Vending]:
    with deployed(cloud, assembly_with_topics):
        yield vending


def reader(vending: Vending, output: str) -> Reader:
    """Reads the topic of an output."""
    aws = vending.aws
    return Reader(sns=aws.client("sns"), sqs=aws.client("sqs"), topic_arn=aws.outputs[output])


def test_vend_and_failure_are_mailed_and_shown_in_the_chat(notified: Vending) -> None:
    mailed, chat = reader(notified, "NotificationTopicArn"), reader(notified, "ChatTopicArn")
    request = a_request()
    vended = notified.run(request)
    rejected = notified.run(a_request(organizationalUnit="no path"))

    eventually(lambda: len(mailed.read()) == 3)

    assert vended.status == "SUCCEEDED"
    assert rejected.status == "FAILED"
    text = "\n".join(mailed.messages)
    assert f"({vended.output['accountId']}) is ready." in text
    assert "was rejected; nothing was done." in text
    assert "What to do:" in text
    assert request["account"]["email"] not in text
    eventually(lambda: len(chat.read()) == 3)
    shown = [json.loads(one) for one in chat.messages]
    assert sorted(one["metadata"]["eventType"] for one in shown) == [
        "AccountVended",
        "AccountVendingFailed",
        "AccountVendingStateChanged",
    ]
    subscriptions = notified.aws.client("sns").list_subscriptions()["Subscriptions"]
    assert [one["Endpoint"] for one in subscriptions if one["Protocol"] == "email"] == [*EMAILS]


@pytest.mark.slow
def test_notification_that_failed_is_published_by_redrive(notified: Vending, vend: Command) -> None:
    mailed = reader(notified, "NotificationTopicArn")
    refused = {"service": "sns", "operation": "Publish", "calls": "all"}
    notified.aws.faults.replace([refused | {"error": "AuthorizationErrorException"}])

    assert notified.run(a_request()).status == "SUCCEEDED"
    eventually(lambda: notified.dead_letters() == 2)
    notified.aws.faults.replace([])
    redriven = vend("redrive")

    assert redriven.status == 0, redriven
    eventually(lambda: len(mailed.read()) == 2)
