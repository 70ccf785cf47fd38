"""DiscoverAccount: what becomes of an account that came into the organization.

Each account brings about two events or more, each at least once, and most are of this system's own
making: those carry their request's id as a tag and are left alone after one call. For an account
that was made elsewhere there is one request, `a-<accountId>`, however many events name it.

An error leaves the function, so that Lambda tries the event twice more, within minutes, and then
keeps it in the dead-letter queue: an account that AWS does not show yet is found then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.aws.clock import epoch, timestamp
from vending.aws.measurements import measure
from vending.aws.observability import log_request_id, logger
from vending.creation.find_account import CLOCKS_DIFFER_BY
from vending.frozen import frozen
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.ledger.claims import Claims
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.reconciliation.account_events import AccountEvent, account_event
from vending.reconciliation.in_flight import request_of
from vending.request.account_request import parse
from vending.request.fields import AccountId
from vending.request.validators import REQUEST_ID_TAG
from vending.requesters import DISCOVERED_ACCOUNTS_SOURCE
from vending.states import State

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.aws.event_publisher import EventPublisher

_LOOKS_AND_REMEMBERS = {
    "dynamodb:GetItem",
    "dynamodb:Query",
    "organizations:DescribeAccount",
    "organizations:ListTagsForResource",
}
CALLS_BY_SETTING = {
    "record": _LOOKS_AND_REMEMBERS | {"dynamodb:PutItem"},
    "baseline": _LOOKS_AND_REMEMBERS | {"events:PutEvents"},
}
CALLS = CALLS_BY_SETTING["record"] | CALLS_BY_SETTING["baseline"]


class DiscoverAccount(Model):
    """An event as EventBridge delivers it, as far as it matters here."""

    id: str
    source: str
    account: AccountId
    time: str
    detail: dict[str, Any]


@frozen
class Stranger:
    """An account that came of no request, as Organizations shows it."""

    account_event: AccountEvent
    name: str | None
    reported_by: str


TakeIn = Callable[[Stranger], str]
"""Does what the setting says; returns the outcome."""


def run(
    payload: DiscoverAccount,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    take_in: TakeIn,
) -> Json:
    """{outcome: IGNORED | OURS | KNOWN | RECORDED | REQUESTED, accountId}.

    IGNORED: the event names no account. OURS: a request made it. KNOWN: it has its own row.
    ServiceUnavailable while Organizations does not show the account.
    """
    found = account_event(payload.detail, payload.account)
    if found is None:
        return {"outcome": "IGNORED", "accountId": None}
    account_id = found.account_id
    log_request_id(_document(account_id)["requestId"])
    if _carries_tag(account_id, organizations):
        return {"outcome": "OURS", "accountId": account_id}
    if ledger.get(_document(account_id)["requestId"]) is not None:
        return {"outcome": "KNOWN", "accountId": account_id}
    # Tags show late, as everything in Organizations: what carries none may still be ours.
    account = organizations.describe_account(AccountId=account_id)["Account"]
    since = epoch(payload.time) - CLOCKS_DIFFER_BY
    if request_of(found, email=account.get("Email"), ledger=ledger, since=since) is not None:
        return {"outcome": "OURS", "accountId": account_id}
    reported_by = f"{found.event_name} of {payload.source}, event {payload.id}"
    outcome = take_in(
        Stranger(account_event=found, name=account.get("Name"), reported_by=reported_by)
    )
    measure("AccountDiscovered")
    return {"outcome": outcome, "accountId": account_id}


def record(stranger: Stranger, *, ledger: Ledger) -> str:
    """A row that says the account is there: RECORDED, or KNOWN where one was made meanwhile."""
    found, at = stranger.account_event, timestamp(ledger.clock())
    request = parse({**_document(found.account_id), "requestedBy": stranger.reported_by})
    row = Claims(ledger=ledger).insert_unclaimed(
        {
            "requestId": request.request_id,
            "state": State.VENDED,
            "source": request.source,
            "accountId": found.account_id,
            "accountName": stranger.name,
            "createAccountRequestId": found.creation_id,
            "requestedBy": request.requested_by,
            "requestedAt": at,
            "updatedAt": at,
        },
        request,
    )
    return "RECORDED" if row.get("requestedBy") == request.requested_by else "KNOWN"


def request(stranger: Stranger, *, publisher: EventPublisher, baseline: Json) -> str:
    """A request for the baseline, through the bus as anybody's: REQUESTED.

    The request's model decides on it in the workflow, so that a mistake in the setting ends as a
    rejected request with a remedy, not here.
    """
    document = _document(stranger.account_event.account_id)
    publisher.publish_request(
        {**baseline, **document, "requestedBy": stranger.reported_by},
        source=DISCOVERED_ACCOUNTS_SOURCE,
    )
    return "REQUESTED"


def _document(account_id: str) -> Json:
    """One account, one request: its id is the one that a request for it has by default."""
    return {
        "requestId": f"a-{account_id}",
        "source": "existing",
        "account": {"accountId": account_id},
    }


def _carries_tag(account_id: str, organizations: OrganizationsClient) -> bool:
    pages = organizations.get_paginator("list_tags_for_resource").paginate(ResourceId=account_id)
    return any(tag["Key"] == REQUEST_ID_TAG for page in pages for tag in page.get("Tags", []))


@operation(DiscoverAccount)
def handler(payload: DiscoverAccount) -> Json:
    """The Lambda entrance."""
    wanted = settings.read(settings.DiscoverySettings)
    ledger = wiring.ledger()
    result = run(
        payload,
        ledger=ledger,
        organizations=clients.organizations(),
        take_in=(
            partial(record, ledger=ledger)
            if wanted.become == "record"
            else partial(request, publisher=wiring.event_publisher(), baseline=wanted.baseline)
        ),
    )
    logger.info("looked at an account", extra={**result, "reported_by": payload.id})
    return result
