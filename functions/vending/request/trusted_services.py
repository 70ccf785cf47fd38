"""How AWS wants each service enabled for an organization, read from one data file when needed.

AWS Organizations User Guide, "AWS services that you can use with AWS Organizations", page by page:
some services must enable themselves, because they set up more than the trust; most may be enabled
either way; AWS prefers the service's own way for many of these.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.frozen import frozen

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

Way = Literal["ORGANIZATIONS", "SERVICE_PREFERRED", "SERVICE_ONLY"]


OF_POLICY_TYPES = {
    "INSPECTOR_POLICY": "inspector2.amazonaws.com",
    "SECURITYHUB_CSPM_POLICY": "securityhub.amazonaws.com",
    "SECURITYHUB_POLICY": "securityhub.amazonaws.com",
}
"""The service that must have trusted access before a type of policies can be switched on.

AWS Organizations User Guide, "Getting started with" the policies of each of these types.
"""


OF_CONTACTS = "account.amazonaws.com"
"""The service that must have trusted access before the contacts of member accounts can be set.

AWS Account Management API Reference, PutAlternateContact.
"""


@frozen
class TrustedService:
    """A service principal: whose it is, which way AWS wants it enabled, and how that is done."""

    principal: str
    service: str
    way: Way
    how: str = "enable it in its own console or with its own commands"


def known(principal: str) -> TrustedService:
    """What is known of a principal; AWS adds services, so an unknown one may be enabled here."""
    entry = _entries().get(principal)
    if entry is None:
        return TrustedService(principal=principal, service=principal, way="ORGANIZATIONS")
    way = cast(Way, entry["enableVia"])
    named = {"how": entry["how"]} if "how" in entry else {}
    return TrustedService(principal=principal, service=entry["service"], way=way, **named)


def enabled(organizations: OrganizationsClient) -> set[str]:
    """The principals that the organization trusts already."""
    pages = organizations.get_paginator("list_aws_service_access_for_organization")
    return {
        principal
        for page in pages.paginate()
        for service in page.get("EnabledServicePrincipals", [])
        if (principal := service.get("ServicePrincipal")) is not None
    }


def unforced(principals: Iterable[str], *, forced: Collection[str]) -> list[TrustedService]:
    """Those that only their own service should enable, and that nobody forces."""
    return [
        service
        for service in map(known, principals)
        if service.way == "SERVICE_ONLY" and service.principal not in forced
    ]


def enables_itself(refused: Sequence[TrustedService]) -> OperationRefused:
    """The refusal of such services, naming each and how it is enabled."""
    words = explain("ServiceEnablesItself")
    return OperationRefused(
        " ".join([words.what, *(f"{one.principal} is {one.service}." for one in refused)]),
        code=words.code,
        remedy=" ".join([*dict.fromkeys(_way_of(one) for one in refused), words.remedy]),
    )


def not_allowed(principals: Iterable[str]) -> OperationRefused:
    """The refusal of services that the role of EnableAWSServiceAccess may not enable."""
    return OperationRefused(
        f"The stack's setting service_principals does not list {', '.join(principals)}, and "
        "its function's role may enable no other service.",
        code="AccessDeniedException",
        remedy="List it there and deploy the stack, or leave it out of serviceAccess.",
    )


def needed_by_type(principal: str, policy_type: str) -> OperationRefused:
    """The refusal of a type of policies whose service has no trusted access yet."""
    code, reason = "ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED"
    words = explain(code, reason)
    return OperationRefused(
        f"{policy_type}: {words.what} It is {principal}.",
        code=code,
        reason=reason,
        remedy=words.remedy,
    )


def needed_by_contacts() -> OperationRefused:
    """The refusal of alternate contacts while their service has no trusted access."""
    code, reason = "ConstraintViolationException", "SERVICE_ACCESS_NOT_ENABLED"
    return OperationRefused(
        f"{explain(code, reason).what} It is {OF_CONTACTS}, by which AWS lets the management "
        "account set the contacts of its members.",
        code=code,
        reason=reason,
        remedy=f"List {OF_CONTACTS} in serviceAccess, or leave contacts out.",
    )


def warnings(principals: Iterable[str]) -> list[str]:
    """One sentence for each principal that is enabled here though AWS wants its service to.

    A plan shows it beforehand, a report afterwards.
    """
    return [
        (
            f"AWS wants {one.principal} enabled only"
            if one.way == "SERVICE_ONLY"
            else f"AWS recommends to enable {one.principal}"
        )
        + f" through {one.service} itself, not through AWS Organizations: {one.how}."
        for one in map(known, principals)
        if one.way != "ORGANIZATIONS"
    ]


def _way_of(one: TrustedService) -> str:
    return f"For {one.service}, {one.how}."


@cache
def _entries() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("service_principals.json")
    loaded: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
