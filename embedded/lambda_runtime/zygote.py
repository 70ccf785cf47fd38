"""A process that has imported the functions' dependencies, and forks one for each environment.

Importing the SDK, Powertools, pydantic and the models that are made with it takes most of a cold
start, and so does reading the SDK's data; all of it is the same for every function of one asset. No
function is imported here, and nothing that reads its environment. What modules read from the
environment while they are imported is recorded and reported: an environment that differs there must
not be forked from this process, and the launcher starts it anew instead.

Runs inside that process, so it imports the standard library only. It talks with the launcher in
lines of JSON over one socket:

    in   {"fork": id, "launch": {...}, "environment": {...}}   and the file to write output to
    in   {"kill": id}
    out  {"ready": true, "read": {name: value or null}, "forkable": bool}
    out  {"ended": id, "status": as of os.waitpid}
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

PRELOADED = (
    "decimal",
    "http.client",
    "simplejson",
    "boto3.session",
    "boto3.dynamodb.conditions",
    "boto3.dynamodb.types",
    "botocore.client",
    "botocore.config",
    "botocore.exceptions",
    "botocore.httpsession",
    "vending.startup",
    "pydantic",
    "pydantic.json_schema",
    "aws_lambda_powertools",
    "aws_lambda_powertools.logging",
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.tracing",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.typing",
    "encodings.idna",
    "vending.authorization.request_policy",
    "vending.handler.settings",
    "vending.ledger.ledger",
    "vending.organization.preflight",
    "vending.request.organization_setup",
)
"""Where one of them is missing from the asset, the function that needs it says so itself."""

_ANY_NAME = "*"
_PROXIES = "*_proxy"
_FRAMES_OF_ITEMS_VIEW = 3


class _Recorded(type(os.environ)):  # type: ignore[misc]
    """The environment, with a note of what is read from it."""

    read: dict[str, str | None]

    @classmethod
    def of(cls, environ: Any) -> _Recorded:
        copy = cls(
            environ._data,
            environ.encodekey,
            environ.decodekey,
            environ.encodevalue,
            environ.decodevalue,
        )
        copy.read = {}
        return copy

    def __getitem__(self, name: str) -> str:
        self.read[name] = self._value(name)
        return str(super().__getitem__(name))

    def __contains__(self, name: object) -> bool:
        self.read[str(name)] = self._value(str(name))
        return bool(super().__contains__(name))

    def __iter__(self) -> Iterator[str]:
        # urllib looks through all names for the few that end in `_proxy`.
        frame: FrameType | None = sys._getframe(1)
        readers: list[str] = []
        while frame is not None and len(readers) < _FRAMES_OF_ITEMS_VIEW:
            readers.append(frame.f_code.co_name)
            frame = frame.f_back
        self.read[_PROXIES if "getproxies_environment" in readers else _ANY_NAME] = None
        names: Iterator[str] = super().__iter__()
        return names

    def _value(self, name: str) -> str | None:
        value = self._data.get(self.encodekey(name))
        return None if value is None else str(self.decodevalue(value))


def main(launch: dict[str, Any], serve: Callable[[dict[str, Any]], int]) -> NoReturn:
    """Import, report, then fork on demand until the launcher goes away."""
    control = socket.socket(fileno=launch["control"])
    recorded = _Recorded.of(os.environ)
    os.environ = recorded  # noqa: B003  same variables, watched
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    with contextlib.suppress(ImportError):
        _build_models()
        _read_sdk_data()
    ready = {
        "ready": True,
        "read": dict(recorded.read),
        "forkable": threading.active_count() == 1,
    }
    gc.collect()
    gc.freeze()
    _Zygote(control, serve).run(ready)
    os._exit(0)


def _build_models() -> None:
    """Build the models that would be built when they are first used."""
    from pydantic import BaseModel  # noqa: PLC0415

    models = BaseModel.__subclasses__()
    for model in models:
        models += model.__subclasses__()
        model.model_rebuild()


def _read_sdk_data() -> None:
    """Read into the default session, which all clients are made of, what clients are made from."""
    import boto3  # noqa: PLC0415

    boto3.DEFAULT_SESSION = session = boto3.Session()
    session.get_available_partitions()
    loader = session._session.get_component("data_loader")
    for service in session.get_available_services():
        for kind in ("service-2", "endpoint-rule-set-1"):
            loader.load_service_model(service, kind)


class _Zygote:
    def __init__(self, control: socket.socket, serve: Callable[[dict[str, Any]], int]) -> None:
        self._control = control
        self._serve = serve
        self._ids: dict[int, int] = {}
        self._files: list[int] = []
        self._received = b""
        self._woken, self._waker = socket.socketpair()
        for end in (self._woken, self._waker):
            end.setblocking(False)

    def run(self, ready: dict[str, Any]) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._send(ready)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            self._selector = selector
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._woken:
                        self._woken.recv(4096)
                        self._reap()
                    elif not self._receive():
                        self._kill_all()
                        return

    def _send(self, message: dict[str, Any]) -> None:
        # A launcher that is gone is noticed where it is listened to, and ends this process.
        with contextlib.suppress(ConnectionError):
            self._control.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self) -> bool:
        try:
            data, files, _, _ = socket.recv_fds(self._control, 1 << 16, 16)
        except ConnectionError:
            return False
        self._files += files
        self._received += data
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "fork" in message:
                self._fork(message, output=self._files.pop(0))
            else:
                self._kill(message["kill"])
        return bool(data)

    def _fork(self, message: dict[str, Any], *, output: int) -> None:
        try:
            pid = os.fork()
        except OSError:
            os.close(output)
            self._send({"ended": message["fork"], "status": signal.SIGKILL})
            return
        if pid:
            self._ids[pid] = message["fork"]
            os.close(output)
            return
        status = 1
        try:
            self._become_function(message["environment"], output)
            status = self._serve(message["launch"])
        finally:
            os._exit(status)

    def _become_function(self, environment: dict[str, str], output: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        for end in (self._control, self._woken, self._waker):
            end.close()
        for stream in (1, 2):
            os.dup2(output, stream)
        os.close(output)
        os.environ.clear()
        os.environ.update(environment)

    def _reap(self) -> None:
        while self._ids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._send({"ended": self._ids.pop(pid), "status": status})

    def _kill(self, number: int) -> None:
        # A process that was not reaped yet still owns its id, so nothing else can be hit.
        for pid, known in self._ids.items():
            if known == number:
                os.kill(pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        for pid in self._ids:
            os.kill(pid, signal.SIGKILL)
        for pid in self._ids:
            os.waitpid(pid, 0)  # whoever waits for this process knows then that all are gone
