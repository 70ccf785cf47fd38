"""EnableAWSServiceAccess: ensures that AWS services are trusted by the organization."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vending.aws import clients
from vending.handler import settings
from vending.handler.operation import Json, Payload, operation
from vending.request import trusted_services
from vending.request.fields import ServicePrincipal

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {
    "organizations:EnableAWSServiceAccess",
    "organizations:ListAWSServiceAccessForOrganization",
}


class EnableAWSServiceAccess(Payload):
    """The services to enable; `forced` ones even where AWS wants the service itself to do it.

    An account request forces nothing: only an organization's document and the stack's settings do.
    """

    service_principals: list[ServicePrincipal]
    forced: list[ServicePrincipal] = Field([])


def run(
    payload: EnableAWSServiceAccess,
    *,
    organizations: OrganizationsClient,
    always_forced: Collection[str] = (),
) -> Json:
    """{enabled, alreadyEnabled, warnings}, each in the order asked for.

    OperationRefused (ServiceEnablesItself), before anything is enabled, when AWS wants one that is
    not enabled yet to be enabled by its own service only, and nobody forces it.

    Implements EnableAWSServiceAccess of the AWS Organizations API reference.
    """
    wanted = payload.service_principals
    if not wanted:
        return {"enabled": [], "alreadyEnabled": [], "warnings": []}
    present = trusted_services.enabled(organizations)
    missing = [principal for principal in wanted if principal not in present]
    refused = trusted_services.unforced(missing, forced={*payload.forced, *always_forced})
    if refused:
        raise trusted_services.enables_itself(refused)
    for principal in missing:
        organizations.enable_aws_service_access(ServicePrincipal=principal)
    return {
        "enabled": missing,
        "alreadyEnabled": [principal for principal in wanted if principal in present],
        "warnings": trusted_services.warnings(missing),
    }


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["enabled"]) or "already enabled"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for name in result["enabled"]:
        into.say(f"service access for {name}", changed=True)
    for name in result["alreadyEnabled"]:
        into.say(f"service access for {name}", changed=False)
    into.warnings += result["warnings"]


def summary(record: Json) -> tuple[str, Any]:
    """The line of a request's result: a label, and nothing where the request asked for nothing."""
    return "service access", ", ".join(record["request"].get("serviceAccess") or [])


@operation(EnableAWSServiceAccess)
def handler(payload: EnableAWSServiceAccess) -> Json:
    """The Lambda entrance."""
    forced = settings.read(settings.ServiceAccessSettings).forced_service_principals.split()
    return run(payload, organizations=clients.organizations(), always_forced=forced)
