"""`vend local` and `--local`: what is printed, and what is said when it cannot start."""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.commands import local
from cli.main import main
from cli.output.failure import CommandError
from embedded.cloud import EmbeddedAws
from vending.request.account_request import parse

OUTPUTS = {
    "StateMachineArn": "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending",
    "EventBusName": "account-vending",
}


def guide() -> list[str]:
    return local.guide("http://127.0.0.1:5111", OUTPUTS)


def test_guide_ends_with_the_line_that_says_ready() -> None:
    assert guide()[-1] == "ready http://127.0.0.1:5111"


def test_guide_exports_all_that_an_aws_client_needs() -> None:
    exported = dict(
        word.split("=", 1)
        for line in guide()
        if line.startswith("export ")
        for word in line.removeprefix("export ").split()
    )

    assert exported["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5111"
    assert set(exported) >= {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_DEFAULT_REGION",
    }
    assert "unset AWS_PROFILE AWS_SESSION_TOKEN" in guide()


def test_commands_of_the_guide_survive_the_shell_and_ask_for_different_valid_accounts() -> None:
    commands = [shlex.split(line) for line in guide() if line.startswith("aws ")]
    entries = json.loads(next(words for words in commands if "put-events" in words)[-1])
    by_hand = json.loads(next(words for words in commands if "start-execution" in words)[-1])

    by_event = parse(json.loads(entries[0]["Detail"]))

    assert by_event.request_id != parse(by_hand).request_id
    assert entries[0]["EventBusName"] == "account-vending"


def test_port_in_use_is_reported_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(EmbeddedAws, "__enter__")
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        port = first.getsockname()[1]

        status = main(["local", "--port", str(port)])

    err = capsys.readouterr().err
    assert status == 1
    assert f"cannot bind port {port}: Address already in use" in err
    assert "--port" in err


def test_what_is_not_built_is_reported_with_the_command_that_builds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Empty(EmbeddedAws):
        def __init__(self, **words: Any) -> None:
            super().__init__(**{**words, "assembly": tmp_path, "build": tmp_path})

    monkeypatch.setattr("embedded.cloud.EmbeddedAws", Empty)

    with pytest.raises(CommandError) as failed, local.embedded_aws():
        pass

    assert "make synth" in failed.value.what + failed.value.remedy
    assert failed.value.exit_code == 1


def test_embedded_aws_that_is_not_installed_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "embedded.cloud", None)

    with pytest.raises(CommandError, match="not installed here"), local.embedded_aws():
        pass


@pytest.mark.parametrize("words", [["submit", "--local"], ["local", "--port", "0"]], ids=" ".join)
def test_fault_file_with_mistakes_is_bad_input_with_all_of_them(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request, faults = tmp_path / "request.json", tmp_path / "faults.json"
    request.write_text('{"account": {"name": "A", "email": "a@example.com"}}')
    faults.write_text('[{"function": "CreateAccount"}, {"bogus": 1}]')
    file = [str(request)] if words[0] == "submit" else []

    status = main([*words, *file, "--faults", str(faults)])

    assert status == 2
    err = capsys.readouterr().err
    assert "fault 1" in err
    assert "fault 2" in err


def test_server_prints_the_guide_and_stops_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Fake:
        endpoint_url = "http://127.0.0.1:1"
        outputs = OUTPUTS

    stopped: list[bool] = []

    @contextlib.contextmanager
    def fake(**_: object) -> Iterator[Fake]:
        try:
            yield Fake()
        finally:
            stopped.append(True)

    monkeypatch.setattr(local, "embedded_aws", fake)
    monkeypatch.setattr("time.sleep", lambda _seconds: signal.raise_signal(signal.SIGTERM))

    assert main(["local"]) == 0
    assert stopped == [True]
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "ready http://127.0.0.1:1"
    assert "Stopped" in err
