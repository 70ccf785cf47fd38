"""PublishNotification: notifies people, by mail and in chats, of what this system announces.

EventBridge delivers an announcement at least once, so that a notification may come twice; a chat
shows it in the same thread.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vending.aws import clients
from vending.aws.observability import log_request_id
from vending.errors.aws_errors import translate_aws_errors
from vending.handler import settings
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.notifications.messages import REQUESTER, Message, message_of

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

CALLS = {"sns:Publish"}


class PublishNotification(Model):
    """An announcement as EventBridge delivers it, as far as it matters here."""

    detail_type: str = Field(alias="detail-type")
    detail: dict[str, Any]


def run(
    payload: PublishNotification, *, sns: SNSClient, topic_arn: str, chat_topic_arn: str
) -> Json:
    """{published: the topics' kinds}: `mail` and `chat`, as far as they are set.

    Implements Publish of the Amazon SNS API reference.
    """
    message = message_of(payload.detail_type, payload.detail)
    published: list[str] = []
    if message is None:
        return {"published": published}
    with translate_aws_errors():
        if topic_arn:
            sns.publish(
                TopicArn=topic_arn,
                Subject=message.subject,
                Message=message.text,
                MessageAttributes=_attributes(message),
            )
            published.append("mail")
        if chat_topic_arn:
            shown = json.dumps(message.as_chat(event_type=payload.detail_type), ensure_ascii=False)
            sns.publish(TopicArn=chat_topic_arn, Message=shown)
            published.append("chat")
    return {"published": published}


def _attributes(message: Message) -> dict[str, MessageAttributeValueTypeDef]:
    """What subscriptions filter by."""
    if not message.requester:
        return {}
    return {REQUESTER: {"DataType": "String", "StringValue": message.requester}}


@operation(PublishNotification)
def handler(payload: PublishNotification) -> Json:
    """The Lambda entrance."""
    log_request_id(payload.detail.get("requestId"))
    topics = settings.read(settings.NotificationSettings)
    return run(
        payload,
        sns=clients.sns(),
        topic_arn=topics.topic_arn,
        chat_topic_arn=topics.chat_topic_arn,
    )
