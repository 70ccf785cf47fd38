"""EnableOrganizationsRootCredentialsManagement: member accounts without root credentials.

Enabled on its own for an organization whose accounts are to have no root credentials, but where
nobody is to act with root's rights through sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization import root_access

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {
    "iam:EnableOrganizationsRootCredentialsManagement",
    "iam:ListOrganizationsFeatures",
    "organizations:EnableAWSServiceAccess",
}


class EnableOrganizationsRootCredentialsManagement(Payload):
    """Nothing but the request id: the feature is the whole organization's."""


def run(
    _payload: EnableOrganizationsRootCredentialsManagement,
    *,
    iam: IAMClient,
    organizations: OrganizationsClient,
) -> Json:
    """{enabled, enabledFeatures, organizationId}: what was off, and what IAM has on afterwards.

    Implements EnableOrganizationsRootCredentialsManagement of the IAM API reference.
    """
    return root_access.ensure([root_access.CREDENTIALS], iam=iam, organizations=organizations)


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["enabledFeatures"])


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    root_access.report(result, into)


@operation(EnableOrganizationsRootCredentialsManagement)
def handler(payload: EnableOrganizationsRootCredentialsManagement) -> Json:
    """The Lambda entrance."""
    return run(payload, iam=clients.iam(), organizations=clients.organizations())
