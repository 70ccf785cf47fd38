"""Which rows of the ledger each function may touch, by their keys and by what it does to them.

LeadingKeys follow from what a function reads and writes, which no call says: here is said what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A statement that allows these DynamoDB actions on the ledger's rows of these keys only.

    A call must name a key, too, but `in_transactions`: AWS does not say whether a transaction's
    items have keys for the condition.
    """

    sid: str
    actions: tuple[str, ...]
    keys: tuple[str, ...]
    in_transactions: bool = False


_REQUESTS = "request#*"
_LOCKS = ("account#*", "email#*")
_USAGE = ("requester#*",)
_RECORDS = ("record#*",)
_REVISIONS = ("revision#*",)
_INVITATION_POINTERS = ("handshake#*", "invited#*")
_CREATIONS = ("creation#*",)
_GET, _PUT, _UPDATE = "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"

_UNIT_PATHS = Rows(sid="UseUnitPaths", actions=(_GET, _PUT), keys=("unit#*",))
_FREE_LOCKS = Rows(sid="FreeLocks", actions=("dynamodb:DeleteItem",), keys=_LOCKS)
_CREATION_QUEUE = Rows(sid="UseCreationQueue", actions=(_GET, _PUT), keys=("gate#creation",))
_TOKENS = ("token#*",)
_SAVE_TOKENS = Rows(sid="SaveTokens", actions=(_PUT,), keys=_TOKENS)
# A function that changes the creation queue notifies others of their slots; one that records a
# decision ends the wait for it.
_READ_TOKENS = Rows(sid="ReadTokens", actions=(_GET,), keys=_TOKENS)
_SAVE_CREATIONS = Rows(sid="SaveCreations", actions=(_PUT,), keys=_CREATIONS)
_QUEUE = (_CREATION_QUEUE, _READ_TOKENS)
_RETIREMENTS = ("retirement#*",)
_RETIREMENT_TOKENS = ("token#retirement#*",)
_EXECUTION_TOKENS = ("token#execution#*",)
_READ_RETIREMENTS = Rows(sid="ReadRetirements", actions=(_GET,), keys=_RETIREMENTS)
_USE_RETIREMENTS = Rows(sid="UseRetirements", actions=(_GET, _UPDATE), keys=_RETIREMENTS)
_CLOSING_QUEUE = Rows(sid="UseClosingQueue", actions=(_GET, _PUT), keys=("queue#closing",))
_CLOSING = (
    _CLOSING_QUEUE,
    Rows(sid="ReadTokens", actions=(_GET,), keys=_RETIREMENT_TOKENS),
)
# A request that ended keeps neither its locks nor its place in the creation queue from others.
_GIVE_BACK = (_FREE_LOCKS, *_QUEUE)


def _requests(
    *actions: str,
    besides: tuple[str, ...] = (),
    sid: str = "UseRequests",
    in_transactions: bool = False,
) -> Rows:
    keys = (_REQUESTS, *besides)
    return Rows(sid=sid, actions=actions, keys=keys, in_transactions=in_transactions)


REQUESTS_ONLY = "UseRequests"
"""The sid of what a function that is not in `LEDGER_ROWS` may do: its actions, on requests."""

LEDGER_ROWS: Mapping[str, tuple[Rows, ...]] = {
    "AcceptRetirement": (
        # It looks at requests that have a lock on the account.
        Rows(sid="ReadRetirements", actions=(_GET,), keys=(*_RETIREMENTS, _REQUESTS)),
        Rows(
            sid="ClaimWithLocks",
            actions=(_PUT,),
            keys=(*_RETIREMENTS, *_LOCKS),
            in_transactions=True,
        ),
        _FREE_LOCKS,
    ),
    "ReserveClosing": (
        _USE_RETIREMENTS,
        *_CLOSING,
        Rows(sid="SaveTokens", actions=(_PUT,), keys=_RETIREMENT_TOKENS),
    ),
    "DeregisterDelegatedAdministrator": (_USE_RETIREMENTS,),
    "CloseAccount": (_USE_RETIREMENTS, *_CLOSING),
    "DescribeClosure": (_READ_RETIREMENTS, *_CLOSING),
    "RecordRetirement": (_USE_RETIREMENTS, *_CLOSING, _FREE_LOCKS),
    "AcceptRequest": (
        _requests(_GET, besides=(*_USAGE, *_RECORDS), sid="ReadRequests"),
        _UNIT_PATHS,
        Rows(sid="UseOrganizationCache", actions=(_GET, _PUT), keys=("organization#*",)),
        # Claim, locks, the account's record and what is left of the ceilings in one transaction,
        # which one statement allows as a whole: whether AWS holds each item or all keys together
        # against the condition is not documented.
        _requests(
            _PUT,
            _UPDATE,
            besides=(*_LOCKS, *_USAGE, *_RECORDS),
            sid="ClaimWithLocks",
            in_transactions=True,
        ),
        # Taken away from requests that are over.
        _FREE_LOCKS,
    ),
    "AwaitApproval": (
        _requests(_GET, _UPDATE, besides=_RETIREMENTS, sid="AwaitDecisions"),
        _SAVE_TOKENS,
    ),
    # Of requests and of retirements; it ends their waits.
    "DecideApproval": (
        _READ_TOKENS,
        _requests(_GET, _UPDATE, besides=_RETIREMENTS, sid="Decide"),
    ),
    "ReserveCreation": (_requests(_GET, _UPDATE), *_QUEUE, _SAVE_TOKENS),
    "CreateAccount": (_requests(_GET, _UPDATE), *_QUEUE, _SAVE_CREATIONS),
    "CreateGovCloudAccount": (_requests(_GET, _UPDATE), *_QUEUE, _SAVE_CREATIONS),
    "DescribeCreateAccountStatus": (
        _requests(_GET, _UPDATE),
        *_QUEUE,
        _SAVE_TOKENS,
        Rows(sid="ReadCreations", actions=(_GET,), keys=_CREATIONS),
    ),
    "AnswerCreateAccount": (
        _requests(_GET, besides=(*_CREATIONS, *_TOKENS), sid="ReadRequests"),
        Rows(sid="NoteCreations", actions=(_UPDATE,), keys=_CREATIONS),
    ),
    "DescribeHandshake": (_requests(_UPDATE), _SAVE_TOKENS),
    "StartPrimaryEmailUpdate": (_requests(_UPDATE), _SAVE_TOKENS),
    # It leaves pointers by which an invitation's answer finds its request.
    "InviteAccountToOrganization": (
        _requests(_GET, _UPDATE),
        Rows(sid="SavePointers", actions=(_PUT,), keys=_INVITATION_POINTERS),
    ),
    "AnswerHandshake": (_requests(_GET, besides=(*_INVITATION_POINTERS, *_TOKENS)),),
    # It looks at the locks that others have on the account.
    "DescribeAccount": (_requests(_UPDATE), _requests(_GET, besides=_LOCKS, sid="ReadLocks")),
    # What a path led to, so that it is not searched for among all units again.
    "CreateOrganizationalUnit": (_UNIT_PATHS,),
    "MoveAccount": (_UNIT_PATHS,),
    # The request's row, the account's record and its revision in one transaction.
    "RecordVended": (
        _requests(_GET, besides=_RECORDS, sid="ReadRequests"),
        _requests(
            _UPDATE,
            besides=(*_RECORDS, *_REVISIONS),
            sid="RecordRevision",
            in_transactions=True,
        ),
        _FREE_LOCKS,
    ),
    # It also remembers requests that were refused before they had a row.
    "RecordFailure": (_requests(_GET, _PUT, _UPDATE), *_GIVE_BACK),
    "RecordExecutionEnd": (_requests(_GET, _PUT, _UPDATE), *_GIVE_BACK),
    # It shows, and records decisions.
    "ServeApi": (
        Rows(
            sid="ReadRequestsAndAccounts",
            actions=(_GET,),
            keys=(_REQUESTS, *_RECORDS, *_REVISIONS, *_RETIREMENTS),
        ),
        _READ_TOKENS,
        _requests(_UPDATE, besides=_RETIREMENTS, sid="Decide"),
    ),
    # Whether another execution has the request, and the account of a deleted resource was vended.
    "RequestCustomAccount": (
        Rows(sid="LookForRequests", actions=(_GET,), keys=(_REQUESTS, *_RECORDS)),
    ),
    "WaitForCustomAccount": (Rows(sid="SaveTokens", actions=(_PUT,), keys=_EXECUTION_TOKENS),),
    "AnswerCustomAccount": (Rows(sid="ReadTokens", actions=(_GET,), keys=_EXECUTION_TOKENS),),
    "DescribeCustomAccount": (
        Rows(sid="LookForStates", actions=(_GET,), keys=(_REQUESTS, *_RETIREMENTS)),
    ),
    # What it found is in the accounts' records; it looks whether anybody changes an account now.
    "DetectDrift": (
        Rows(sid="UseRecords", actions=(_GET, _UPDATE), keys=_RECORDS),
        Rows(sid="LookForChanges", actions=(_GET,), keys=(_REQUESTS, *_RETIREMENTS)),
        Rows(sid="UseCursor", actions=(_GET, _PUT), keys=("reconciliation#accounts",)),
    ),
    # It has an item of its own, which says how far it came.
    "ReconcileLedger": (
        _requests(_GET, _UPDATE),
        Rows(sid="UseCursor", actions=(_GET, _PUT), keys=("reconciliation#organization",)),
        # Closed accounts depart after 90 days.
        Rows(sid="MarkDepartures", actions=(_UPDATE,), keys=_RETIREMENTS),
        *_GIVE_BACK,
    ),
}
"""By function; LeadingKeys follow from what a function reads and writes, which no call says."""

QUEUEING = tuple(name for name, rows in LEDGER_ROWS.items() if _CREATION_QUEUE in rows)
"""Functions that change the creation queue, and hand the turn to the next there."""

CLOSING = tuple(name for name, rows in LEDGER_ROWS.items() if _CLOSING_QUEUE in rows)
"""Functions that change the closing queue."""
