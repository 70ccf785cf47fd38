"""The organization's policies by name and type, found by reading alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.organization.policy_difference import difference

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import PolicySummaryTypeDef

    from vending.request.policy import Policy


def of_type(organizations: OrganizationsClient, policy_type: str) -> Iterator[PolicySummaryTypeDef]:
    """Every policy of a type, AWS's own among them."""
    # The client's type hints are older than botocore's list of policy types.
    pages = organizations.get_paginator("list_policies").paginate(
        Filter=policy_type  # type: ignore[arg-type]
    )
    for page in pages:
        yield from page.get("Policies", [])


def attached_to(organizations: OrganizationsClient, target_id: str, policy_type: str) -> set[str]:
    """Names of the policies of a type that are attached to the target itself.

    None of a target that is not in the organization: the operation that acts on it gets that error.
    """
    # The client's type hints are older than botocore's list of policy types.
    pages = organizations.get_paginator("list_policies_for_target").paginate(
        TargetId=target_id,
        Filter=policy_type,  # type: ignore[arg-type]
    )
    try:
        return {policy["Name"] for page in pages for policy in page.get("Policies", [])}
    except organizations.exceptions.TargetNotFoundException:
        return set()


def too_many(policy_type: str, *, present: int, more: int, most: int) -> OperationRefused:
    """The refusal of more policies than an account takes, with those that it has."""
    words = explain("ConstraintViolationException", "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    return OperationRefused(
        f"ListPoliciesForTarget: the account has {present} of type {policy_type} and would get "
        f"{more} more, where AWS allows {most}.",
        code=words.code,
        reason=words.reason,
        remedy=words.remedy,
    )


def missing(wanted: Policy) -> OperationRefused:
    """The refusal of a policy that is named without content, and does not exist."""
    words = explain("PolicyMissing")
    return OperationRefused(
        f"ListPolicies: there is no {wanted.type} named '{wanted.name}'. {words.what}",
        code=words.code,
        remedy=words.remedy,
    )


def content_of(organizations: OrganizationsClient, policy_id: str) -> str:
    """The text of a policy that exists."""
    return organizations.describe_policy(PolicyId=policy_id)["Policy"]["Content"]


def differs(wanted: Policy, present: str) -> OperationRefused | None:
    """The refusal of a policy that exists with other content than is given; None where it may be.

    It may where no content is given, where it is the same but for JSON's spaces and order of keys,
    and where the present content was asked for by name.
    """
    if wanted.content is None or wanted.existing == "keep":
        return None
    found = difference(present, wanted.content)
    if not found:
        return None
    words = explain("PolicyContentDiffers")
    return OperationRefused(
        f"DescribePolicy: the {wanted.type} '{wanted.name}' exists with other content. "
        f"{words.what}\n{found}",
        code=words.code,
        remedy=words.remedy,
    )


def name_taken(wanted: Policy, policy_type: str) -> OperationRefused:
    """The refusal of a policy to be made whose name a policy of another type has."""
    words = explain("PolicyNameTaken")
    return OperationRefused(
        f"ListPolicies: '{wanted.name}' is a {policy_type}, no {wanted.type}. {words.what}",
        code=words.code,
        remedy=words.remedy,
    )


def type_not_allowed(policy_type: str) -> OperationRefused:
    """The refusal of a type of policies that the functions' roles may not use."""
    return OperationRefused(
        f"The stack's setting policy_types does not list {policy_type}, and its functions' roles "
        "may use policies of no other type.",
        code="AccessDeniedException",
        remedy="List it there and deploy the stack, or leave its policies out.",
    )
