"""What the API answers where it refuses: RFC 9457's problem details, with every mistake."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from vending.errors.exceptions import (
    RequestConflict,
    RequestInvalid,
    RequestNotAllowed,
    StateConflict,
    TransientError,
    UnknownResource,
    VendingError,
)

CONTENT_TYPE = "application/problem+json"
RETRY_STATUS = HTTPStatus.SERVICE_UNAVAILABLE
RETRY_AFTER_SECONDS = 5
"""What a caller waits at least before it repeats what failed by something that passes."""


STATUSES: tuple[tuple[type[VendingError], HTTPStatus], ...] = (
    (RequestInvalid, HTTPStatus.BAD_REQUEST),
    (RequestNotAllowed, HTTPStatus.FORBIDDEN),
    (UnknownResource, HTTPStatus.NOT_FOUND),
    (RequestConflict, HTTPStatus.CONFLICT),
    (StateConflict, HTTPStatus.CONFLICT),
    (TransientError, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first that fits; anything else is the installation's fault."""


def status_of(error: VendingError) -> HTTPStatus:
    """The HTTP status of the error's answer."""
    fitting = (status for kind, status in STATUSES if isinstance(error, kind))
    return next(fitting, HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: VendingError) -> dict[str, Any]:
    """The error as problem details.

    {type, title, status, detail, code, reason, remedy, owner, problems}; `problems` lists each
    mistake, where there are several or could be.
    """
    status, described = status_of(error), error.as_dict()
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": described["message"],
        "code": described["code"],
        "reason": described["reason"],
        "remedy": described["remedy"],
        "owner": described["owner"],
        "problems": list(getattr(error, "problems", [])),
    }
