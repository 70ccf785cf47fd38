"""Stacks with accounts, as people deploy them on the embedded AWS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

NAME = "Accounts"


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """CloudFormation, with the service token of the deployed system."""

    vending: Vending

    @property
    def cloudformation(self) -> Any:
        return self.vending.aws.client("cloudformation")

    def template(self, properties: dict[str, Any], **more: Any) -> str:
        """One account, `Sandbox`; `more` are other resources."""
        token = self.vending.aws.outputs["CustomAccountServiceToken"]
        account = {"Type": "Custom::Account", "Properties": {"ServiceToken": token, **properties}}
        names = ("AccountId", "OrganizationalUnitId", "RequestId", "Revision")
        return json.dumps(
            {
                "Resources": {"Sandbox": account, **more},
                "Outputs": {
                    "Id": {"Value": {"Ref": "Sandbox"}},
                    **{n: {"Value": {"Fn::GetAtt": ["Sandbox", n]}} for n in names},
                },
            }
        )

    def create(self, properties: dict[str, Any], *, name: str = NAME, **more: Any) -> str:
        """Create the stack; its status in the end."""
        self.begin(properties, name=name, **more)
        return self.settled(name)

    def begin(
        self, properties: dict[str, Any], *, name: str = NAME, by: Any = None, **more: Any
    ) -> None:
        """Begin to create the stack; `by` is the client of whoever does."""
        (by or self.cloudformation).create_stack(
            StackName=name, TemplateBody=self.template(properties, **more)
        )

    def update(self, properties: dict[str, Any], *, name: str = NAME, **more: Any) -> str:
        self.cloudformation.update_stack(
            StackName=name, TemplateBody=self.template(properties, **more)
        )
        return self.settled(name)

    def delete(self, name: str = NAME) -> str:
        stack_id = self.stack(name)["StackId"]
        self.cloudformation.delete_stack(StackName=name)
        return self.settled(stack_id)

    def settled(self, name: str = NAME) -> str:
        """The stack's status once nothing happens to it any more."""

        def status() -> Any:
            found = str(self.stack(name)["StackStatus"])
            return None if found.endswith("_IN_PROGRESS") else found

        return str(eventually(status))

    def stack(self, name: str = NAME) -> dict[str, Any]:
        (stack,) = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
        return dict(stack)

    def outputs(self, name: str = NAME) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.stack(name)["Outputs"]}

    def reasons(self, name: str = NAME, resource: str = "Sandbox") -> list[str]:
        """Why the resource failed, the latest first."""
        events = self.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        return [
            each["ResourceStatusReason"]
            for each in events
            if each["LogicalResourceId"] == resource and each["ResourceStatus"].endswith("_FAILED")
        ]

    def clear(self) -> None:
        """Remove every stack but the system's own.

        Raises:
            AssertionError: one could not be deleted, and would be in the next test's way.
        """
        for stack in self.cloudformation.describe_stacks()["Stacks"]:
            if stack["StackName"] != "AccountVending":
                self.settled(stack["StackId"])
                assert self.delete(stack["StackId"]) == "DELETE_COMPLETE", self.reasons()


def a_session(aws: EmbeddedAws, name: str, statements: list[dict[str, Any]]) -> Any:
    """A client of CloudFormation with a session of a role, made anew, that may do this."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    iam = aws.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document([trust]))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="deploy", PolicyDocument=document(statements))
    given = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="ann")["Credentials"]
    return aws.client(
        "cloudformation",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
