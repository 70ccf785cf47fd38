"""An organization with something to lose, and the roles that a thief may have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from embedded import ACCOUNT_ID, REGION, organizations
from embedded.organizations.member_role import create_member_role
from tests.workflow.invitations import INVITED, ROLE
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cloud import EmbeddedAws
    from embedded.core.credentials import RoleCredentials

DENIED = {"AccessDenied", "AccessDeniedException"}
SCP = "SERVICE_CONTROL_POLICY"
DENY_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
)
_FUNCTION = re.compile(r"(\w+)Function[0-9A-F]{8}")
_ROLE = re.compile(r"(\w+)Role[0-9A-F]{8}")
_SCOPES = re.compile(
    "^(Approvals|AuditTrail|CreationAnswers|CustomAccounts|DiscoveredAccounts|ExecutionEnds"
    "|InvitationAnswers|Reconciliation)(?=[A-Z])"
)


class Target:
    """The deployed stack's roles, and what they are set on."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        pages = aws.client("cloudformation").get_paginator("list_stack_resources")
        resources = [
            one
            for page in pages.paginate(StackName="AccountVending")
            for one in page["StackResourceSummaries"]
        ]
        self.functions = self._named(resources, "AWS::Lambda::Function", _FUNCTION)
        """Physical names by the names that grants know functions by."""
        self.roles = self._named(resources, "AWS::IAM::Role", _ROLE)
        """Names of roles by the same names; and those of the machines and the rule."""
        self._sessions: dict[str, RoleCredentials] = {}
        self._prepare()

    @staticmethod
    def _named(resources: list[Any], type_: str, form: re.Pattern[str]) -> dict[str, str]:
        found = {}
        for one in resources:
            match = form.fullmatch(one["LogicalResourceId"])
            if one["ResourceType"] == type_ and match:
                found[_SCOPES.sub("", match[1])] = one["PhysicalResourceId"]
        return found

    def _prepare(self) -> None:
        client = self.aws.client("organizations")
        self.root = client.list_roots()["Roots"][0]["Id"]
        self.unit = client.create_organizational_unit(ParentId=self.root, Name="Production")[
            "OrganizationalUnit"
        ]["Id"]
        self.member = organizations.create_standalone_account("prod@example.com", "Production")
        handshake = client.invite_account_to_organization(
            Target={"Type": "ACCOUNT", "Id": self.member}
        )["Handshake"]["Id"]
        self.owner(self.member, "organizations").accept_handshake(HandshakeId=handshake)
        client.move_account(
            AccountId=self.member, SourceParentId=self.root, DestinationParentId=self.unit
        )
        client.tag_resource(ResourceId=self.member, Tags=[{"Key": "owner", "Value": "bank"}])
        self.policy = client.create_policy(
            Name="DenyAll", Type=SCP, Description="", Content=DENY_ALL
        )["Policy"]["PolicySummary"]["Id"]
        # Every way in that a member could have: the one AWS makes, and one of the settings' name.
        create_member_role(self.member, ROLE, trusting=ACCOUNT_ID)
        self.invitation = client.invite_account_to_organization(
            Target={"Type": "ACCOUNT", "Id": INVITED}
        )["Handshake"]["Id"]
        self.aws.client("dynamodb").put_item(
            TableName=self.table,
            Item={"pk": {"S": "request#theirs"}, "state": {"S": "VENDED"}},
        )
        eventually(self._has_heard_of_the_member)
        self.before = self.snapshot()

    def _has_heard_of_the_member(self) -> bool:
        """Whether the last that goes on by itself has: events of the new member come late."""
        row = self.aws.client("dynamodb").get_item(
            TableName=self.table, Key={"pk": {"S": f"request#a-{self.member}"}}
        )
        return "Item" in row

    @property
    def table(self) -> str:
        """The ledger."""
        return self.aws.outputs["LedgerTableName"]

    @property
    def audit_bucket(self) -> str:
        """The bucket of the audit trail."""
        return self.aws.outputs["AuditBucketName"]

    @property
    def bus(self) -> str:
        """The bus's ARN, which works from every account."""
        return f"arn:aws:events:{REGION}:{ACCOUNT_ID}:event-bus/{self.aws.outputs['EventBusName']}"

    def owner(self, account_id: str, service: str) -> Any:
        """A client of an administrator of another account."""
        return self._client(service, organizations.owner_credentials(account_id))

    def holder(self, name: str, policy: Any) -> Callable[[str], Any]:
        """Clients, by service, of a new role of the management account with just this policy."""
        iam = self.aws.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        arn = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="Granted", PolicyDocument=json.dumps(policy))
        keys = self.aws.context.credentials.issue(arn, "holder")
        return lambda service: self._client(service, keys)

    def stolen(self, name: str, service: str) -> Any:
        """A client with the credentials of the role of this name."""
        if name not in self._sessions:
            arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{self.roles[name]}"
            self._sessions[name] = self.aws.context.credentials.issue(arn, "thief")
        return self._client(service, self._sessions[name])

    def _client(self, service: str, keys: RoleCredentials) -> Any:
        return self.aws.client(
            service,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
        )

    def succeeding(self, client: Any, calls: dict[str, list[dict[str, Any]]]) -> list[str]:
        """Which of the calls, by operation, were not denied."""
        return [
            f"{operation} {request}: {outcome}"
            for operation, requests in calls.items()
            for request in requests
            if (outcome := _outcome(client, operation, request)) not in DENIED
        ]

    def snapshot(self) -> Any:
        """All that an attack could have changed."""
        client = self.aws.client("organizations")
        return {
            "accounts": sorted(
                (one["Id"], one["State"]) for one in client.list_accounts()["Accounts"]
            ),
            "parents": client.list_parents(ChildId=self.member)["Parents"],
            "tags": client.list_tags_for_resource(ResourceId=self.member)["Tags"],
            "units": client.list_organizational_units_for_parent(ParentId=self.root)[
                "OrganizationalUnits"
            ],
            "policies": {
                one: [
                    policy["Id"]
                    for policy in client.list_policies_for_target(TargetId=one, Filter=SCP)[
                        "Policies"
                    ]
                ]
                for one in (self.root, self.unit, self.member)
            },
            "contents": client.describe_policy(PolicyId=self.policy)["Policy"]["Content"],
            "services": client.list_aws_service_access_for_organization()[
                "EnabledServicePrincipals"
            ],
            "rows": self.aws.client("dynamodb").scan(TableName=self.table)["Items"],
            "executions": [
                self.aws.client("stepfunctions").list_executions(
                    stateMachineArn=self.aws.outputs[machine]
                )["executions"]
                for machine in (
                    "StateMachineArn",
                    "OrganizationSetupStateMachineArn",
                    "AccountRetirementStateMachineArn",
                )
            ],
        }


def _outcome(client: Any, operation: str, request: dict[str, Any]) -> str:
    """The code of the refusal, or what came of it."""
    try:
        answer = getattr(client, operation)(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return f"done ({sorted(answer)})"
