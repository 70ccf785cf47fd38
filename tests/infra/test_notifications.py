"""Notifications are off by default; set, one function may publish to their topics and no others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.notifications import has_mail
from infra.settings import Settings
from tests.grids import few
from tests.infra.synthesized import SynthesizedTemplate, synthesize

EXAMPLES = Path(__file__).parents[2] / "examples" / "chat"
CHANNELS = sorted(EXAMPLES.glob("*.yaml"))
KEY = "arn:aws:kms:us-east-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666"
FUNCTION = "PublishNotification"


@pytest.fixture(scope="module")
def notifying(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    folder = tmp_path_factory.mktemp("notifying")
    settings = Settings(
        notification_emails=("a@example.com", "b@example.com"),
        requester_notification_emails={
            "portal": ("team@example.com", "both@example.com", "a@example.com"),
            "data": ("both@example.com",),
        },
        chat_notifications=True,
        kms_key_arn=KEY,
        alarms=False,
    )
    return synthesize(settings, folder)


def test_by_default_nobody_is_notified(template: SynthesizedTemplate) -> None:
    assert FUNCTION not in template.functions()


def test_function_publishes_to_the_two_topics_only(notifying: SynthesizedTemplate) -> None:
    topics = {f"${{{topic}}}" for topic in notifying.of_type("AWS::SNS::Topic")}
    _, function = notifying.entrance(FUNCTION)

    statements = notifying.statements(function["Role"]["Fn::GetAtt"][0])

    (publishing,) = [one for one in statements if "sns:Publish" in one.actions]
    assert (set(publishing.actions), set(publishing.resources)) == ({"sns:Publish"}, topics)
    assert len(topics) == 2
    keys = [one for one in statements if any(each.startswith("kms:") for each in one.actions)]
    contexts = [
        (one.condition or {})["StringEquals"]["kms:EncryptionContext:aws:sns:topicArn"]
        for one in keys
        if "kms:EncryptionContext:aws:sns:topicArn" in (one.condition or {})["StringEquals"]
    ]
    assert len(contexts) == 2


def test_topics_are_encrypted(notifying: SynthesizedTemplate) -> None:
    for topic in notifying.of_type("AWS::SNS::Topic").values():
        assert topic["Properties"]["KmsMasterKeyId"] == KEY


def test_requesters_addresses_get_what_is_about_their_requests_alone(
    notifying: SynthesizedTemplate,
) -> None:
    subscriptions = [
        one["Properties"] for one in notifying.of_type("AWS::SNS::Subscription").values()
    ]

    assert {one["Endpoint"]: one.get("FilterPolicy") for one in subscriptions} == {
        "a@example.com": None,
        "b@example.com": None,
        "team@example.com": {"requester": ["portal"]},
        "both@example.com": {"requester": ["portal", "data"]},
    }
    assert len(subscriptions) == 4


def test_mail_needs_an_address_of_whomever() -> None:
    of_requester = Settings(requester_notification_emails={"portal": ("team@example.com",)})

    assert [has_mail(one) for one in (Settings(), of_requester)] == [False, True]


def test_address_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"requester_notification_emails\.portal: 'a b' is not"):
        Settings(requester_notification_emails={"portal": ("a b",)})
    with pytest.raises(ValueError, match="notification_emails: 'nobody' is not an email address"):
        Settings(notification_emails=("nobody",))


@pytest.mark.parametrize(
    "example",
    few(
        CHANNELS,
        quick=[EXAMPLES / "slack.yaml"],
        ids=[path.stem for path in CHANNELS],
    ),
)
def test_example_of_a_channel_is_a_template_that_cloudformation_takes(example: Path) -> None:
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(example)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")
