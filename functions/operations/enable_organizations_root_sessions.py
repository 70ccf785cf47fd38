"""EnableOrganizationsRootSessions: ensures central root access, and what it stands on.

The order is AWS's: trusted access for IAM, then RootCredentialsManagement, then RootSessions.
Accounts created once RootCredentialsManagement is on have no root credentials at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending import aws
from vending.errors import ServiceUnavailable
from vending.operation import Json, Payload, operation
from vending.request import RootFeature

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {
    "iam:EnableOrganizationsRootCredentialsManagement",
    "iam:EnableOrganizationsRootSessions",
    "iam:ListOrganizationsFeatures",
    "organizations:EnableAWSServiceAccess",
}

IAM_PRINCIPAL = "iam.amazonaws.com"

_ORDER: tuple[RootFeature, ...] = ("RootCredentialsManagement", "RootSessions")


class EnableOrganizationsRootSessions(Payload):
    """The features to enable; RootSessions brings RootCredentialsManagement with it."""

    features: list[RootFeature]


def run(
    payload: EnableOrganizationsRootSessions,
    *,
    iam: IAMClient,
    organizations: OrganizationsClient,
) -> Json:
    """{enabledFeatures, organizationId} as IAM has them afterwards.

    Implements EnableOrganizationsRootSessions, EnableOrganizationsRootCredentialsManagement and
    ListOrganizationsFeatures of the IAM API reference.
    """
    wanted = set(payload.features)
    if "RootSessions" in wanted:
        wanted.add("RootCredentialsManagement")
    try:
        there = iam.list_organizations_features()
    except iam.exceptions.ServiceAccessNotEnabledException:
        organizations.enable_aws_service_access(ServicePrincipal=IAM_PRINCIPAL)
        enabled, organization_id = [], None
    else:
        enabled, organization_id = list(there["EnabledFeatures"]), there["OrganizationId"]
    for feature in _ORDER:
        if feature in wanted and feature not in enabled:
            enabled, organization_id = _enable(feature, iam, organizations)
    return {"enabledFeatures": sorted(enabled), "organizationId": organization_id}


def _enable(
    feature: RootFeature, iam: IAMClient, organizations: OrganizationsClient
) -> tuple[list[RootFeature], str]:
    try:
        answer = (
            iam.enable_organizations_root_credentials_management()
            if feature == "RootCredentialsManagement"
            else iam.enable_organizations_root_sessions()
        )
    except iam.exceptions.ServiceAccessNotEnabledException as error:
        organizations.enable_aws_service_access(ServicePrincipal=IAM_PRINCIPAL)
        raise ServiceUnavailable(
            "IAM does not see yet that the organization trusts it.",
            code="ServiceAccessNotEnabledException",
            remedy="Nothing to do: the workflow tries again by itself.",
        ) from error
    return list(answer["EnabledFeatures"]), answer["OrganizationId"]


@operation(EnableOrganizationsRootSessions)
def handler(payload: EnableOrganizationsRootSessions) -> Json:
    """The Lambda entrance."""
    return run(payload, iam=aws.iam(), organizations=aws.organizations())
