"""Which accounts are never retired, and what else keeps one from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.organization import eligibility

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef


def refuse(
    account: AccountTypeDef,
    organizations: OrganizationsClient,
    *,
    protected_tag: str,
    deregister: bool,
) -> None:
    """OperationRefused where the account must not be retired; as `found`."""
    for refusal in found(
        account, organizations, protected_tag=protected_tag, deregister=deregister
    ):
        raise refusal


def found(
    account: AccountTypeDef,
    organizations: OrganizationsClient,
    *,
    protected_tag: str,
    deregister: bool,
) -> Iterator[OperationRefused]:
    """Why the account must not be retired, one by one; nothing where it may be.

    Args:
        account: as AWS describes it.
        organizations: where to look.
        protected_tag: the key of the tag that keeps accounts; empty: none does.
        deregister: whether it may stop administering services for the organization.
    """
    account_id = account["Id"]
    unfit = eligibility.refusal(account)
    if unfit is not None:
        is_management = unfit.code == "ManagementAccountNotVended"
        yield refused("ManagementAccountNotRetired", unfit.message) if is_management else unfit
        return
    if protected_tag and _is_protected(account_id, protected_tag, organizations):
        yield refused("AccountProtected", f"The account {account_id} has the tag {protected_tag}.")
    if not deregister and (services := delegated_services(account_id, organizations)):
        yield refused(
            "AccountIsDelegatedAdministrator",
            f"The account {account_id} is a delegated administrator for {', '.join(services)}.",
        )


def _is_protected(account_id: str, tag: str, organizations: OrganizationsClient) -> bool:
    pages = organizations.get_paginator("list_tags_for_resource")
    return any(
        one["Key"] == tag and one["Value"].lower() != "false"
        for page in pages.paginate(ResourceId=account_id)
        for one in page.get("Tags", [])
    )


def delegated_services(account_id: str, organizations: OrganizationsClient) -> list[str]:
    """The services that the account administers for the organization."""
    pages = organizations.get_paginator("list_delegated_services_for_account")
    try:
        return [
            service["ServicePrincipal"]
            for page in pages.paginate(AccountId=account_id)
            for service in page.get("DelegatedServices", [])
        ]
    except organizations.exceptions.AccountNotRegisteredException:
        return []


def refused(code: str, message: str) -> OperationRefused:
    """The refusal, with the catalogue's words after the message."""
    words = explain(code)
    return OperationRefused(f"{message} {words.what}", code=code, remedy=words.remedy)
