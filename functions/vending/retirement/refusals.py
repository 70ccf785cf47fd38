"""Which accounts are never retired, and what else keeps one from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.organization import eligibility

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import AccountTypeDef


def refuse(
    account: AccountTypeDef,
    organizations: OrganizationsClient,
    *,
    protected_tag: str,
    deregister: bool,
) -> None:
    """OperationRefused where the account must not be retired.

    Args:
        account: as AWS describes it.
        organizations: where to look.
        protected_tag: the key of the tag that keeps accounts; empty: none does.
        deregister: whether it may stop administering services for the organization.
    """
    account_id = account["Id"]
    unfit = eligibility.refusal(account)
    if unfit is not None and unfit.code == "ManagementAccountNotVended":
        raise refused("ManagementAccountNotRetired", unfit.message)
    if unfit is not None:
        raise unfit
    if protected_tag:
        pages = organizations.get_paginator("list_tags_for_resource")
        for page in pages.paginate(ResourceId=account_id):
            for one in page.get("Tags", []):
                if one["Key"] == protected_tag and one["Value"].lower() != "false":
                    raise refused(
                        "AccountProtected", f"The account {account_id} has the tag {protected_tag}."
                    )
    if deregister:
        return
    if services := delegated_services(account_id, organizations):
        raise refused(
            "AccountIsDelegatedAdministrator",
            f"The account {account_id} is a delegated administrator for {', '.join(services)}.",
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
