"""Accounts created elsewhere: rules on the default bus, and the function that decides on them."""

import json
from dataclasses import dataclass

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.event_function import EventFunction, by_cloudtrail
from infra.settings import Settings


@dataclass(frozen=True, kw_only=True)
class AccountEventRule:
    """Events by which a service reports accounts."""

    description: str
    source: str
    event_names: tuple[str, ...]


RULES = {
    "OrganizationsAccounts": AccountEventRule(
        description="An account was created in the organization or joined it",
        source="aws.organizations",
        event_names=("CreateAccountResult", "AccountJoinedOrganization"),
    ),
    "ControlTowerAccounts": AccountEventRule(
        description="Control Tower created an account or enrolled it again",
        source="aws.controltower",
        event_names=("CreateManagedAccount", "UpdateManagedAccount"),
    ),
}


class DiscoveredAccountRules(Construct):
    """Has DiscoverAccount look at every account that comes into the organization."""

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
        self.operation = EventFunction(
            self,
            "DiscoverAccount",
            code=code,
            settings=settings,
            dead_letter_queue=dead_letter_queue,
        )
        function = self.operation.function
        function.add_environment("DISCOVERED_ACCOUNTS", settings.discovered_accounts)
        if settings.discovered_accounts == "baseline":
            baseline = settings.discovered_account_baseline.as_request()
            function.add_environment("DISCOVERED_ACCOUNT_BASELINE", json.dumps(baseline))
        for name, rule in RULES.items():
            self.operation.run_on(
                by_cloudtrail(rule.source, rule.event_names),
                rule=name,
                description=rule.description,
            )
