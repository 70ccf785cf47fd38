"""What Step Functions caught, as what happened and what to do next."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from vending.errors.catalogue import explain
from vending.model import Model

_FIELDS = ("code", "reason", "message", "remedy")
_MESSAGE_MAX = 8_000
"""Characters; the record travels in events and in the workflow's data, both limited to 256 KiB."""


class CaughtError(Model):
    """`Error` and `Cause` as a Catch gives them, taken as they come: this is the last step."""

    name: str = Field("Unknown", alias="Error")
    cause: Any = Field(None, alias="Cause")


def from_catch(caught: CaughtError) -> dict[str, Any]:
    """A full error {code, reason, message, remedy, owner, wait}, whatever was caught.

    A function's own error is carried as JSON in the cause's errorMessage; everything else (a
    time-out, a dead process, an error of the AWS SDK) is explained by its name.
    """
    text = caught.cause if isinstance(caught.cause, str) else json.dumps(caught.cause or "")
    cause = _object(text)
    if cause is not None:
        text = str(cause.get("errorMessage") or text)
        own = _object(text)
        if own is not None and isinstance(own.get("code"), str):
            return _completed(own)
    code = str(cause.get("errorType") or caught.name) if cause else caught.name
    words = explain(caught.name)
    if not words.known:
        words = explain(code)
    message = f"{words.what} {text}".strip()
    return {
        "code": words.code,
        "reason": None,
        "message": message[:_MESSAGE_MAX],
        "remedy": words.remedy,
        "owner": words.owner,
        "wait": words.wait,
    }


def _completed(own: dict[str, Any]) -> dict[str, Any]:
    texts = {key: own[key] if isinstance(own.get(key), str) else None for key in _FIELDS}
    words = explain(texts["code"] or "", texts["reason"])
    return {
        "code": texts["code"],
        "reason": texts["reason"],
        "message": (texts["message"] or words.what)[:_MESSAGE_MAX],
        "remedy": texts["remedy"] or words.remedy,
        "owner": words.owner,
        "wait": words.wait,
    }


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
