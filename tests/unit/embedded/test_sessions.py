"""What calls within this machine use of the user's AWS configuration and proxies: nothing."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ConfigParseError

from embedded.core.sessions import isolated_core, unconfigured_process

THEIRS = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://elsewhere.example",
    "AWS_ACCESS_KEY_ID": "theirs",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The variables of a user; their configuration file is broken."""
    config = tmp_path / "config"
    config.write_text("[default\n")
    variables = {**THEIRS, "AWS_CONFIG_FILE": str(config)}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def test_session_of_anybody_reads_nothing_of_the_users_while_the_process_is_unconfigured(
    theirs: dict[str, str],
) -> None:
    with pytest.raises(ConfigParseError):
        boto3.session.Session()

    with unconfigured_process():
        assert not {name for name in THEIRS if name in os.environ}
        assert boto3.session.Session().get_available_regions("ec2")
        assert boto3.session.Session().get_credentials() is None


def test_environment_is_the_users_again_afterwards_also_after_a_failure(
    theirs: dict[str, str],
) -> None:
    before = dict(os.environ)

    with pytest.raises(KeyboardInterrupt), unconfigured_process():
        raise KeyboardInterrupt

    assert dict(os.environ) == before


def test_isolated_session_needs_no_readable_configuration(theirs: dict[str, str]) -> None:
    session = isolated_core()

    assert session.profile is None
    assert session.full_config["profiles"] == {}


def test_isolated_sessions_read_a_services_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    isolated_core().get_service_model("organizations")

    def read(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("botocore.loaders.JSONFileLoader.load_file", read)

    assert isolated_core().get_service_model("organizations").service_name == "organizations"
