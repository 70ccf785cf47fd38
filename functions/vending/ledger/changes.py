"""Changes of the ledger's rows as its stream delivers them, and as the audit trail keeps them.

An entry of the trail says when, by whom and how a request's row changed, and what it is afterwards.
Tokens of Step Functions, by which anybody may answer for a step, are in none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.items import from_dynamodb

_SECRET = "taskToken"  # noqa: S105  the name of what is left out
_SEQUENCE_DIGITS = 40
"""Of the longest sequence number of DynamoDB's (API reference, StreamRecord)."""

AUDITED = (keys.REQUEST, keys.RETIREMENT)
"""What the keys of rows begin with whose changes are kept."""

Entry = dict[str, Any]
"""{eventId, sequence, at, change, by, requestId, state, changed, row}.

`change` is INSERT, MODIFY or REMOVE; `row` is what the row is then, or was, where it was removed.
`by` is null where one of our executions, or an administrator, wrote it."""


def entry_of(record: Mapping[str, Any]) -> Entry | None:
    """The entry for a record of the stream; None where it is about no request or retirement.

    What a retirement is called, where requests have their ids, is `retirement#<account>`.
    """
    change = record["dynamodb"]
    before = from_dynamodb(change.get("OldImage", {}))
    after = from_dynamodb(change.get("NewImage", {}))
    row = after or before
    pk = str(from_dynamodb(change["Keys"])["pk"])
    if not pk.startswith(AUDITED):
        return None
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {
        "eventId": record["eventID"],
        "sequence": str(change["SequenceNumber"]),
        "at": _moment(after, change),
        "change": record["eventName"],
        "by": (record.get("userIdentity") or {}).get("principalId"),
        "requestId": pk.removeprefix(keys.REQUEST),
        "state": row.get("state"),
        "changed": sorted(name for name in changed if name not in (_SECRET, "pk")),
        "row": _without_tokens(row),
    }


def objects(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """The objects that keep the entries: each one's key, and its entries in order.

    By day and request, so that either is found by listing keys. The same entries always have the
    same key: a batch that comes again writes the same objects.
    """
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry["requestId"], []).append(entry)
    for request_id, of_request in found.items():
        first = of_request[0]
        sequence = first["sequence"].zfill(_SEQUENCE_DIGITS)
        yield f"{day(first['at'])}{quote(request_id, safe='')}/{sequence}.jsonl", of_request


def day(moment: str) -> str:
    """What the keys of a moment's day begin with: `2026/11/28/`."""
    return moment[:10].replace("-", "/") + "/"


def request_of(key: str) -> str:
    """The request that an object's key names, quoted as there."""
    return key.split("/")[3]


def _moment(row: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """When the row says it was written; the stream's time, in whole seconds, where it is gone."""
    return str(row.get("updatedAt") or timestamp(float(change["ApproximateCreationDateTime"])))


def _without_tokens(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_tokens(inner) for name, inner in value.items() if name != _SECRET}
    if isinstance(value, list):
        return [_without_tokens(inner) for inner in value]
    return value
