"""AWS Organizations as AWS documents it, on moto, in the commercial partition and in GovCloud.

moto's own backend and response classes are extended, one file per concern; `install` puts the
extensions in moto's registry and `reset_organization` starts an organization afresh.

How to act in another account than the management account: AssumeRole into the account's role, which
trusts the management account (`OrganizationAccountAccessRole` unless named otherwise), with any
access key; the session's credentials act in that account. Accounts outside the organization have
such a role too: the one of `OrganizationSettings.standalone`, and all that
`create_standalone_account` makes. `owner_credentials` gives the credentials of an account's own
administrator, whom nobody else can assume.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import moto.organizations.urls
from moto.account.models import account_backends
from moto.iam.models import iam_backends
from moto.organizations.models import organizations_backends

from embedded import ACCOUNT_ID
from embedded.core.context import current
from embedded.core.partitions import COMMERCIAL, GOVCLOUD, GOVCLOUD_ACCOUNT_ID
from embedded.organizations import directory, second_organization, service_quotas
from embedded.organizations.directory import AwsAccount
from embedded.organizations.email import is_valid
from embedded.organizations.member_role import DEFAULT_ROLE, create_member_role
from embedded.organizations.responses import OrganizationsResponses
from embedded.organizations.settings import OrganizationSettings, StandaloneAccount
from embedded.organizations.state import LOCK, OrganizationState, organization_of

if TYPE_CHECKING:
    from embedded.core.credentials import RoleCredentials

__all__ = [
    "OrganizationSettings",
    "StandaloneAccount",
    "complete_sign_up",
    "create_standalone_account",
    "install",
    "organization_of",
    "owner_credentials",
    "reset_organization",
]

_OWNER_ROLE = "AccountOwner"


def install() -> None:
    """Make moto answer the organizations service with this package.

    Before the first request: moto's server looks the addresses up once. Safe to repeat.
    """
    organizations_backends.backend = OrganizationState
    moto.organizations.urls.url_paths["{0}/$"] = OrganizationsResponses.dispatch
    service_quotas.install()


def reset_organization(settings: OrganizationSettings) -> None:
    """Create the management account's organization, in place of any organization there was.

    Creations of an earlier organization that are still under way never finish, and its accounts are
    forgotten, with their contacts and the roles in them. Needs an active `embedded.core.context`,
    whose clock dates everything.
    """
    with LOCK:
        for _, _, backend in list(organizations_backends.iter_backends()):
            backend.reset()
        organizations_backends.clear()
        organizations_backends.master_accounts.clear()
        for account_id in directory.account_ids() - {ACCOUNT_ID}:
            iam_backends.pop(account_id, None)
        for contacts in account_backends.values():
            contacts.reset()
        directory.clear()
        manager = AwsAccount(id=ACCOUNT_ID, email="management@example.com", name="management")
        organizations_backends[ACCOUNT_ID][COMMERCIAL].create(settings, manager)
        if settings.govcloud_enabled:
            linked = AwsAccount(
                id=GOVCLOUD_ACCOUNT_ID,
                email=manager.email,
                name=manager.name,
                partition=GOVCLOUD,
            )
            organizations_backends[GOVCLOUD_ACCOUNT_ID][GOVCLOUD].create(settings, linked)
        if settings.second_organization:
            second_organization.found(settings)
        for account in settings.standalone:
            create_standalone_account(
                account.email, account.name, account_id=account.id, role_name=account.role_name
            )
            if account.accepting_role_name is not None:
                create_member_role(account.id, account.accepting_role_name, trusting=ACCOUNT_ID)


def create_standalone_account(
    email: str,
    name: str,
    account_id: str | None = None,
    *,
    role_name: str | None = DEFAULT_ROLE,
    partition: str = COMMERCIAL,
) -> str:
    """Make an account that is in no organization, as somebody who signs up at AWS does.

    Args:
        email: an address that no account of the partition has.
        name: the account's name.
        account_id: its id; a new one by default.
        role_name: a role in it that trusts the management account of the partition; None for none.
        partition: `aws` or `aws-us-gov`.

    Returns: the account's id.

    Raises:
        ValueError: the email is taken or no email, or an account has the id.
    """
    with LOCK:
        if not is_valid(email) or directory.by_email(partition, email) is not None:
            raise ValueError(f"no account can have this email: {email}")
        if account_id is not None and directory.by_id(account_id) is not None:
            raise ValueError(f"there is an account {account_id} already")
        account = directory.register(
            AwsAccount(
                id=account_id or directory.new_account_id(),
                email=email,
                name=name,
                partition=partition,
            )
        )
        if role_name is not None:
            trusting = ACCOUNT_ID if partition == COMMERCIAL else GOVCLOUD_ACCOUNT_ID
            create_member_role(account.id, role_name, trusting=trusting, partition=partition)
        return account.id


def owner_credentials(account_id: str) -> RoleCredentials:
    """Credentials of an administrator in the account, who belongs to the account itself."""
    account = directory.by_id(account_id)
    partition = account.partition if account else COMMERCIAL
    create_member_role(account_id, _OWNER_ROLE, trusting=account_id, partition=partition)
    return current().credentials.issue(
        f"arn:{partition}:iam::{account_id}:role/{_OWNER_ROLE}", "owner"
    )


def complete_sign_up(account_id: str) -> None:
    """Give a created member what it lacks to leave: agreement, phone and payment instrument."""
    with LOCK:
        organization = organization_of(account_id)
        account = organization.find_account(account_id) if organization else None
        if account is not None:
            account.lacks.clear()
