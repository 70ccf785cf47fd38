"""The email that a request names of an account which exists: the one that it has, or a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vending.authorization.authorization import Authorization
from vending.organization import eligibility
from vending.request.account_request import AccountRequest, invalid

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient


def ensure_change_allowed(
    request: AccountRequest, document: Mapping[str, Any], authorization: Authorization
) -> None:
    """RequestNotAllowed where an account is to have an email that the requester may not give it.

    Args:
        request: for an account from any source; only those that exist are looked at.
        document: the account's last one.
        authorization: of the requester.
    """
    email, before = request.account.email, document.get("account", {}).get("email")
    is_named = request.source == "existing" and email is not None and before is not None
    if is_named and str(email).lower() != before.lower():
        authorization.ensure_email_allowed(str(email))


def ensure_email_possible(
    request: AccountRequest,
    changes: Mapping[str, Any] | None,
    authorization: Authorization | None,
    organizations: OrganizationsClient,
) -> None:
    """RequestInvalid where the account has another email, and no request has named that before;
    RequestNotAllowed where the requester may not give the account the email that it is to have.

    Args:
        request: for an account from any source; only those that exist are looked at.
        changes: what it changes in the account, as `account_records.changes_of` has it.
        authorization: None where nobody knows.
        organizations: where to look.
    """
    account_id, email = request.account.account_id, request.account.email
    if request.source != "existing" or account_id is None or email is None:
        return
    if (changes or {}).get("email") is None:
        problem = eligibility.email_problem(account_id, email, organizations)
        if problem is not None:
            raise invalid([problem])
    elif authorization is not None:
        authorization.ensure_email_allowed(email)
