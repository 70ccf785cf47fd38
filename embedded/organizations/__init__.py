"""AWS Organizations as AWS documents it, on moto: accounts, units, tags, trusted services.

moto's own backend and response classes are extended, one file per concern; `install` puts the
extensions in moto's registry and `found` starts an organization afresh.
"""

from __future__ import annotations

import moto.organizations.urls
from moto.organizations.models import organizations_backends

from embedded import ACCOUNT_ID
from embedded.organizations.backend import Organizations
from embedded.organizations.responses import OrganizationsResponses
from embedded.organizations.settings import OrganizationSettings
from embedded.organizations.state import LOCK

__all__ = ["OrganizationSettings", "found", "install", "organization_of"]


def install() -> None:
    """Make moto answer the organizations service with this package.

    Before the first request: moto's server looks the addresses up once. Safe to repeat.
    """
    organizations_backends.backend = Organizations
    moto.organizations.urls.url_paths["{0}/$"] = OrganizationsResponses.dispatch


def found(settings: OrganizationSettings) -> None:
    """Found the management account's organization, in place of any organization there was.

    Creations of an earlier organization that are still under way never finish. Needs an active
    `embedded.context`, whose clock dates everything.
    """
    with LOCK:
        for _, _, backend in list(organizations_backends.iter_backends()):
            backend.reset()
        organizations_backends.clear()
        organizations_backends.master_accounts.clear()
        organizations_backends[ACCOUNT_ID]["aws"].found(settings)


def organization_of(account_id: str) -> Organizations | None:
    """The organization that `account_id` manages or is a member of; None when in none."""
    return Organizations.of(account_id)
