"""AWS Account Management on moto: alternate contacts, as the organization's rules allow them.

Account Management API reference: GetAlternateContact, PutAlternateContact, DeleteAlternateContact.
moto keeps the contacts; it takes any text for any account. Trusted access, caller and account are
checked here, and what botocore's model says of the texts. The words of the refusals are those that
people quote of AWS.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.account.responses import AccountResponse

from embedded.core.principal import caller
from embedded.core.service_models import operation_model
from embedded.organizations import organization_of
from embedded.organizations.state import LOCK
from embedded.organizations.validation import matches
from embedded.protocols.errors import error
from embedded.protocols.protocols import ApiCall

_PRINCIPAL = "account.amazonaws.com"

_MOTO_GET = AccountResponse.get_alternate_contact
_MOTO_PUT = AccountResponse.put_alternate_contact
_MOTO_DELETE = AccountResponse.delete_alternate_contact


def install() -> None:
    """Have moto's Account Management check what AWS checks. Safe to repeat."""
    AccountResponse.get_alternate_contact = checked("GetAlternateContact", _MOTO_GET)
    AccountResponse.put_alternate_contact = checked("PutAlternateContact", _MOTO_PUT)
    AccountResponse.delete_alternate_contact = checked("DeleteAlternateContact", _delete)


def _delete(self: AccountResponse) -> Any:
    """ResourceNotFoundException where there is no such contact, which moto passes over."""
    _MOTO_GET(self)
    return _MOTO_DELETE(self)


def api_call(self: AccountResponse, operation: str) -> ApiCall:
    """The call that is being answered."""
    return ApiCall(
        service="account",
        operation=operation,
        region=self.region,
        access_key_id=self.access_key,
        protocol="rest-json",
    )


def checked(operation: str, act: Callable[[AccountResponse], Any]) -> Any:
    """What answers an operation: `act`, once the request and the caller are right."""

    def answer(self: AccountResponse) -> Any:
        call = api_call(self, operation)
        request = json.loads(self.body or "{}")
        wrong = _wrong_fields(operation, request)
        if wrong:
            fields = [{"name": name, "message": message} for name, message in wrong]
            members = {"reason": "fieldValidationFailed", "fieldList": fields}
            return error(call, "ValidationException", "Invalid input.", members).for_moto()
        with LOCK:
            denial = _denial(request.get("AccountId"))
        if denial is not None:
            message = (
                f"User: {caller.get().arn} is not authorized to perform: account:{operation}"
                f"{denial}"
            )
            return error(call, "AccessDeniedException", message).for_moto()
        return act(self)

    return answer


def _denial(account_id: str | None) -> str | None:
    """What AWS says of a caller who may not name this account; None where it is right.

    Without an id it is the caller's own account, whether in an organization or not.
    """
    if account_id is None:
        return None
    principal = caller.get()
    organization = organization_of(principal.account_id)
    if organization is None:
        return ""
    is_manager = principal.account_id == organization.account_id
    if not is_manager and not organization.administers(principal.account_id, _PRINCIPAL):
        return ""
    if organization.org.feature_set != "ALL" or _PRINCIPAL not in organization.trusted_services:
        return ""
    if account_id == organization.account_id:
        return (
            " (The management account can only be managed using the standalone context from the "
            "management account.)"
        )
    return None if organization.find_account(account_id) is not None else ""


def _wrong_fields(operation: str, request: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and message of each member that the model of the operation does not allow.

    moto tells of a kind of contact that there is not.
    """
    model = operation_model("account", operation)
    assert model is not None
    assert model.input_shape is not None
    wrong = []
    for name, shape in model.input_shape.members.items():
        if name == "AlternateContactType" or name not in request:
            continue
        value, limits = str(request[name]), shape.metadata
        shown = name[0].lower() + name[1:]
        if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
            wrong.append((shown, f"{value} has {len(value)} characters"))
        elif "pattern" in limits and not matches(limits["pattern"], value):
            wrong.append((shown, f"{value} does not match {limits['pattern']}"))
    return wrong
