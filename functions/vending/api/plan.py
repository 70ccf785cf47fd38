"""The route that shows what a request would change, by the request policy and the ledger.

AWS Organizations is not asked: what it would refuse, AcceptRequest finds before anything is done,
and `vend plan` shows beforehand.
"""

from __future__ import annotations

from typing import Any

from vending.acceptance.named_email import ensure_change_allowed
from vending.api import views
from vending.api.accounts import ensure_revision
from vending.api.caller import Caller
from vending.api.parameters import Call
from vending.api.requests import allowed, document_of
from vending.ledger.ledger import Ledger
from vending.request.merge import differences


def planned(call: Call, caller: Caller, ledger: Ledger) -> dict[str, Any]:
    """What sending the body would change; nothing is started.

    Raises:
        RequestInvalid: with every mistake.
        RequestNotAllowed: with every rule of the request policy that it breaks.
        RequestConflict: the account is not at the revision that the body names.
    """
    request = allowed(call.json_body(), caller)
    row = ledger.get(request.request_id)
    account_id = request.account.account_id or (row or {}).get("accountId")
    record = ledger.accounts.get(account_id) if account_id else None
    if record is not None and not caller.sees(record.get("requestId")):
        record = None
    if record is not None:
        ensure_revision(request, record)
        ensure_change_allowed(request, record.get("document", {}), caller.authorization)
    content = request.normalised()
    document = (record or {}).get("document")
    return views.shown(
        views.Plan,
        {
            "requestId": request.request_id,
            "request": document_of(content),
            "state": (row or {}).get("state"),
            "accountId": account_id,
            "revision": (record or {}).get("revision"),
            "changes": None if document is None else differences(document, content),
        },
    )
