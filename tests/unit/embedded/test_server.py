"""The server's connections: they stay open, and a request never becomes part of the next."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from embedded.gateway.server import Server

_SECONDS = 10


def _app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers with the path and, at /echo only, what was sent."""
    path = environ["PATH_INFO"]
    if path == "/fails":
        raise RuntimeError("the application is at fault")
    if path == "/drops":
        raise ConnectionError("nobody is answered")
    if path == "/empty":
        start_response("204 NO CONTENT", [])
        return []
    body = environ["wsgi.input"].read() if path == "/echo" else path.encode()
    start_response("200 OK", [("Content-Length", "1000000"), ("X-Path", path)])
    return [body[:2], body[2:]]


@contextlib.contextmanager
def _serving() -> Iterator[Server]:
    server = Server(0, _app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def connection() -> Iterator[http.client.HTTPConnection]:
    """A client's connection, which does not connect a second time."""
    with _serving() as server:
        client = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=_SECONDS)
        client.connect()
        client.auto_open = 0
        yield client
        client.close()


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **more: Any
) -> tuple[int, bytes]:
    connection.request(method, path, body, **more)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_connection_serves_one_request_after_another(
    connection: http.client.HTTPConnection,
) -> None:
    answers = [_answer(connection, "GET", path) for path in ("/one", "/two", "/three")]

    assert answers == [(200, b"/one"), (200, b"/two"), (200, b"/three")]


def test_body_that_nobody_reads_is_no_part_of_the_next_request(
    connection: http.client.HTTPConnection,
) -> None:
    first = _answer(connection, "POST", "/one", b"GET /stolen HTTP/1.1\r\n\r\n" * 1000)

    second = _answer(connection, "GET", "/two")

    assert (first, second) == ((200, b"/one"), (200, b"/two"))


@pytest.mark.parametrize("body", [b"whole " * 10_000, [b"in ", b"chunks ", b"of a stream"], b""])
def test_body_reaches_the_application_whole(
    connection: http.client.HTTPConnection, body: bytes | list[bytes]
) -> None:
    more = {"encode_chunked": True, "headers": {"Transfer-Encoding": "chunked"}}

    answers = [
        _answer(connection, "POST", "/echo", body, **(more if isinstance(body, list) else {}))
        for _ in range(2)
    ]

    assert answers == [(200, body if isinstance(body, bytes) else b"".join(body))] * 2


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/one"), ("GET", "/empty")])
def test_answer_without_a_body_leaves_the_connection_usable(
    connection: http.client.HTTPConnection, method: str, path: str
) -> None:
    status, body = _answer(connection, method, path)

    assert body == b""
    assert status in (200, 204)
    assert _answer(connection, "GET", "/two") == (200, b"/two")


def test_request_that_waits_to_be_asked_for_its_body_is_asked(
    connection: http.client.HTTPConnection,
) -> None:
    raw = connection.sock
    raw.sendall(
        b"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    )

    asked = raw.recv(1000)
    raw.sendall(b"body")

    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert raw.recv(1000).startswith(b"HTTP/1.1 200 OK")


def test_application_that_fails_answers_500_and_ends_the_connection(
    connection: http.client.HTTPConnection,
) -> None:
    connection.request("GET", "/fails")
    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Connection")) == (500, "close")


def test_application_that_drops_the_connection_answers_nothing(
    connection: http.client.HTTPConnection,
) -> None:
    connection.request("GET", "/drops")

    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()


def test_client_that_asks_for_it_has_its_connection_closed(
    connection: http.client.HTTPConnection,
) -> None:
    answer = _answer(connection, "GET", "/one", headers={"Connection": "close"})

    assert answer == (200, b"/one")
    with pytest.raises(http.client.NotConnected):
        connection.request("GET", "/two")


def test_closed_server_ends_connections_that_are_idle() -> None:
    with _serving() as server:
        idle = socket.create_connection(("127.0.0.1", server.server_port), timeout=_SECONDS)
        idle.sendall(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200 OK")

    assert idle.recv(1000) == b""
    idle.close()


@pytest.mark.parametrize("is_closed", [False, True], ids=["open", "closed"])
def test_only_a_server_that_is_open_says_what_a_connection_failed_at(
    is_closed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server(0, _app)
    if is_closed:
        server.server_close()

    with contextlib.suppress(OSError), contextlib.ExitStack() as failing:
        failing.push(lambda *_: server.handle_error(None, ("127.0.0.1", 1)))
        raise OSError("the connection was ended")
    said = capsys.readouterr().err
    server.server_close()

    assert ("the connection was ended" in said) is not is_closed
    assert (said == "") is is_closed
