"""AWS Account Management on moto: the names of accounts.

Account Management API reference: PutAccountName. moto has no such operation; who may call it is
checked as for alternate contacts.
"""

from __future__ import annotations

import json
from typing import Any

import moto.account.urls
from moto.account.responses import AccountResponse
from moto.core.responses import EmptyResult

from embedded.account.alternate_contacts import checked
from embedded.core.principal import caller
from embedded.organizations import organization_of
from embedded.organizations.state import LOCK


def install() -> None:
    """Have moto's Account Management know the operation. Safe to repeat."""
    responses: Any = AccountResponse
    responses.put_account_name = checked("PutAccountName", _put)
    moto.account.urls.url_paths["{0}/putAccountName$"] = AccountResponse.dispatch


def _put(self: AccountResponse) -> EmptyResult:
    request = json.loads(self.body or "{}")
    own = caller.get().account_id
    with LOCK:
        organization = organization_of(own)
        account = organization and organization.find_account(request.get("AccountId", own))
        if account:
            account.name = request["AccountName"]
    return EmptyResult()
