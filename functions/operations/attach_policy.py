"""AttachPolicy: ensures that a policy is attached to a root, an organizational unit or account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.request.fields import PolicyType

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"organizations:AttachPolicy", "organizations:ListPoliciesForTarget"}

TargetId = Annotated[
    str,
    Field(pattern=r"^(r-[0-9a-z]{4,32}|\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$"),
]


class AttachPolicy(Payload):
    """The policy, its type, and what it is to be attached to."""

    policy_id: Annotated[str, Field(pattern=r"^p-[0-9a-zA-Z_]{8,128}$")]
    policy_type: PolicyType
    target_id: TargetId


def run(payload: AttachPolicy, *, organizations: OrganizationsClient) -> Json:
    """{policyId, targetId, attached: whether it was not before}.

    The policy's type must be on, which EnablePolicyType ensures.

    Implements AttachPolicy of the AWS Organizations API reference.
    """
    attached = not _is_attached(organizations, payload)
    if attached:
        try:
            organizations.attach_policy(PolicyId=payload.policy_id, TargetId=payload.target_id)
        except organizations.exceptions.DuplicatePolicyAttachmentException:
            # Others attached it between the two calls: VENDED must not say more than is seen.
            if not _is_attached(organizations, payload):
                raise
            attached = False
    return {"policyId": payload.policy_id, "targetId": payload.target_id, "attached": attached}


def _is_attached(organizations: OrganizationsClient, payload: AttachPolicy) -> bool:
    pages = organizations.get_paginator("list_policies_for_target")
    # The client's type hints are older than botocore's list of policy types.
    attached = pages.paginate(
        TargetId=payload.target_id,
        Filter=payload.policy_type,  # type: ignore[arg-type]
    )
    return any(
        policy["Id"] == payload.policy_id
        for page in attached
        for policy in page.get("Policies", [])
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return "attached" if result["attached"] else "already attached"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    policy, target = into.name_of(result["policyId"]), into.name_of(result["targetId"])
    into.say(f"{policy} on {target}", changed=result["attached"])


def summary(record: Json) -> tuple[str, Any]:
    """The line of a request's result: a label, and nothing where the request asked for nothing."""
    policies = record["request"].get("policies") or []
    return "policies", ", ".join(str(policy["name"]) for policy in policies)


@operation(AttachPolicy)
def handler(payload: AttachPolicy) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
