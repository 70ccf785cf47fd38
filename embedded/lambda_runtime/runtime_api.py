"""The Lambda Runtime API on loopback, for one execution environment.

AWS page: "Using the Lambda runtime API for custom runtimes" (version 2018-06-01). A runtime asks
for the next invocation, answers it with a response or an error, and asks again; or it reports that
it could not start.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Literal, cast

from embedded.core.frozen import frozen

_PREFIX = "/2018-06-01/runtime"


@frozen
class Invocation:
    """One event for the handler. `deadline_ms` is virtual time in epoch milliseconds."""

    request_id: str
    payload: bytes
    function_arn: str
    trace_id: str
    deadline_ms: int
    client_context: str | None = None


@frozen
class Report:
    """What became known about an environment.

    `started`: its runtime took the invocation. `response`, `error`: it answered, with `body`.
    `init-error`: it cannot start, for the reason in `body`. `ended`: the process is gone, with
    `status` as os.waitpid gives it.
    """

    kind: Literal["started", "response", "error", "init-error", "ended"]
    body: bytes = b""
    status: int = 0


class RuntimeApi:
    """One environment's side of the API: invocations go in, reports come out.

    Attributes:
        reports: what happened, in order.
        address: `host:port` for AWS_LAMBDA_RUNTIME_API.
    """

    def __init__(self) -> None:
        self.reports: queue.Queue[Report] = queue.Queue()
        self._invocations: queue.Queue[Invocation | None] = queue.Queue()
        self._current = ""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_until_closed, name="lambda-runtime-api", daemon=True
        ).start()

    def invoke(self, invocation: Invocation) -> None:
        """Hand the invocation to the runtime as soon as it asks."""
        self._invocations.put(invocation)

    def close(self) -> None:
        """Stop serving; a runtime that waits for an invocation is sent away."""
        self._invocations.put(None)
        self._server.close()

    def next_invocation(self) -> Invocation | None:
        """Wait for the next invocation; None when the environment is being closed."""
        return self._invocations.get()

    def begin(self, invocation: Invocation) -> None:
        """The runtime takes the invocation."""
        self._current = invocation.request_id
        self.reports.put(Report(kind="started"))

    def answer(self, request_id: str, kind: Literal["response", "error"], body: bytes) -> bool:
        """Take the runtime's answer; False when it is not the one that is waited for."""
        if request_id != self._current:
            return False
        self._current = ""
        self.reports.put(Report(kind=kind, body=body))
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: RuntimeApi
    _open = True

    def serve_until_closed(self) -> None:
        # Like serve_forever, which would wake up twice a second to see whether it is to end.
        while self._open:
            self.handle_request()
        self.server_close()

    def close(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_port)).close()

    def handle_error(self, request: object, client_address: object) -> None:
        """A killed function drops its connections; that is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    _ERRORS: ClassVar[dict[str, str]] = {
        "errorMessage": "Invalid request ID",
        "errorType": "InvalidRequestID",
    }

    @property
    def _api(self) -> RuntimeApi:
        return cast("_Server", self.server).api

    def do_GET(self) -> None:
        if self.path != f"{_PREFIX}/invocation/next":
            self._send(404, b"{}")
            return
        invocation = self._api.next_invocation()
        if invocation is None or not self._is_somebody_there():
            self.close_connection = True
            return
        self._api.begin(invocation)
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace_id,
        }
        if invocation.client_context is not None:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._send(200, invocation.payload, headers)

    def do_POST(self) -> None:
        body = self._body()
        if self.path == f"{_PREFIX}/init/error":
            self._api.reports.put(Report(kind="init-error", body=body))
            self._send(202, b'{"status":"OK"}')
            return
        *_, request_id, kind = self.path.split("/")
        if kind not in {"response", "error"}:
            self._send(404, b"{}")
        elif self._api.answer(request_id, cast("Literal['response', 'error']", kind), body):
            self._send(202, b'{"status":"OK"}')
        else:
            self._send(400, json.dumps(self._ERRORS).encode())

    def _is_somebody_there(self) -> bool:
        """Whether the runtime still waits: a process that died idle has closed its connection."""
        self.connection.setblocking(False)
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.connection.setblocking(True)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nothing to stderr: the function's own log shows what happened."""
