"""What the deployed functions log: each line names its request, none an email."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded import lambda_runtime
from tests.builders import a_request

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

PLATFORM = ("START ", "END ", "REPORT ", "INIT_START ", "[ERROR] ")
"""How the lines begin that Lambda and its runtime write, also of an error that was raised."""


_before: dict[str, set[str]] = {}
"""What each function had written when the test began, by its name; each line has its moment."""


@pytest.fixture(autouse=True)
def begin(vending: Vending) -> None:
    """Logs outlive a test, and tests before this one may have sent what names no request."""
    _before.clear()
    _before.update({name: set(lambda_runtime.logs(name)) for name in of_the_workflow(vending)})


def of_the_workflow(vending: Vending) -> list[str]:
    """The functions that the workflow runs, by name.

    Those that events run may look at events about which there is no request.
    """
    functions = vending.aws.client("lambda").list_functions()["Functions"]
    return [
        function["FunctionName"]
        for function in functions
        if function["Handler"].startswith("operations.")
    ]


def lines_of(vending: Vending) -> list[tuple[str, dict[str, Any]]]:
    """Every line that the workflow's functions wrote in this test, with the function's name."""
    return [
        (name, json.loads(line))
        for name in of_the_workflow(vending)
        for line in lambda_runtime.logs(name)
        if line not in _before[name] and not line.startswith(PLATFORM)
    ]


def test_every_line_of_a_vend_names_its_request_and_its_step(vending: Vending) -> None:
    request = a_request()
    ended = vending.run(request)

    assert all("request_id" in line for _, line in lines_of(vending))
    lines = [
        (n, line) for n, line in lines_of(vending) if line["request_id"] == request["requestId"]
    ]
    logged = [(name, line) for name, line in lines if "_aws" not in line]
    assert len(logged) >= 10
    assert {line["execution"] for _, line in logged if "execution" in line} == {ended.arn}
    assert all(line["step"] in name for name, line in logged)
    assert all(line["duration_ms"] > 0 for _, line in logged if line["message"] == "done")
    assert "@" not in json.dumps(lines)


def test_refused_request_is_found_in_the_logs_by_its_id(vending: Vending) -> None:
    request = a_request(organizationalUnit="no path")
    vending.run(request)

    lines = [line for _, line in lines_of(vending)]
    assert all("request_id" in line for line in lines)
    logged = [
        line for line in lines if line["request_id"] == request["requestId"] and "step" in line
    ]
    assert {line["step"] for line in logged if "message" in line} == {
        "AcceptRequest",
        "RecordFailure",
    }


def test_failed_request_is_logged_with_why_and_with_what_was_denied(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "MoveAccount",
                "calls": "all",
                "error": "AccessDeniedException",
            }
        ]
    )
    request = a_request()
    vending.run(request)

    lines = [line for _, line in lines_of(vending) if line["request_id"] == request["requestId"]]
    (failed,) = (line for line in lines if line.get("message") == "failed")
    assert (failed["code"], failed["owner"]) == ("AccessDeniedException", "administrator")
    denied = {line["action"] for line in lines if line.get("message") == "denied"}
    assert denied == {"organizations:MoveAccount"}
