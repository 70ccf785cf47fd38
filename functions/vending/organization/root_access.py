"""Central root access: its two features and what they stand on, in the order AWS asks for.

Trusted access for IAM, then RootCredentialsManagement, then RootSessions. Accounts created once
RootCredentialsManagement is on have no root credentials at all.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from vending.errors.exceptions import ServiceUnavailable

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report
    from vending.request.fields import RootFeature

IAM_PRINCIPAL = "iam.amazonaws.com"
CREDENTIALS: RootFeature = "RootCredentialsManagement"
SESSIONS: RootFeature = "RootSessions"


def ensure(
    features: Collection[RootFeature], *, iam: IAMClient, organizations: OrganizationsClient
) -> dict[str, Any]:
    """{enabled, enabledFeatures, organizationId}: what was off, and all that is on afterwards.

    RootSessions brings RootCredentialsManagement with it.
    """
    wanted = set(features)
    if SESSIONS in wanted:
        wanted.add(CREDENTIALS)
    try:
        there = iam.list_organizations_features()
    except iam.exceptions.ServiceAccessNotEnabledException:
        organizations.enable_aws_service_access(ServicePrincipal=IAM_PRINCIPAL)
        present, organization_id = [], None
    else:
        present, organization_id = list(there["EnabledFeatures"]), there["OrganizationId"]
    missing = [one for one in (CREDENTIALS, SESSIONS) if one in wanted and one not in present]
    for feature in missing:
        present, organization_id = _enable(feature, iam, organizations)
    return {
        "enabled": missing,
        "enabledFeatures": sorted(present),
        "organizationId": organization_id,
    }


def report(result: dict[str, Any], into: Report) -> None:
    """What a plan and a report say of `ensure`'s result."""
    for feature in [*result["enabled"], *result["enabledFeatures"]]:
        into.say(f"root access {feature}", changed=feature in result["enabled"])


def _enable(
    feature: RootFeature, iam: IAMClient, organizations: OrganizationsClient
) -> tuple[list[RootFeature], str]:
    try:
        answer = (
            iam.enable_organizations_root_credentials_management()
            if feature == CREDENTIALS
            else iam.enable_organizations_root_sessions()
        )
    except iam.exceptions.ServiceAccessNotEnabledException as error:
        organizations.enable_aws_service_access(ServicePrincipal=IAM_PRINCIPAL)
        raise ServiceUnavailable(
            "Trusted access for IAM is not effective yet.",
            code="ServiceAccessNotEnabledException",
            remedy="No action needed: the workflow retries automatically.",
        ) from error
    return list(answer["EnabledFeatures"]), answer["OrganizationId"]
