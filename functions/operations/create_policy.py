"""CreatePolicy: ensures that a policy of a name and type exists, with the text that is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vending.aws import clients
from vending.errors.catalogue import explain
from vending.errors.exceptions import ConcurrentModification, OperationRefused
from vending.handler.operation import Json, Payload, operation
from vending.organization import policies
from vending.organization.policy_difference import difference
from vending.request.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import PolicySummaryTypeDef

    from vending.organization.report import Report

CALLS = {
    "organizations:CreatePolicy",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:UpdatePolicy",
}

Outcome = Literal["CREATED", "UPDATED", "KEPT", "UNCHANGED"]


class CreatePolicy(Payload):
    """The policy to ensure; `update` lets its content and description replace other ones.

    An account request never sets `update`: a policy is the organization's, not one requester's.
    """

    policy: Policy
    update: bool = False


def run(payload: CreatePolicy, *, organizations: OrganizationsClient) -> Json:
    """{policyId, name, type, outcome, warnings}.

    OperationRefused if it should exist, and if it does with other content: a policy is not attached
    with content that nobody asked for. CREATED and UPDATED have changed something. KEPT: it has
    other content, and is to keep it. UNCHANGED: it is as wanted, or no content was given.

    Implements CreatePolicy and UpdatePolicy of the AWS Organizations API reference.
    """
    wanted = payload.policy
    found = _find(organizations, wanted)
    if found is None:
        policy_id, found = _create(organizations, wanted)
    outcome: Outcome = "CREATED"
    if found is not None:
        policy_id = found["Id"]
        outcome = _compared(organizations, found, wanted, update=payload.update)
    return {
        "policyId": policy_id,
        "name": wanted.name,
        "type": wanted.type,
        "outcome": outcome,
        "warnings": [_kept(wanted.name)] if outcome == "KEPT" else [],
    }


def _kept(name: str) -> str:
    return (
        f"The policy {name} has other content than was given, and keeps it because existing: keep "
        "says so."
    )


def _find(organizations: OrganizationsClient, wanted: Policy) -> PolicySummaryTypeDef | None:
    for policy in policies.of_type(organizations, wanted.type):
        if policy["Name"] == wanted.name:
            return policy
    return None


def _create(
    organizations: OrganizationsClient, wanted: Policy
) -> tuple[str, PolicySummaryTypeDef | None]:
    """The id of the policy, and the policy where another caller has created it meanwhile."""
    if wanted.content is None:
        raise policies.missing(wanted)
    try:
        created = organizations.create_policy(
            Name=wanted.name,
            # The client's type hints are older than botocore's list of policy types.
            Type=wanted.type,  # type: ignore[arg-type]
            Description=wanted.description,
            Content=wanted.content,
        )
    except organizations.exceptions.DuplicatePolicyException:
        there = _find(organizations, wanted)
        if there is None:
            raise ConcurrentModification(
                f"CreatePolicy: a policy '{wanted.name}' exists and is no {wanted.type}, or was "
                "created at the same time and is not visible yet.",
                code="DuplicatePolicyException",
                remedy=(
                    "No action needed: the workflow retries automatically. If it has given up, "
                    "look for a policy with this name and another type: names are unique."
                ),
            ) from None
        return there["Id"], there
    return created["Policy"]["PolicySummary"]["Id"], None


def _compared(
    organizations: OrganizationsClient,
    found: PolicySummaryTypeDef,
    wanted: Policy,
    *,
    update: bool,
) -> Outcome:
    if wanted.content is None:
        return "UNCHANGED"
    policy_id = found["Id"]
    content = policies.content_of(organizations, policy_id)
    changes: dict[str, str] = {}
    if difference(content, wanted.content):
        changes["Content"] = wanted.content
    if wanted.description and wanted.description != found.get("Description"):
        changes["Description"] = wanted.description
    if not changes:
        return "UNCHANGED"
    if not update:
        refused = policies.differs(wanted, content)
        if refused is not None:
            raise refused
        return "KEPT" if "Content" in changes else "UNCHANGED"
    if found.get("AwsManaged"):
        words = explain("InvalidInputException", "IMMUTABLE_POLICY")
        raise OperationRefused(
            f"UpdatePolicy: '{wanted.name}' is managed by AWS. {words.what}",
            code=words.code,
            reason=words.reason,
            remedy=words.remedy,
        )
    organizations.update_policy(PolicyId=policy_id, **changes)
    return "UPDATED"


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    phrases = {
        "CREATED": "created",
        "UPDATED": "content replaced",
        "KEPT": "exists with other content, which it keeps",
        "UNCHANGED": "already there",
    }
    return f"{result['name']}: {phrases[result['outcome']]}"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    name, outcome = f"policy {result['name']}", result["outcome"]
    into.names[result["policyId"]] = name
    if outcome == "UPDATED":
        into.say(f"content of {name}", changed=True)
    else:
        into.say(name, changed=outcome == "CREATED")
    into.warnings += result["warnings"]


def summary(_record: Json) -> None:
    """No line of its own: AttachPolicy's names the policies."""


@operation(CreatePolicy)
def handler(payload: CreatePolicy) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
