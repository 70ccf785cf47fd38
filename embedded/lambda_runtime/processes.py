"""Starts the functions' processes: forked from a zygote, or each from nothing.

Both ways end in the same `bootstrap.serve`. Starting from nothing costs the import of the SDK,
Powertools and pydantic each time, and is for systems without os.fork and for functions whose
environment differs in what those packages read while they are imported.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")

_END_SECONDS = 2.0
"""How long a zygote may take to end its processes and itself; they end without it as well."""

Ended = Callable[[int], None]
"""Called once with the status, as of os.waitpid, when a process is gone."""


class Process(Protocol):
    """A running function process."""

    def kill(self) -> None:
        """End it at once; its `Ended` is called when it is gone. May be called again."""


class Launcher:
    """Starts processes that run functions of one asset.

    Args:
        asset: the functions' folder, first on the processes' import path.
        runtime: the folder with the runtime client, or without one.
        shared: the environment variables that are the same for every function.
        fork: whether to fork processes from a zygote.
    """

    def __init__(
        self, *, asset: Path, runtime: Path, shared: Mapping[str, str], fork: bool
    ) -> None:
        self._asset, self._runtime = asset.resolve(), runtime.resolve()
        self._lifeline, self._lifeline_held = os.pipe()
        self.shared = {
            **shared,
            "HOME": os.devnull,
            "LAMBDA_RUNTIME_DIR": str(self._runtime),
            "LAMBDA_TASK_ROOT": str(self._asset),
        }
        """HOME holds nothing, and nothing can be put there, as on Lambda: without one, the SDK
        would read this user's configuration."""
        self._zygote = self._start_zygote() if fork else None

    def start(
        self,
        environment: Mapping[str, str],
        *,
        clock: str,
        output: int,
        ended: Ended,
    ) -> Process:
        """Start a process that serves the handler of `environment`, with nothing else in it.

        Args:
            environment: all its variables.
            clock: the file that its time goes by (`Clock.path`).
            output: the file that takes its stdout and stderr; the caller's to close.
            ended: called when the process is gone, however that came about.
        """
        launch = {**self._launch(), "clock": clock}
        if self._zygote is not None and self._zygote.can_become(environment):
            return self._zygote.fork(launch, environment, output, ended)
        process = subprocess.Popen(  # noqa: S603
            self._command("function", launch, environment),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(self._lifeline,),
            start_new_session=True,  # Ctrl-C in a terminal is for the embedded AWS
        )
        return _Spawned(process, ended)

    def close(self) -> None:
        """End the zygote and every process started here."""
        os.close(self._lifeline_held)
        os.close(self._lifeline)
        if self._zygote is not None:
            self._zygote.close()

    def _start_zygote(self) -> _Zygote:
        ours, theirs = socket.socketpair()
        process = subprocess.Popen(  # noqa: S603
            self._command("zygote", {"control": theirs.fileno()}, self.shared),
            env=self.shared,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), self._lifeline),
            start_new_session=True,
        )
        theirs.close()
        return _Zygote(process, ours)

    def _launch(self) -> dict[str, Any]:
        return {
            "asset": str(self._asset),
            "runtime": str(self._runtime),
            "lifeline": self._lifeline,
        }

    def _command(
        self, mode: str, launch: Mapping[str, Any], environment: Mapping[str, str]
    ) -> list[str]:
        # As on Lambda, nothing is written into the asset, not even bytecode.
        options = ["-I", "-S", "-B", "-X", "utf8"]
        document = json.dumps({**self._launch(), **launch, "variables": list(environment)})
        return [sys.executable, *options, str(_BOOTSTRAP), mode, document]


class _Spawned:
    def __init__(self, process: subprocess.Popen[bytes], ended: Ended) -> None:
        self._process = process
        threading.Thread(target=self._wait, args=(ended,), daemon=True).start()

    def _wait(self, ended: Ended) -> None:
        code = self._process.wait()
        ended(-code if code < 0 else code << 8)

    def kill(self) -> None:
        self._process.kill()


class _Forked:
    def __init__(self, zygote: _Zygote, number: int, ended: Ended) -> None:
        self._zygote, self._number, self.ended = zygote, number, ended

    def kill(self) -> None:
        self._zygote.send({"kill": self._number})


class _Zygote:
    """The launcher's end of a zygote process; see zygote.py for what is said."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process, self._control = process, control
        self._numbers = itertools.count(1)
        self._forked: dict[int, _Forked] = {}
        self._sending = threading.Lock()
        self._ready = threading.Event()
        self._read: dict[str, str | None] = {}
        self._usable = False
        threading.Thread(target=self._listen, name="lambda-zygote", daemon=True).start()

    def can_become(self, environment: Mapping[str, str]) -> bool:
        """Whether a process with these variables may be forked: wherever it would have differed."""
        self._ready.wait()
        if not self._usable or "*" in self._read:
            return False
        if "*_proxy" in self._read and any(name.lower().endswith("_proxy") for name in environment):
            return False
        return all(
            environment.get(name) == value
            for name, value in self._read.items()
            if name != "*_proxy"
        )

    def fork(
        self,
        launch: Mapping[str, Any],
        environment: Mapping[str, str],
        output: int,
        ended: Ended,
    ) -> Process:
        number = next(self._numbers)
        forked = self._forked[number] = _Forked(self, number, ended)
        message = {"fork": number, "launch": launch, "environment": dict(environment)}
        sent = self.send(message, files=[output])
        if not sent and self._forked.pop(number, None) is not None:
            ended(signal.SIGKILL)
        return forked

    def send(self, message: Mapping[str, Any], files: list[int] | None = None) -> bool:
        """Send; False when the zygote is gone."""
        data = json.dumps(message).encode() + b"\n"
        with self._sending:
            try:
                sent = socket.send_fds(self._control, [data], files or [])
                self._control.sendall(data[sent:])
            except OSError:
                return False
        return True

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._control.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if "ready" in message:
                    self._read, self._usable = message["read"], message["forkable"]
                    self._ready.set()
                elif (forked := self._forked.pop(message["ended"], None)) is not None:
                    forked.ended(message["status"])
        # A zygote that is gone has ended its processes, or they end with this one's lifeline.
        self._usable = False
        self._ready.set()
        for number in list(self._forked):
            if (forked := self._forked.pop(number, None)) is not None:
                forked.ended(signal.SIGKILL)
