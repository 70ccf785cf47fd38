"""How CloudFormation is answered: a small JSON document, put where the request says.

AWS CloudFormation User Guide, "Custom resource response objects": at most 4,096 bytes, put to the
signed URL of the request. Whoever has that URL can answer, so that it is logged nowhere.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from vending.custom_resource.event import CustomResourceEvent
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, ServiceUnavailable

RESPONSE_MAX = 4096
"""Bytes of a response."""

_S3 = re.compile(
    r"([a-z0-9][a-z0-9.-]*\.)?s3([.-][a-z0-9-]+)?(\.dualstack)?(\.[a-z0-9-]+)?"
    r"\.amazonaws\.com(\.cn)?"
)
_SECONDS = 20.0
_DONE = 200
_BUSY = (429, 500, 502, 503, 504)


class Send(Protocol):
    """Puts a body to a URL; returns the HTTP status."""

    def __call__(self, url: str, body: bytes) -> int: ...


def body_of(
    event: CustomResourceEvent,
    *,
    physical_resource_id: str,
    data: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bytes:
    """The response: SUCCESS with `data` for Fn::GetAtt, or FAILED with what `error` says."""
    response: dict[str, Any] = {
        "Status": "SUCCESS" if error is None else "FAILED",
        "PhysicalResourceId": physical_resource_id,
        "StackId": event.stack_id,
        "RequestId": event.delivery_id,
        "LogicalResourceId": event.logical_resource_id,
    }
    if error is None:
        # What is not known is empty: a template that asks for a missing attribute fails.
        known = (data or {}).items()
        response["Data"] = {key: "" if value is None else str(value) for key, value in known}
        return _encoded(response)
    message = str(error.get("message") or "")
    while True:
        body = _encoded({**response, "Reason": _reason(error, message)})
        if len(body) <= RESPONSE_MAX or not message:
            return body
        message = f"{message[: len(message) * 9 // 10 - 1]}…" if len(message) > 1 else ""


def put(url: str, body: bytes, *, endpoint: str | None, send: Send) -> None:
    """Put the response to the URL.

    Args:
        url: where the request says.
        body: of `body_of`.
        endpoint: what the SDK is told to call instead of AWS, as on a laptop; None on AWS.
        send: does it.

    Raises:
        OperationRefused: the URL is not S3's, or S3 refuses: it is too late.
        ServiceUnavailable: S3 gave no usable answer.
    """
    if not _is_s3(url, endpoint):
        words = explain("ResponseUrlRefused")
        raise OperationRefused(words.what, code=words.code, remedy=words.remedy)
    try:
        status = send(url, body)
    except (OSError, http.client.HTTPException) as problem:
        raise ServiceUnavailable(
            f"The response could not be put: {type(problem).__name__}.",
            remedy="No action needed: the workflow retries automatically.",
        ) from None
    if status in _BUSY:
        raise ServiceUnavailable(
            f"S3 answered {status}.", remedy="No action needed: the workflow retries automatically."
        )
    if status != _DONE:
        words = explain("ResponseRefused")
        raise OperationRefused(
            f"{words.what} S3 answered {status}.", code=words.code, remedy=words.remedy
        )


def send(url: str, body: bytes) -> int:
    """Put it by HTTP, without following where another server sends it."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        # The URL is signed without a content type.
        connection.request("PUT", f"{parts.path}?{parts.query}", body, {"Content-Type": ""})
        return connection.getresponse().status
    finally:
        connection.close()


def _is_s3(url: str, endpoint: str | None) -> bool:
    parts = urlsplit(url)
    if endpoint is not None:
        wanted = urlsplit(endpoint)
        return (parts.scheme, parts.netloc) == (wanted.scheme, wanted.netloc)
    # Nothing else but a host, which urlsplit has in lower case only as `hostname`.
    is_host = parts.netloc == parts.hostname
    return parts.scheme == "https" and is_host and bool(_S3.fullmatch(parts.netloc))


def _reason(error: Mapping[str, Any], message: str) -> str:
    """What happened and what to do; of both, what happened is cut where there is no room."""
    code, reason = error.get("code"), error.get("reason")
    name = f"{code}/{reason}" if reason else str(code)
    return f"{name}: {message} {error.get('remedy') or ''}".strip()


def _encoded(response: Mapping[str, Any]) -> bytes:
    return json.dumps(response, ensure_ascii=False, separators=(",", ":")).encode()
