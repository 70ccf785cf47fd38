"""DetachPolicy: ensures that the policy which suspended a retired account is off it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.request.account_request import AccountId, PolicyName, PolicyType

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {"organizations:DetachPolicy", "organizations:ListPoliciesForTarget"}


class DetachPolicy(Payload):
    """The account, and the policy by its name and type."""

    account_id: AccountId
    policy_name: PolicyName
    policy_type: PolicyType


def run(payload: DetachPolicy, *, organizations: OrganizationsClient) -> Json:
    """{detached: whether it was attached before}.

    Implements DetachPolicy of the AWS Organizations API reference.
    """
    pages = organizations.get_paginator("list_policies_for_target").paginate(
        TargetId=payload.account_id,
        # The client's type hints are older than botocore's list of policy types.
        Filter=payload.policy_type,  # type: ignore[arg-type]
    )
    attached = [
        policy["Id"]
        for page in pages
        for policy in page.get("Policies", [])
        if policy["Name"] == payload.policy_name
    ]
    for policy_id in attached:
        try:
            organizations.detach_policy(PolicyId=policy_id, TargetId=payload.account_id)
        except organizations.exceptions.PolicyNotAttachedException:
            return {"detached": False}  # somebody else was faster
    return {"detached": bool(attached)}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "detached" if result["detached"] else "was not attached"


@operation(DetachPolicy)
def handler(payload: DetachPolicy) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
