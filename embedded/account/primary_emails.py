"""AWS Account Management on moto: the emails of root users, changed with a one-time code.

Account Management API reference: GetPrimaryEmail, StartPrimaryEmailUpdate and
AcceptPrimaryEmailUpdate. moto has none of them. The code, which AWS sends to the new address, is
written to the log `embedded.mail`. The reference does not say for how long AWS takes a code, nor
which of the operation's errors a wrong one brings about; here it is an hour, ValidationException
for a wrong code, and ResourceNotFoundException where no code is to be given any more.
"""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import moto.account.urls
from moto.account.responses import AccountResponse
from moto.moto_api._internal import mock_random

from embedded.account.alternate_contacts import api_call, checked
from embedded.core.principal import caller
from embedded.organizations import directory, organization_of
from embedded.organizations.email import is_valid, same
from embedded.organizations.state import LOCK, EmailCode
from embedded.protocols.errors import error

TAKEN_FOR = timedelta(hours=1)
"""How long a code is good."""

_CODE_LENGTH = 6
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

_START, _ACCEPT = "StartPrimaryEmailUpdate", "AcceptPrimaryEmailUpdate"
_IN_USE = "The email address is already in use."

_mail = logging.getLogger("embedded.mail")


def install() -> None:
    """Have moto's Account Management know the operations. Safe to repeat."""
    responses: Any = AccountResponse
    for name, path, act in (
        ("get_primary_email", "getPrimaryEmail", _get),
        ("start_primary_email_update", "startPrimaryEmailUpdate", _start),
        ("accept_primary_email_update", "acceptPrimaryEmailUpdate", _accept),
    ):
        setattr(responses, name, checked(f"{path[0].upper()}{path[1:]}", act))
        moto.account.urls.url_paths[f"{{0}}/{path}$"] = AccountResponse.dispatch


def _get(self: AccountResponse) -> Any:
    with LOCK:
        account = _account(json.loads(self.body)["AccountId"])
        return json.dumps({"PrimaryEmail": account.email})


def _start(self: AccountResponse) -> Any:
    request = json.loads(self.body)
    account_id, email = request["AccountId"], request["PrimaryEmail"]
    with LOCK:
        organization = organization_of(caller.get().account_id)
        assert organization is not None
        if not is_valid(email):
            fields = [{"name": "primaryEmail", "message": "is no email address"}]
            members = {"reason": "fieldValidationFailed", "fieldList": fields}
            return _refused(self, _START, "ValidationException", "Invalid input.", members)
        if directory.by_email(organization.partition, email) is not None:
            return _refused(self, _START, "ConflictException", _IN_USE)
        code = "".join(mock_random.choice(_SIGNS) for _ in range(_CODE_LENGTH))
        until = organization.now() + TAKEN_FOR
        organization.email_codes[account_id] = EmailCode(email=email, code=code, until=until)
    _mail.warning("To %s: the code for account %s is %s", email, account_id, code)
    return json.dumps({"Status": "PENDING"})


def _accept(self: AccountResponse) -> Any:
    request = json.loads(self.body)
    account_id = request["AccountId"]
    with LOCK:
        organization = organization_of(caller.get().account_id)
        assert organization is not None
        sent = organization.email_codes.get(account_id)
        if sent is None or organization.now() > sent.until:
            message = "No update of the email is pending."
            return _refused(self, _ACCEPT, "ResourceNotFoundException", message)
        if request["Otp"] != sent.code or not same(request["PrimaryEmail"], sent.email):
            fields = [{"name": "otp", "message": "is not the code that was sent"}]
            members = {"reason": "fieldValidationFailed", "fieldList": fields}
            return _refused(self, _ACCEPT, "ValidationException", "Invalid input.", members)
        if directory.by_email(organization.partition, sent.email) is not None:
            return _refused(self, _ACCEPT, "ConflictException", _IN_USE)
        del organization.email_codes[account_id]
        directory.change_email(account_id, sent.email)
        _account(account_id).email = sent.email
    return json.dumps({"Status": "ACCEPTED"})


def _refused(
    self: AccountResponse,
    operation: str,
    code: str,
    message: str,
    members: dict[str, Any] | None = None,
) -> Any:
    return error(api_call(self, operation), code, message, members or {}).for_moto()


def _account(account_id: str) -> Any:
    """A member of the caller's organization; that it is one has been checked."""
    organization = organization_of(caller.get().account_id)
    assert organization is not None
    found = organization.find_account(account_id)
    assert found is not None
    return found
