"""Where an HTTP API is reached: below `/execute-api/<api>` of the embedded AWS's own address.

On AWS each API has a host of its own, `<api>.execute-api.<region>.amazonaws.com`; that name as the
Host header works here, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from embedded.core import context

AUTHORIZATIONS = ("AWS_IAM", "JWT", "NONE")
"""The authorization types of routes."""

PREFIX = "/execute-api/"
_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.")


def url_of(api_id: str, region: str) -> str:
    """The API's endpoint; AWS's own form while no embedded AWS serves."""
    if not context._active or not context.current().endpoint_url:
        return f"https://{api_id}.execute-api.{region}.amazonaws.com"
    return f"{context.current().endpoint_url}{PREFIX}{api_id}"


def addressed(environ: Mapping[str, Any]) -> tuple[str, str] | None:
    """The API that a request is for, and the path within it; None where it is for none."""
    path = environ.get("PATH_INFO", "")
    if path.startswith(PREFIX):
        api_id, _, rest = path.removeprefix(PREFIX).partition("/")
        return api_id, f"/{rest}"
    host = _HOST.match(environ.get("HTTP_HOST", ""))
    return (host[1], path or "/") if host else None
