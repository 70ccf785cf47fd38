"""Calls of clients in this process, answered without a connection.

The server's port is for everybody else. What runs in the server's own process would spend more on
the wire than most calls do: two sockets, two threads, and headers that are written and read twice.
The same application answers; only the bytes between are left out.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from botocore.awsrequest import AWSPreparedRequest

    from embedded.core.context import Context

_LOG = logging.getLogger(__name__)
_CHUNK = 65_536
_OF_THE_WIRE = ("EXPECT", "TRANSFER_ENCODING")
"""Headers that say how a body is sent; here it is there at once."""


def attach(client: Any, context: Context) -> Any:
    """The client, whose calls the server of `context` answers in the calling thread."""

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        return _answered(request, context)

    client.meta.events.register("before-send", send)
    return client


def called(
    app: WSGIApplication, environ: dict[str, Any]
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status, headers and whole body that a WSGI application answers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written = io.BytesIO()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        del exc_info
        started[:] = [(status, headers)]
        return written.write

    chunks = app(environ, start_response)
    try:
        written.writelines(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    status, headers = started[0]
    return status, headers, written.getvalue()


class _Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """The rest of it."""
        yield from iter(lambda: self.read(_CHUNK), b"")


def _answered(request: AWSPreparedRequest, context: Context) -> AWSResponse | None:
    """The answer; None where nothing is served here, or where only the wire keeps what is said.

    Raises:
        ConnectionClosedError: the answer is to be lost.
    """
    if context.app is None or any("_" in str(name) for name in request.headers):
        return None  # names with an underscore: see MotoRequestHandler.make_environ
    url = str(request.url)
    try:
        status, headers, body = called(context.app, _environ(request, url))
    except OSError as error:
        raise ConnectionClosedError(endpoint_url=url, request=request, error=error) from error
    except Exception:
        _LOG.exception("%s failed", url)
        status, headers, body = "500 INTERNAL SERVER ERROR", [], b""
    if request.method == "HEAD":
        body = b""
    return AWSResponse(url, int(status.split()[0]), cast("Any", dict(headers)), _Raw(body))


def _environ(request: AWSPreparedRequest, url: str) -> dict[str, Any]:
    """As werkzeug's server makes it."""
    split = urlsplit(url)
    target = f"{split.path or '/'}?{split.query}" if split.query else split.path or "/"
    body = _bytes(request.body)
    environ: dict[str, Any] = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(split.path or "/").decode("latin-1"),
        "QUERY_STRING": split.query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": split.hostname or "",
        "SERVER_PORT": str(split.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": split.netloc,
        "CONTENT_LENGTH": str(len(body)),
    }
    for name, value in request.headers.items():
        key = str(name).upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if key == "CONTENT_TYPE":
            environ[key] = text
        elif key != "CONTENT_LENGTH" and key not in _OF_THE_WIRE:
            environ[f"HTTP_{key}"] = text
    return environ


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else bytes(body.read())
