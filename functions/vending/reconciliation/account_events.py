"""What an event of an AWS service says about an account that came into the organization.

Pure: an event in, an account or a creation out. Nobody's identity is looked at, and keys and states
are compared without case, because shapes differ from caller to caller and between the documented
samples.

- `CreateAccountResult` (AWS Organizations user guide, "Logging API calls with AWS CloudTrail"):
  `serviceEventDetails.createAccountStatus` with `id`, `state` and `accountId`.
- `CreateAccount`, `CreateGovCloudAccount` (the same page): the calls, whose `responseElements` have
  a `createAccountStatus` with its `id`. Names and email addresses are masked.
- `CreateManagedAccount`, `UpdateManagedAccount` (AWS Control Tower user guide, "Lifecycle events"):
  `serviceEventDetails.createManagedAccountStatus` or `updateManagedAccountStatus` with `state` and
  `account.accountId`.
- `AccountJoinedOrganization` (API reference, CreateAccount and AcceptHandshake): AWS documents
  `joinedMethod` and `joinedTime`, but neither where they stand nor what the account's id is called.
  So the id is looked for in every part of the event that can carry it (`_JOINED_IN`), under every
  name it may have (`_JOINED_AS`). A founder's own account joins its new organization, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vending.aws.clock import epoch
from vending.errors.exceptions import OperationRefused
from vending.frozen import frozen

_STATUS_OF = {
    "createaccountresult": "createaccountstatus",
    "createmanagedaccount": "createmanagedaccountstatus",
    "updatemanagedaccount": "updatemanagedaccountstatus",
}
"""Where each event that reports an outcome has it, below serviceEventDetails."""

_ENDED = ("SUCCEEDED", "FAILED")
"""The states in which a creation stays."""

_JOINED = "accountjoinedorganization"
_JOINED_IN = ("serviceeventdetails", "requestparameters", "responseelements", "additionaleventdata")
_JOINED_AS = ("accountid", "memberaccountid", "joinedaccountid", "account", "id")

_ACCOUNT_ID = re.compile(r"\d{12}")


@frozen
class AccountEvent:
    """An account that is in the organization now; `creation_id` where the event has it."""

    event_name: str
    account_id: str
    creation_id: str | None = None


def account_event(detail: dict[str, Any], management_account_id: str) -> AccountEvent | None:
    """The account that the event's detail reports.

    None where it reports none: a creation that failed, the management account itself, another
    event. OperationRefused where it must report one and does not say which.
    """
    folded = _folded(detail)
    name = str(folded.get("eventname"))
    kind = name.lower()
    if kind in _STATUS_OF:
        details = folded.get("serviceeventdetails")
        status = details.get(_STATUS_OF[kind]) if isinstance(details, dict) else None
        creation = status if isinstance(status, dict) else {}
        if str(creation.get("state", "SUCCEEDED")).upper() != "SUCCEEDED":
            return None
        found = list(_ids(creation, ("accountid",)))
        creation_id = creation.get("id")
    elif kind == _JOINED:
        found = [each for part in _JOINED_IN for each in _ids(folded.get(part), _JOINED_AS)]
        creation_id = None
    else:
        return None
    if not found:
        raise OperationRefused(
            f"{name} does not say which account it is about.",
            code="InvalidPayload",
            remedy=(
                "Look the event up in CloudTrail, and submit a request with source existing for "
                "its account."
            ),
        )
    strangers = [each for each in found if each != management_account_id]
    if not strangers:
        return None
    return AccountEvent(
        event_name=name,
        account_id=strangers[0],
        creation_id=creation_id if isinstance(creation_id, str) else None,
    )


@frozen
class CreationEvent:
    """A creation that AWS was asked for, or has ended: `seconds_late` is how late this is known."""

    creation_id: str
    has_ended: bool
    seconds_late: int


def creation_event(detail: dict[str, Any], came_at: str) -> CreationEvent | None:
    """The creation that the event's detail tells of; None where it tells of none, or of no news.

    `came_at` is the event's own `time`, at which CloudTrail has put it on the bus.
    """
    folded = _folded(detail)
    kind = str(folded.get("eventname")).lower()
    part = {
        "createaccount": "responseelements",
        "creategovcloudaccount": "responseelements",
        "createaccountresult": "serviceeventdetails",
    }.get(kind)
    details = folded.get(part) if part else None
    status = details.get("createaccountstatus") if isinstance(details, dict) else None
    if not isinstance(status, dict) or not isinstance(status.get("id"), str):
        return None
    has_ended = kind == "createaccountresult"
    if has_ended and str(status.get("state")).upper() not in _ENDED:
        return None
    try:
        late = epoch(came_at) - epoch(str(folded.get("eventtime")))
    except ValueError:
        return None
    return CreationEvent(
        creation_id=status["id"], has_ended=has_ended, seconds_late=max(0, round(late))
    )


def _folded(value: Any) -> Any:
    """The same JSON with every key in lower case."""
    if isinstance(value, dict):
        return {str(key).lower(): _folded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_folded(each) for each in value]
    return value


def _ids(value: Any, names: tuple[str, ...]) -> Iterator[str]:
    """Account ids under one of these names: in their order, and from the top down."""
    if isinstance(value, list):
        for each in value:
            yield from _ids(each, names)
    if not isinstance(value, dict):
        return
    for name in names:
        text = value.get(name)
        if isinstance(text, str) and _ACCOUNT_ID.fullmatch(text):
            yield text
    for each in value.values():
        yield from _ids(each, names)
