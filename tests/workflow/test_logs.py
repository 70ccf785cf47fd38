"""What the deployed functions log: each line names its request, none an email."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded import lambda_runtime
from tests.builders import a_request

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

PLATFORM = ("START ", "END ", "REPORT ", "INIT_START ", "[ERROR] ")
"""How the lines begin that Lambda and its runtime write, also of an error that was raised."""


def lines_of(vending: Vending) -> list[tuple[str, dict[str, Any]]]:
    """Every line that the workflow's functions wrote, with the function's name.

    Those that events run may look at events about which there is no request.
    """
    functions = vending.aws.client("lambda").list_functions()["Functions"]
    return [
        (function["FunctionName"], json.loads(line))
        for function in functions
        if function["Handler"].startswith("operations.")
        for line in lambda_runtime.logs(function["FunctionName"])
        if not line.startswith(PLATFORM)
    ]


def test_every_line_of_a_vend_names_its_request_and_its_step(vending: Vending) -> None:
    request = a_request()
    ended = vending.run(request)

    assert all("request_id" in line for _, line in lines_of(vending))
    lines = [
        (n, line) for n, line in lines_of(vending) if line["request_id"] == request["requestId"]
    ]
    said = [(name, line) for name, line in lines if "_aws" not in line]
    assert len(said) >= 10
    assert {line["execution"] for _, line in said if "execution" in line} == {ended.arn}
    assert all(line["step"] in name for name, line in said)
    assert all(line["duration_ms"] > 0 for _, line in said if line["message"] == "done")
    assert "@" not in json.dumps(lines)


def test_refused_request_is_found_in_the_logs_by_its_id(vending: Vending) -> None:
    request = a_request(organizationalUnit="no path")
    vending.run(request)

    lines = [line for _, line in lines_of(vending)]
    assert all("request_id" in line for line in lines)
    said = [line for line in lines if line["request_id"] == request["requestId"] and "step" in line]
    assert {line["step"] for line in said if "message" in line} == {
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
