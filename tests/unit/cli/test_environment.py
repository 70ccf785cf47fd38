"""What is said where the environment leads to no AWS: by every command that needs one."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from cli.aws.environment import explained, session_of_environment
from cli.main import main
from cli.output.failure import CommandError
from tests.grids import few
from tests.unit.cli.fakes import PROJECT

REQUEST = str(PROJECT / "examples" / "requests" / "sandbox.yaml")
ORGANIZATION = str(PROJECT / "examples" / "organization.yaml")
COMMANDS = [
    ["submit", REQUEST],
    ["submit", REQUEST, "--no-wait"],
    ["plan", REQUEST],
    ["plan", ORGANIZATION],
    ["setup", ORGANIZATION],
    ["status", "r-1"],
    ["list"],
    ["resume", "r-1"],
    ["retire", "123456789012", "--reason", "over", "--no-wait"],
    ["restore", "123456789012", "--no-wait"],
    ["drift"],
    ["confirm", "r-1", "ABC123"],
    ["redrive", "--dry-run"],
    ["doctor"],
    ["doctor", "--before-deploy"],
    ["doctor", "--smoke"],
]
FAULTS = {
    "missing profile": ({"AWS_PROFILE": "nobody"}, "nobody"),
    "broken config": ({"AWS_CONFIG_FILE": "broken"}, "broken"),
    "broken credentials": ({"AWS_SHARED_CREDENTIALS_FILE": "broken"}, "broken"),
    "unknown region": ({"AWS_DEFAULT_REGION": "nowhere-1"}, "nowhere-1"),
    "region that is none": ({"AWS_DEFAULT_REGION": "us east"}, "us east"),
    "endpoint that is none": ({"AWS_ENDPOINT_URL": "nonsense"}, "AWS_ENDPOINT_URL"),
    "endpoint of another scheme": ({"AWS_ENDPOINT_URL": "ftp://127.0.0.1:9"}, "AWS_ENDPOINT_URL"),
    "half a key": ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Of somebody who has keys and nothing else."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    (tmp_path / "broken").write_bytes(b"[default\n\xff")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.chdir(tmp_path)
    return monkeypatch


GRID = [(words, fault) for words in COMMANDS for fault in FAULTS]
DIAGONAL = list(zip(COMMANDS, itertools.cycle(FAULTS), strict=False))
"""Each command with one fault and each fault with two commands, which make their sessions alike."""


@pytest.mark.parametrize(
    ("words", "fault"),
    few(
        GRID,
        quick=DIAGONAL,
        ids=[f"{' '.join(map(os.path.basename, words))}, {fault}" for words, fault in GRID],
    ),
)
def test_environment_that_leads_to_no_aws_is_bad_input_for_every_command(
    words: list[str],
    fault: str,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    variables, named = FAULTS[fault]
    for name, value in variables.items():
        environment.setenv(name, value)

    status = main(words)

    out, err = capsys.readouterr()
    problem, remedy = err.splitlines()
    assert (status, out) == (2, "")
    assert problem.startswith("Error: ")
    assert named in err
    assert "AWS_" in remedy


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("credential_process = /no/such/program", "/no/such/program"),
        ("credential_process = echo hello", "credentials cannot be read"),
        (
            "role_arn = arn:aws:iam::111111111111:role/r\nweb_identity_token_file = /no/such/file",
            "/no/such/file",
        ),
    ],
    ids=["no program", "program that says something else", "no token"],
)
def test_credentials_that_cannot_be_read_are_bad_input(
    line: str, named: str, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile odd]\n{line}\n")
    environment.setenv("AWS_CONFIG_FILE", str(config))
    environment.setenv("AWS_PROFILE", "odd")
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(CommandError) as failed:
        session_of_environment()

    assert named in failed.value.what
    assert "AWS_PROFILE" in failed.value.remedy
    assert failed.value.exit_code == 2


def test_error_of_our_own_is_not_taken_for_one_of_the_environment() -> None:
    with pytest.raises(OSError, match="ours"), explained():
        raise OSError("ours")


def test_commands_that_need_no_aws_ignore_the_environment(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("AWS_PROFILE", "nobody")
    environment.setenv("AWS_CONFIG_FILE", "broken")

    assert main(["explain", "Throttled"]) == 0
    assert main(["schema"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "127.0.0.1,localhost,[::1]"),
        ("example.com, localhost", "example.com,localhost,127.0.0.1,[::1]"),
        ("*", "*"),
    ],
)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_loopback_is_reached_without_the_proxy_and_other_hosts_as_before(
    name: str, before: str, after: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    environment.setenv(name, before)

    session_of_environment()

    # Python reads the lower-case one, unless it is empty.
    assert (os.environ["no_proxy"] or os.environ["NO_PROXY"]) == after
