"""The command in processes of its own, and what is left when they have ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.workflow.vending import eventually

PROJECT = Path(__file__).resolve().parents[2]
REQUEST = PROJECT / "examples" / "requests" / "sandbox.yaml"
HEARS_SIGNALS = (
    "import signal\n"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
)
"""Tests that are run under nohup, or in the background, hand the ignored signals down."""

PROGRAM = (
    f"import sys; sys.path[:0] = [{str(PROJECT)!r}, {str(PROJECT / 'functions')!r}]\n"
    "from cli.main import main\n"
    "sys.exit(main())\n"
)
READY = "ready "
TOO_LONG = 120
"""Seconds, on a machine that does much else."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a process ended; what it printed that was not read before."""

    status: int
    out: str
    err: str
    seconds: float
    """From the signal, or from where its end was waited for."""
    left: list[str]
    """Processes and temporary files of its own that are still there."""


class Running:
    """`vend …`, with a folder for temporary files of its own.

    Args:
        words: of the command line.
        temporary: the folder, empty.
        environment: its variables, beside the folder and PATH.
        folder: where it starts.
        prelude: Python that runs first.
    """

    def __init__(
        self,
        *words: str,
        temporary: Path,
        environment: dict[str, str] | None = None,
        folder: Path = PROJECT,
        prelude: str = "",
    ) -> None:
        self._temporary = temporary
        self._process = subprocess.Popen(
            [sys.executable, "-c", HEARS_SIGNALS + prelude + PROGRAM, *words],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def said(self, words: str) -> str:
        """The line with these words, as soon as it comes: of the output, else of the errors."""
        stream = self._process.stdout if words == READY else self._process.stderr
        assert stream is not None
        for line in stream:
            if words in line:
                return line
        raise AssertionError(f"the command ended and never said {words!r}")

    def ended(self, by: signal.Signals | None = None, *, within: float = TOO_LONG) -> Ended:
        """Send the signal, if any, and wait for the end; TimeoutExpired if it comes too late."""
        # What it starts has a process group of its own, and keeps it when its parent is gone.
        groups = {self._process.pid, *(pid for pid, parent, _ in _all() if parent == self._pid)}
        began = time.monotonic()
        if by is not None:
            self._process.send_signal(by)
        out, err = self._process.communicate(timeout=within)
        seconds = time.monotonic() - began
        with contextlib.suppress(AssertionError):
            eventually(lambda: not _members(groups), patience=5)
        left = [str(pid) for pid in _members(groups)]
        left += [each.name for each in self._temporary.iterdir()]
        return Ended(status=self._process.returncode, out=out, err=err, seconds=seconds, left=left)

    def kill(self) -> None:
        """End it, if it still runs."""
        self._process.kill()
        self._process.communicate()

    @property
    def _pid(self) -> int:
        return self._process.pid


def slowdown() -> float:
    """How many times as long as alone things take while others use the processors, about."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _all() -> list[tuple[int, int, int]]:
    """Id, parent and group of every process that runs."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True
    ).stdout
    lines = [line.split() for line in listed.splitlines()]
    return [
        (int(pid), int(parent), int(group))
        for pid, parent, group, state in lines
        if not state.startswith("Z")  # waits for its parent to notice
    ]


def _members(groups: set[int]) -> list[int]:
    return [pid for pid, _, group in _all() if group in groups]


class CountingProxy:
    """Takes connections as a proxy would, counts them and hangs up."""

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a user whose calls are all to go through it."""
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        return {name: self.url for each in names for name in (each, each.lower())}

    def close(self) -> None:
        """Take no more."""
        # Closing alone would leave the thread in accept.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.close()
