"""`vend resume`: the stored request goes out again as it is, or the command says why not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cli.main import main
from tests.unit.cli.fakes import FIRST, SECOND, FakeStack, a_record, an_error
from tests.unit.cli.histories import History


def succeeded() -> list[dict[str, Any]]:
    """The history of an execution that ended well."""
    return History().enter("AcceptRequest").add("ExecutionSucceeded").events


def vend_when_asked(stack: FakeStack) -> None:
    """The second execution vends what is sent."""

    def vend(detail: Mapping[str, Any]) -> None:
        stack.put(a_record(request_id=detail["requestId"], executionArn=SECOND))

    stack.on_publish = vend
    stack.histories[SECOND] = succeeded()


@pytest.mark.parametrize("kept", ["whole", "without id"])
def test_failed_request_is_sent_again_as_it_was(
    stack: FakeStack, capsys: pytest.CaptureFixture[str], kept: str
) -> None:
    record = a_record("FAILED", error=an_error())
    request = dict(record["request"])
    if kept == "without id":
        del record["request"]["requestId"]
    stack.put(record)
    vend_when_asked(stack)

    assert main(["resume", "r-sandbox"]) == 0

    assert stack.published == [request]
    assert "Vended Sandbox" in capsys.readouterr().out


def test_request_that_an_execution_carries_on_is_only_followed(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("CREATING", executionArn=SECOND))
    stack.statuses[SECOND] = "RUNNING"
    stack.histories[SECOND] = succeeded()
    stack.on_history = lambda: stack.put(a_record(executionArn=SECOND))

    assert main(["resume", "r-sandbox", "--json"]) == 0

    assert stack.published == []
    assert json.loads(capsys.readouterr().out)["state"] == "VENDED"


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", None])
def test_request_in_progress_without_a_living_execution_is_sent_again(
    stack: FakeStack, status: str | None
) -> None:
    stack.put(a_record("CREATING"))
    if status:
        stack.statuses[FIRST] = status
    vend_when_asked(stack)

    assert main(["resume", "r-sandbox"]) == 0
    assert len(stack.published) == 1


def test_vended_request_is_shown_and_not_sent(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record())

    assert main(["resume", "r-sandbox"]) == 0

    assert stack.published == []
    assert "is already vended" in capsys.readouterr().out


def test_vended_request_as_json_is_its_record(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record())

    assert main(["resume", "r-sandbox", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == stack.ledger.requests["r-sandbox"].record


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, "vend list"),
        (a_record("REJECTED", error=an_error(code="RequestInvalid", reason=None)), "correct it"),
        (a_record("FAILED", request=None), "Submit the request again"),
    ],
    ids=["unknown", "rejected", "without its request"],
)
def test_what_cannot_be_resumed_says_what_to_do(
    stack: FakeStack,
    capsys: pytest.CaptureFixture[str],
    record: dict[str, Any] | None,
    expected: str,
) -> None:
    if record:
        stack.put(record)

    assert main(["resume", "r-sandbox"]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert expected in err
    assert stack.published == []


def test_without_waiting_it_says_where_to_look(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("FAILED", error=an_error()))

    assert main(["resume", "r-sandbox", "--no-wait"]) == 0

    out = capsys.readouterr().out
    assert "In progress" in out
    assert "vend status r-sandbox" in out


def test_failure_again_ends_with_its_reason(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("FAILED", error=an_error()))

    def fail(_: Mapping[str, Any]) -> None:
        stack.put(a_record("FAILED", executionArn=SECOND, error=an_error()))

    stack.on_publish = fail
    stack.histories[SECOND] = succeeded()

    assert main(["resume", "r-sandbox"]) == 1
    assert "vend explain AccountCreationFailed/EMAIL_ALREADY_EXISTS" in capsys.readouterr().out
