"""One organization policy, and what AWS checks of its text.

User guide, "Managing organization policies", by type.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMPolicyDocumentValidator
from moto.moto_api._internal import mock_random
from moto.organizations.utils import DEFAULT_RCP_POLICY_ID, DEFAULT_SCP_POLICY_ID
from moto.utilities.utils import get_partition

from embedded.organizations.errors import OrganizationsError, constraint_violation
from embedded.organizations.quotas import POLICY_LIMITS

if TYPE_CHECKING:
    from moto.organizations.models import FakeOrganization

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"

_TOP_LEVEL = {
    "AISERVICES_OPT_OUT_POLICY": "services",
    "BACKUP_POLICY": "plans",
    "CHATBOT_POLICY": "chatbots",
    "DECLARATIVE_POLICY_EC2": "ec2_attributes",
    "TAG_POLICY": "tags",
}
"""The key under which everything of a declarative policy stands, where the user guide gives it."""


@dataclass(kw_only=True, eq=False)
class Policy:
    """A policy of an organization. Which entities it is attached to, they know themselves."""

    organization: FakeOrganization = field(repr=False)
    name: str
    description: str
    type: str
    content: str
    tags: dict[str, str]
    aws_managed: bool = False
    id: str = field(default_factory=lambda: f"p-{mock_random.uuid4().hex[:10]}")

    @property
    def arn(self) -> str:
        """The ARN; that of a policy that AWS manages names no account."""
        start = f"arn:{get_partition(self.organization.region)}:organizations::"
        kind = self.type.lower()
        if self.aws_managed:
            return f"{start}aws:policy/{kind}/{self.id}"
        owner = self.organization
        return f"{start}{owner.master_account_id}:policy/{owner.id}/{kind}/{self.id}"

    def summary(self) -> dict[str, Any]:
        """The PolicySummary shape."""
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Name": self.name,
            "Description": self.description,
            "Type": self.type,
            "AwsManaged": self.aws_managed,
        }

    def describe(self) -> dict[str, Any]:
        """The Policy shape."""
        return {"PolicySummary": self.summary(), "Content": self.content}


def default_policies(organization: FakeOrganization) -> list[Policy]:
    """The policies that AWS manages: they allow everything."""
    allow: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return [
        _default(
            organization,
            id=DEFAULT_SCP_POLICY_ID,
            name="FullAWSAccess",
            description="Allows access to every operation",
            type=SCP,
            statement=allow,
        ),
        _default(
            organization,
            id=DEFAULT_RCP_POLICY_ID,
            name="RCPFullAWSAccess",
            description="Allows access to every resource",
            type=RCP,
            statement=allow | {"Principal": "*"},
        ),
    ]


def _default(organization: FakeOrganization, *, statement: Any, **what: Any) -> Policy:
    content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return Policy(organization=organization, content=content, tags={}, aws_managed=True, **what)


def check_content(policy_type: str, content: str) -> None:
    """Refuse a text that is too long, no JSON, or not of the form that its type has.

    Raises:
        OrganizationsError: ConstraintViolationException POLICY_CONTENT_LIMIT_EXCEEDED;
            MalformedPolicyDocumentException.
    """
    if len(content) > POLICY_LIMITS[policy_type].characters:
        raise constraint_violation("POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        document = json.loads(content)
    except ValueError:
        raise OrganizationsError("MalformedPolicyDocumentException") from None
    if not isinstance(document, dict) or not _is_of_type(policy_type, document):
        raise OrganizationsError("MalformedPolicyDocumentException")


def _is_of_type(policy_type: str, document: dict[str, Any]) -> bool:
    if policy_type in (SCP, RCP):
        statements = document.get("Statement")
        if isinstance(statements, dict):
            statements = [statements]
        return (
            isinstance(statements, list)
            and all(isinstance(one, dict) and _is_statement(policy_type, one) for one in statements)
            and _is_in_the_policy_language(document)
        )
    top = _TOP_LEVEL.get(policy_type)
    return top is None or set(document) == {top}


def _is_in_the_policy_language(document: dict[str, Any]) -> bool:
    """Whether IAM's grammar has it: version, elements, actions, resources, conditions."""
    try:
        IAMPolicyDocumentValidator(json.dumps(document)).validate()
    except MalformedPolicyDocument:
        return False
    return True


def _is_statement(policy_type: str, statement: dict[str, Any]) -> bool:
    has_action = ("Action" in statement) != ("NotAction" in statement)
    has_resource = ("Resource" in statement) != ("NotResource" in statement)
    if not has_action or not has_resource:
        return False
    if policy_type == RCP:
        # Only AWS's own resource control policy allows anything; all others only take away.
        return statement.get("Effect") == "Deny" and statement.get("Principal") == "*"
    principal = {"Principal", "NotPrincipal"} & set(statement)
    return statement.get("Effect") in ("Allow", "Deny") and not principal
