"""Where the next page of a list begins: an opaque text, made of the last row that was shown.

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
    text = json.dumps([str(row[part]) for part in _PARTS])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(cursor: str | None) -> dict[str, str] | None:
    """The key of the row that the cursor was made of; RequestInvalid where it is none of ours."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        values = None
    is_ours = isinstance(values, list) and len(values) == len(_PARTS)
    if not is_ours or not all(isinstance(one, str) and one for one in values):
        raise RequestInvalid(["cursor: must be what an earlier answer has as nextCursor"])
    return dict(zip(_PARTS, values, strict=True))
