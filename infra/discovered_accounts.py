"""Accounts made elsewhere: rules on the default bus, and the function that decides on them."""

import json
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.operation_function import OperationFunction
from infra.settings import Settings

BY_CLOUDTRAIL = ("AWS Service Event via CloudTrail", "AWS API Call via CloudTrail")


@dataclass(frozen=True, kw_only=True)
class Told:
    """Events by which a service tells of accounts."""

    description: str
    source: str
    event_names: tuple[str, ...]


RULES = {
    "OrganizationsAccounts": Told(
        description="An account was made in the organization or joined it",
        source="aws.organizations",
        event_names=("CreateAccountResult", "AccountJoinedOrganization"),
    ),
    "ControlTowerAccounts": Told(
        description="Control Tower made an account or enrolled it anew",
        source="aws.controltower",
        event_names=("CreateManagedAccount", "UpdateManagedAccount"),
    ),
}


class DiscoveredAccounts(Construct):
    """Has DiscoverAccount look at every account that comes into the organization.

    The rules ask for nothing but service and event name: who acted is told in a different shape for
    roles, users, root users and AWS itself, and an outcome is read by the function, where it can be
    compared without case.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code: lambda_.Code,
        settings: Settings,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, id_)
        self.operation = OperationFunction(
            self,
            "DiscoverAccount",
            package="events",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        function = self.operation.function
        function.add_environment("DISCOVERED_ACCOUNTS", settings.discovered_accounts)
        if settings.discovered_accounts == "baseline":
            baseline = settings.discovered_account_baseline.as_request()
            function.add_environment("DISCOVERED_ACCOUNT_BASELINE", json.dumps(baseline))
        for name, told in RULES.items():
            events.Rule(
                self,
                name,
                description=told.description,
                event_pattern=events.EventPattern(
                    source=[told.source],
                    detail_type=list(BY_CLOUDTRAIL),
                    detail={
                        "eventName": [{"equals-ignore-case": each} for each in told.event_names]
                    },
                ),
                targets=[
                    # For the way to Lambda; what fails in the function, Lambda tries again.
                    targets.LambdaFunction(
                        function,
                        dead_letter_queue=dead_letter_queue,
                        max_event_age=Duration.hours(24),
                        retry_attempts=185,
                    )
                ],
            )
