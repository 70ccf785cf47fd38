"""The command as processes: what they read and reach, and how they end."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from embedded.core.sessions import isolated
from tests.grids import few
from tests.workflow.processes import (
    HEARS_SIGNALS,
    PROGRAM,
    PROJECT,
    READY,
    REQUEST,
    TOO_LONG,
    CountingProxy,
    Running,
    slowdown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
STOPS_WITHIN = 5.0
"""Seconds after the signal, under load, where the processors are free for it."""


@pytest.fixture
def proxy() -> Iterator[CountingProxy]:
    made = CountingProxy()
    yield made
    made.close()


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def start(temporary: Path) -> Iterator[Callable[..., Running]]:
    """Starts commands, as `Running` does; none outlives the test."""
    started: list[Running] = []

    def begin(*words: str, **how: Any) -> Running:
        started.append(Running(*words, temporary=temporary, **how))
        return started[-1]

    yield begin
    for each in started:
        each.kill()


@pytest.fixture
def misled(tmp_path: Path, proxy: CountingProxy) -> dict[str, str]:
    """The environment of a user whose AWS configuration is broken, behind a proxy."""
    broken = tmp_path / ".aws" / "config"
    broken.parent.mkdir()
    broken.write_text("[default\n")
    (tmp_path / ".aws" / "credentials").write_text("[default\n")
    return {
        **proxy.variables,
        "HOME": str(tmp_path),
        "AWS_PROFILE": "nobody",
        "AWS_DEFAULT_REGION": "nowhere-1",
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_CA_BUNDLE": "/no/such/file",
    }


@pytest.mark.parametrize(
    "words",
    few(
        [["plan"], ["submit", "--speed", "60"]],
        quick=[["submit", "--speed", "60"]],
        ids=["plan", "submit"],
    ),
)
def test_local_work_uses_neither_a_proxy_nor_the_users_aws_configuration(
    words: list[str], misled: dict[str, str], proxy: CountingProxy, start: Callable[..., Running]
) -> None:
    running = start(*words, str(REQUEST), "--local", environment=misled)

    ended = running.ended()

    assert ended.status == 0, ended.err
    assert proxy.connections == 0
    assert ended.left == []


@pytest.mark.slow
def test_another_command_reaches_a_local_aws_without_the_proxy(
    misled: dict[str, str], proxy: CountingProxy, start: Callable[..., Running]
) -> None:
    server = start("local", "--port", "0", environment=misled)
    url = server.said(READY).split()[1]
    environment = {
        **proxy.variables,
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }

    listed = start("list", "--json", environment=environment).ended()

    ended = server.ended(by=signal.SIGTERM)
    assert (listed.status, json.loads(listed.out)) == (0, [])
    assert proxy.connections == 0
    assert (ended.status, ended.left) == (0, [])


@pytest.mark.slow
@pytest.mark.parametrize("by", ENDING)
def test_submission_on_a_local_aws_ends_cleanly_by_signal(
    by: signal.Signals, start: Callable[..., Running]
) -> None:
    running = start("submit", str(REQUEST), "--local")
    running.said("AcceptRequest done")

    ended = running.ended(by=by)

    assert ended.status == 130
    assert ended.err.splitlines()[-1].startswith("Stopped, along with the embedded AWS")
    assert "Traceback" not in ended.err
    assert ended.left == []


@pytest.mark.parametrize("by", ENDING)
def test_local_aws_that_is_starting_ends_at_once_by_signal(
    by: signal.Signals, start: Callable[..., Running]
) -> None:
    running = start("local", "--port", "0")
    running.said("Starting")

    ended = running.ended(by=by)

    assert (ended.status, ended.out) == (0, "")
    assert ended.err == "Stopped; nothing was kept\n"
    assert ended.seconds < STOPS_WITHIN * slowdown()
    assert ended.left == []


@pytest.mark.slow
@pytest.mark.parametrize("by", ENDING)
def test_local_aws_under_load_stops_within_seconds(
    by: signal.Signals, start: Callable[..., Running]
) -> None:
    server = start("local", "--port", "0")
    load = Load(server.said(READY).split()[1])
    load.begin()

    ended = server.ended(by=by)

    assert load.calls > 0
    assert (ended.status, ended.err) == (
        0,
        "Starting the embedded AWS\nStopped; nothing was kept\n",
    )
    assert ended.seconds < STOPS_WITHIN * slowdown()
    assert ended.left == []


@pytest.mark.slow
def test_local_aws_ends_with_its_terminal_and_leaves_nothing(temporary: Path) -> None:
    terminal, end = pty.openpty()
    takes_terminal = (
        "import fcntl, os, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", HEARS_SIGNALS + takes_terminal + PROGRAM, "local", "--port", "0"],
        stdin=end,
        stdout=end,
        stderr=end,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "TERM": "xterm"},
    )
    os.close(end)
    output = b""
    while READY.encode() not in output:
        output += os.read(terminal, 1 << 16)

    os.close(terminal)

    try:
        assert process.wait(timeout=STOPS_WITHIN) in {0, 1}
    finally:
        process.kill()
        process.wait()
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_command_started_with_nohup_outlives_its_terminal(start: Callable[..., Running]) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    running = start("local", "--port", "0", prelude=ignoring)
    running.said(READY)

    with pytest.raises(subprocess.TimeoutExpired):
        running.ended(by=signal.SIGHUP, within=2)


@pytest.mark.slow
def test_work_in_a_folder_that_was_deleted_goes_on(
    tmp_path: Path, start: Callable[..., Running]
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    deleting = f"import os; os.rmdir({str(folder)!r})\n"

    ended = start(
        *("plan", str(REQUEST), "--local"),
        folder=folder,
        prelude=deleting,
    ).ended()

    assert (ended.status, ended.left) == (0, [])
    assert "Traceback" not in ended.err
    assert "Nothing was changed" in ended.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("streams", "status"),
    [(">&- 2>&-", 0), ("2>&1 | head -n 1", 0), (">/dev/full 2>/dev/full", 1)],
    ids=["closed", "reader leaves", "full"],
)
def test_submission_whose_output_goes_nowhere_ends_and_leaves_nothing(
    streams: str, status: int, temporary: Path
) -> None:
    ended = subprocess.run(
        [
            *("bash", "-c", f'"$0" -c "$1" submit "$2" --local --speed 60 {streams}'),
            *(sys.executable, PROGRAM, str(REQUEST)),
        ],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(temporary)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=TOO_LONG,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (status, "")
    assert list(temporary.iterdir()) == []


class Load:
    """What keeps an embedded AWS busy: executions, functions, calls one after another, and calls
    that wait for a message.
    """

    def __init__(self, url: str) -> None:
        self.calls = 0
        self._url = url
        self._called = threading.Event()

    def begin(self) -> None:
        """Returns when all of it is under way."""
        outputs = {
            output["OutputKey"]: output["OutputValue"]
            for output in self._client("cloudformation").describe_stacks()["Stacks"][0]["Outputs"]
        }
        events = self._client("events")
        for number in range(20):
            detail = {"account": {"name": f"A{number}", "email": f"a{number}@example.com"}}
            entry = {
                "EventBusName": outputs["EventBusName"],
                "Source": "load.example.com",
                "DetailType": "AccountRequested",
                "Detail": json.dumps(detail),
            }
            events.put_events(Entries=[entry])
        wait = {"QueueUrl": outputs["DeadLetterQueueUrl"], "WaitTimeSeconds": 20}
        for call in [lambda: self._client("sqs").receive_message(**wait)] * 4 + [self._go_on] * 4:
            threading.Thread(target=self._until_refused, args=(call,), daemon=True).start()
        assert self._called.wait(TOO_LONG)

    def _go_on(self) -> None:
        organizations = self._client("organizations")
        while True:
            organizations.list_accounts()
            self.calls += 1
            self._called.set()

    def _until_refused(self, call: Any) -> None:
        try:
            call()
        except (BotoCoreError, ClientError):
            return

    def _client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1}, proxies={})
        return isolated().client(service, endpoint_url=self._url, config=config)  # type: ignore[call-overload]
