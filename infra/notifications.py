"""Notifications to people: topics for mail and for chats, and the function that writes to them."""

from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.encryption import customer_key, use_of_topic
from infra.event_function import EventFunction
from infra.narrower_grants import ANNOUNCEMENTS_SOURCE
from infra.settings import Settings
from vending.notifications.messages import NOTIFIED, REQUESTER


def has_mail(settings: Settings) -> bool:
    """Whether anybody is notified by mail."""
    return bool(settings.notification_emails or settings.requester_notification_emails)


def _requesters_by_address(settings: Settings) -> dict[str, list[str]]:
    """Whose notifications an address gets: a topic has one subscription for it at most."""
    found: dict[str, list[str]] = {}
    for name, addresses in settings.requester_notification_emails.items():
        for address in addresses:
            if address not in settings.notification_emails:
                found.setdefault(address, []).append(name)
    return found


class Notifications(Construct):
    """Has PublishNotification write about every announcement that concerns people.

    A topic's key policy has nothing to allow beyond the roles of this account: SNS uses the key
    with the permissions of the function (Amazon SNS developer guide, "Managing Amazon SNS
    encryption keys and costs").
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        bus: events.IEventBus,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        key = customer_key(self, settings)
        self.operation = EventFunction(
            self,
            "PublishNotification",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        self.topics: dict[str, sns.ITopic] = {}
        if has_mail(settings):
            topic = self._topic("Topic", "NOTIFICATION_TOPIC_ARN", key)
            for address in settings.notification_emails:
                topic.add_subscription(subscriptions.EmailSubscription(address))
            for address, requesters in _requesters_by_address(settings).items():
                of_these = sns.SubscriptionFilter.string_filter(allowlist=requesters)
                topic.add_subscription(
                    subscriptions.EmailSubscription(address, filter_policy={REQUESTER: of_these})
                )
            self.topics["NotificationTopicArn"] = topic
        if settings.chat_notifications:
            self.topics["ChatTopicArn"] = self._topic("ChatTopic", "CHAT_TOPIC_ARN", key)
        self.operation.grant(
            "PublishNotifications",
            actions=["sns:Publish"],
            resources=[topic.topic_arn for topic in self.topics.values()],
        )
        by_type = {
            detail_type: {"state": list(states)} if states else None
            for detail_type, states in NOTIFIED.items()
        }
        always = [detail_type for detail_type, detail in by_type.items() if detail is None]
        self._run_on(bus, "Announced", always)
        for detail_type, detail in by_type.items():
            if detail is not None:
                self._run_on(bus, f"{detail_type}Announced", [detail_type], detail)

    def _topic(self, id_: str, variable: str, key: kms.IKey | None) -> sns.Topic:
        topic = sns.Topic(
            self, id_, display_name="Account vending", enforce_ssl=True, master_key=key
        )
        self.operation.function.add_environment(variable, topic.topic_arn)
        if key:
            self.operation.grant_key(use_of_topic(topic.topic_arn, sid=f"UseKeyOf{id_}"))
        return topic

    def _run_on(
        self,
        bus: events.IEventBus,
        rule: str,
        detail_types: list[str],
        detail: dict[str, list[str]] | None = None,
    ) -> None:
        self.operation.run_on(
            events.EventPattern(
                source=[ANNOUNCEMENTS_SOURCE], detail_type=detail_types, detail=detail
            ),
            rule=rule,
            description="Something was announced that concerns people: notify them",
            bus=bus,
        )
