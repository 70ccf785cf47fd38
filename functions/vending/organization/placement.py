"""Where an account of the organization stands, as names on the path from the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.errors.aws_errors import translate_aws_errors
from vending.organization.eligibility import parent_id
from vending.organization.invitations import Invitations
from vending.organization.ou_search import is_root

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.request.account_request import AccountRequest


def member_id(request: AccountRequest, organizations: OrganizationsClient) -> str | None:
    """The member account that the request is about, if it is about one that is there already."""
    if request.source == "existing":
        return request.account.account_id
    if request.source == "invited":
        return Invitations(client=organizations, account=request.account).member()
    return None


def unit_of(account_id: str, organizations: OrganizationsClient) -> tuple[str, ...] | None:
    """The names of the units that the account is in, the topmost first; None for no member.

    One ListParents and one DescribeOrganizationalUnit for each of at most five levels.
    """
    names: list[str] = []
    parent = account_id
    with translate_aws_errors():
        while not is_root(parent):
            if parent != account_id:
                unit = organizations.describe_organizational_unit(OrganizationalUnitId=parent)
                names.append(unit["OrganizationalUnit"]["Name"])
            try:
                parent = parent_id(parent, organizations)
            except organizations.exceptions.ChildNotFoundException:
                return None
    return tuple(reversed(names))
