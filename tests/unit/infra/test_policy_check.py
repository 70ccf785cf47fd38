"""The check of the request policy before anything is built with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import request_policy


@pytest.fixture(autouse=True)
def the_projects_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other policy is named by the environment."""
    monkeypatch.delenv(request_policy.VARIABLE, raising=False)


def test_policy_that_can_be_used_says_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "request-policy.yaml").write_text("requesters: {}\n")

    assert request_policy.main(tmp_path) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "requesters: {a: {senders: []}, B: 3}",
            ["requesters.a.senders: ", "requesters.B: must be an object"],
        ),
        ("requesters: {", ["request-policy.yaml: is not YAML"]),
        ("- 1", ["it must be an object, with the key requesters"]),
    ],
)
def test_policy_that_cannot_be_used_is_one_error_with_every_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problems: list[str]
) -> None:
    (tmp_path / "request-policy.yaml").write_text(text)

    assert request_policy.main(tmp_path) == 1

    said = capsys.readouterr().err
    assert said.startswith("the request policy cannot be used:\n- ")
    assert [problem for problem in problems if problem not in said] == []
