"""The HTTP server that every client of the embedded AWS talks to, on loopback.

AWS keeps its clients' connections open, and so does this server: a new connection and a new thread
for every call cost more than what most calls do. Werkzeug's own handler closes each, because it
does not know whether a request was read to its end; this one reads it before it is answered.
"""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer

from embedded.core.in_process import called
from embedded.gateway.dispatcher import RequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_LOOPBACK = "127.0.0.1"
_WITHOUT_BODY = ("204", "304")
_OF_THE_SERVER = {"connection", "content-length", "transfer-encoding"}
"""Headers that say how an answer is sent, which is this server's to know."""


class Server(ThreadedWSGIServer):
    """Serves `app` on a port of 127.0.0.1, from its making on bound and not yet serving.

    Args:
        port: 0 takes a free one; `server_port` says which.
        app: what answers.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, port: int, app: WSGIApplication) -> None:
        self._connections: set[socket.socket] = set()
        self._changing = threading.Lock()
        # Bound here, because werkzeug ends the process where the port is taken. Like werkzeug's
        # own, the socket takes a port again that connections of an earlier server still linger on.
        with socket.create_server((_LOOPBACK, port)) as listener:
            super().__init__(
                _LOOPBACK, listener.getsockname()[1], app, Handler, fd=listener.fileno()
            )
        self.server_port = self.port
        self._is_closed = False  # werkzeug closes the socket that it does not use

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        with self._changing:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._changing:
            self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Take no more connections, and end those that are open: nobody is served any more."""
        self._is_closed = True
        super().server_close()
        with self._changing:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what failed; what a connection meets that was ended from here is no failure."""
        if not self._is_closed:
            super().handle_error(request, client_address)


class Handler(RequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    # An answer is written at once, and is not to wait for the client's acknowledgement of the last.
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        """Ask for the body of a request that waits to be asked."""
        asked = super().handle_expect_100()
        self.wfile.flush()
        return bool(asked)

    def run_wsgi(self) -> None:
        """Read one request to its end and answer it; the connection stays where nothing failed."""
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self._body(environ))
        try:
            status, headers, body = called(self.server.app, environ)
        except OSError:
            self.close_connection = True
            raise
        except Exception:
            self.server.log("error", f"Error on request:\n{traceback.format_exc()}")
            self.close_connection = True
            status, headers, body = "500 INTERNAL SERVER ERROR", [], b""
        self._send(status, headers, body)

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            return bytes(environ["wsgi.input"].read())
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return bytes(self.rfile.read(length)) if length else b""

    def _send(self, status: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        is_head = self.command == "HEAD"
        for name, value in headers:
            # What HEAD says of the length is that of a body that is not sent.
            if name.lower() not in _OF_THE_SERVER or (is_head and name.lower() == "content-length"):
                self.send_header(name, value)
        if not is_head and code not in _WITHOUT_BODY:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not is_head and code not in _WITHOUT_BODY:
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Calls are in the context's call log."""
