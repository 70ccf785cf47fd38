"""What every error means and what to do next, read from one data file when an error needs it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from vending.frozen import frozen

Owner = Literal["retry", "requester", "administrator", "aws-support"]
"""Who must act: no one (it passes), the requester, the administrator, or AWS."""

Treatment = Literal["retry", "adopt", "reconcile", "fail"]
"""What the functions and the workflow do about it automatically."""


@frozen
class Explanation:
    """One error in words; `wait` is in seconds, None where waiting does not help."""

    code: str
    reason: str | None
    what: str
    owner: Owner
    remedy: str
    wait: int | None
    treatment: Treatment
    known: bool = True
    """False where the words are a fallback for a code or reason the catalogue does not have."""


def explain(code: str, reason: str | None = None) -> Explanation:
    """The catalogue's words for an AWS or vending error; a general answer for an unknown one.

    AWS adds reasons over time, so an unknown reason is explained by its code. A reason given in the
    place of a code is found too, and so is a name that AWS's pages print without its `Exception`.
    """
    code = _full_name(code)
    entry = _catalogue().get(code)
    if entry is None:
        return _explain_reason_alone(code) or _unknown(code, reason)
    reasons = entry.get("reasons", {})
    if reason in reasons:
        return _explanation(code, reason, reasons[reason])
    if reason and reasons:
        words = {**entry, "what": f"{entry['what']} AWS gives the reason {reason}."}
        return _explanation(code, reason, words, known=False)
    return _explanation(code, reason, entry)


def codes() -> dict[str, list[str]]:
    """Every code the catalogue explains, with its reasons."""
    return {code: sorted(entry.get("reasons", {})) for code, entry in _catalogue().items()}


def every() -> list[Explanation]:
    """Every error that the catalogue has, and every reason of one, in the order of the codes."""
    return [
        explain(code, reason) for code, reasons in codes().items() for reason in (None, *reasons)
    ]


def _full_name(code: str) -> str:
    """The code as the catalogue has it, where only `Exception` is missing; else as given."""
    known = _catalogue()
    full = f"{code}Exception"
    return full if code not in known and full in known else code


def _explain_reason_alone(reason: str) -> Explanation | None:
    for code, entry in _catalogue().items():
        if reason in entry.get("reasons", {}):
            return _explanation(code, reason, entry["reasons"][reason])
    return None


def _unknown(code: str, reason: str | None) -> Explanation:
    named = f"{code}/{reason}" if reason else code
    return Explanation(
        code=code,
        reason=reason,
        what=f"This version does not recognize the error {named}.",
        owner="administrator",
        remedy=(
            "Read the message and the function's log group, resolve the cause, and submit the "
            "request again: it resumes where it stopped."
        ),
        wait=None,
        treatment="fail",
        known=False,
    )


def _explanation(
    code: str, reason: str | None, entry: dict[str, Any], *, known: bool = True
) -> Explanation:
    words = {key: value for key, value in entry.items() if key != "reasons"}
    return Explanation(code=code, reason=reason, known=known, **words)


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_name("error_catalogue.json")
    loaded: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return loaded
