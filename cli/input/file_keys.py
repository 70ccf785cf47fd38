"""What an account's file says beside its request: `lifecycle`, and `reason` of one that is retired.

A request has neither: retiring an account is another event. `vend apply` reads both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LIFECYCLE, REASON = KEYS = ("lifecycle", "reason")
LIFECYCLES = ("active", "retired")
REASON_LENGTH = (1, 512)


def problems(value: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the keys of a file."""
    lifecycle, reason = value.get(LIFECYCLE, "active"), value.get(REASON)
    least, most = REASON_LENGTH
    if lifecycle not in LIFECYCLES:
        yield f"{LIFECYCLE}: must be {' or '.join(LIFECYCLES)}"
    if REASON in value and lifecycle != "retired":
        yield (
            f"{REASON}: says why an account is retired, and has no meaning without {LIFECYCLE} "
            "retired"
        )
    elif REASON in value and not (isinstance(reason, str) and least <= len(reason) <= most):
        yield f"{REASON}: must be text of {least} to {most} characters"


def problems_of_request(value: Mapping[str, Any]) -> Iterator[str]:
    """Keys of a file in what is sent as a request."""
    for key in KEYS:
        if key in value:
            yield (
                f"{key}: is a key of an account's file, and of no request; `vend plan` shows what "
                "such a file would change, and `vend apply` carries it out"
            )


def without(value: Mapping[str, Any]) -> dict[str, Any]:
    """The request that a file has."""
    return {key: each for key, each in value.items() if key not in KEYS}


def schema() -> dict[str, Any]:
    """The JSON Schema of a file: that of a request, with the keys of files."""
    from vending.request import account_request  # noqa: PLC0415 -- pydantic is slow

    request = account_request.schema()
    least, most = REASON_LENGTH
    own = {
        LIFECYCLE: {
            "type": "string",
            "enum": list(LIFECYCLES),
            "default": LIFECYCLES[0],
            "description": "Whether the account is wanted, or is retired: suspended, and closed "
            "after the grace period.",
        },
        REASON: {
            "type": "string",
            "minLength": least,
            "maxLength": most,
            "description": "Why the account is retired.",
        },
    }
    return {
        **request,
        "title": "Account file",
        "properties": request["properties"] | own,
        "dependentSchemas": {
            REASON: {"properties": {LIFECYCLE: {"const": "retired"}}, "required": [LIFECYCLE]}
        },
    }
