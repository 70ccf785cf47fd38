"""EnableAWSServiceAccess: ensures that AWS services are trusted by the organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending import aws
from vending.operation import Json, Payload, operation
from vending.request import ServicePrincipal

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {
    "organizations:EnableAWSServiceAccess",
    "organizations:ListAWSServiceAccessForOrganization",
}


class EnableAWSServiceAccess(Payload):
    """The services to enable."""

    service_principals: list[ServicePrincipal]


def run(payload: EnableAWSServiceAccess, *, organizations: OrganizationsClient) -> Json:
    """{enabled, alreadyEnabled}, each in the order asked for.

    Implements EnableAWSServiceAccess of the AWS Organizations API reference.
    """
    wanted = payload.service_principals
    if not wanted:
        return {"enabled": [], "alreadyEnabled": []}
    pages = organizations.get_paginator("list_aws_service_access_for_organization")
    present = {
        service.get("ServicePrincipal")
        for page in pages.paginate()
        for service in page.get("EnabledServicePrincipals", [])
    }
    missing = [principal for principal in wanted if principal not in present]
    for principal in missing:
        organizations.enable_aws_service_access(ServicePrincipal=principal)
    return {
        "enabled": missing,
        "alreadyEnabled": [principal for principal in wanted if principal in present],
    }


@operation(EnableAWSServiceAccess)
def handler(payload: EnableAWSServiceAccess) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=aws.organizations())
