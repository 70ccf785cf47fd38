"""Where the next page begins: an opaque text, made of what was shown last.

A cursor never has a row that was not shown: it would tell of what others request.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from vending.errors.exceptions import RequestInvalid

_PARTS = ("pk", "state", "updatedAt")


def cursor_of(row: Mapping[str, Any]) -> str:
    """The cursor of what follows the row in an index by state and time."""
    return _written([str(row[part]) for part in _PARTS])


def position_of(cursor: str | None) -> dict[str, str] | None:
    """The key of the row that the cursor was made of; RequestInvalid where it is none of ours."""
    if cursor is None:
        return None
    values = _read(cursor)
    if len(values) != len(_PARTS) or not all(isinstance(one, str) and one for one in values):
        raise _not_ours()
    return dict(zip(_PARTS, values, strict=True))


def cursor_of_events(request_id: str, execution_arn: str | None, count: int) -> str:
    """The cursor of what follows the first `count` events of a request's execution."""
    return _written([request_id, execution_arn, count])


def count_of(cursor: str | None, request_id: str, execution_arn: str | None) -> int:
    """How many events of the request's execution were shown: none of one that began since.

    RequestInvalid where the cursor is none of ours, or of another request.
    """
    if cursor is None:
        return 0
    match _read(cursor):
        case [str(of), str() | None as execution, int(count)] if type(count) is int and count >= 0:
            if of != request_id:
                raise RequestInvalid(["cursor: is one of another request"])
            return count if execution == execution_arn else 0
    raise _not_ours()


def _written(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _not_ours() from None
    if not isinstance(values, list):
        raise _not_ours()
    return values


def _not_ours() -> RequestInvalid:
    return RequestInvalid(["cursor: must be what an earlier answer has as nextCursor"])
