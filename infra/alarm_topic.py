"""Where alarms go: the topic of the stack, or one that is there already."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.settings import Settings


class AlarmTopic(Construct):
    """The SNS topic that alarms notify, with the subscribers of the settings.

    `master_key` encrypts it; its key policy has to let cloudwatch.amazonaws.com use it
    (kms:Decrypt, kms:GenerateDataKey*), as CloudWatch cannot publish under SNS's own key
    (CloudWatch user guide, "Notify users on alarm changes"). Without one it is not encrypted: what
    it carries are names of alarms and numbers, no request's content.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        master_key: kms.IKey | None = None,
    ) -> None:
        super().__init__(scope, id_)
        if settings.alarm_topic_arn is not None:
            self.topic: sns.ITopic = sns.Topic.from_topic_arn(
                self, "Topic", settings.alarm_topic_arn
            )
            return
        topic = sns.Topic(
            self,
            "Topic",
            display_name="Account vending",
            enforce_ssl=True,
            master_key=master_key,
        )
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="PublishAlarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        for address in settings.alarm_emails:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        self.topic = topic
