"""JSON as AWS reads it: Python's own reader takes more than JSON allows."""

from __future__ import annotations

import json
from typing import Any


def loads(text: str) -> Any:
    """The value of `text`; ValueError for NaN, Infinity and halves of surrogate pairs too.

    And for what is nested deeper than Python reads. How deep AWS's own readers go, it does not say.
    """
    try:
        value = json.loads(text, parse_constant=_refused)
        # Written anew, as a surrogate may be spelled by an escape or stand in the text itself.
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return value


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")
