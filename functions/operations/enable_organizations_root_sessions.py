"""EnableOrganizationsRootSessions: ensures central root access, and what it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization import root_access
from vending.request.fields import RootFeature

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {
    "iam:EnableOrganizationsRootCredentialsManagement",
    "iam:EnableOrganizationsRootSessions",
    "iam:ListOrganizationsFeatures",
    "organizations:EnableAWSServiceAccess",
}


class EnableOrganizationsRootSessions(Payload):
    """The features to enable; RootSessions brings RootCredentialsManagement with it."""

    features: list[RootFeature]


def run(
    payload: EnableOrganizationsRootSessions,
    *,
    iam: IAMClient,
    organizations: OrganizationsClient,
) -> Json:
    """{enabled, enabledFeatures, organizationId}: what was off, and what IAM has on afterwards.

    Implements EnableOrganizationsRootSessions, EnableOrganizationsRootCredentialsManagement and
    ListOrganizationsFeatures of the IAM API reference.
    """
    return root_access.ensure(payload.features, iam=iam, organizations=organizations)


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["enabledFeatures"])


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    root_access.report(result, into)


def summary(record: Json) -> tuple[str, Any]:
    """The line of a request's result: a label, and nothing where the request asked for nothing."""
    return "root access", ", ".join(record["request"].get("rootAccess") or [])


@operation(EnableOrganizationsRootSessions)
def handler(payload: EnableOrganizationsRootSessions) -> Json:
    """The Lambda entrance."""
    return run(payload, iam=clients.iam(), organizations=clients.organizations())
