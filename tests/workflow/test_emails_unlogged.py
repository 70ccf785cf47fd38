"""Emails are in no log and no metric, whatever becomes of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.builders import a_request
from tests.workflow.vending import Vending

if TYPE_CHECKING:
    from collections.abc import Iterator

TAKEN = {"createAccount": {"calls": [1], "seconds": 1, "failureReason": "EMAIL_ALREADY_EXISTS"}}


def logged(vending: Vending) -> Iterator[str]:
    """Every line of every log group; metrics are lines of their own there."""
    logs = vending.aws.client("logs")
    for groups in logs.get_paginator("describe_log_groups").paginate():
        for group in groups["logGroups"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group["logGroupName"]
            )
            yield from (event["message"] for page in pages for event in page["events"])


def test_email_is_in_no_log_and_no_metric_of_a_vend_a_failure_or_a_mistake(
    vending: Vending,
) -> None:
    names = ("masked-vended", "masked-taken", "masked-wrong")
    vended, taken, wrong = (
        a_request(requestId=name, account={"name": name, "email": f"{name}-mail@example.com"})
        for name in names
    )

    vending.aws.faults.replace([TAKEN])
    failed = vending.run(taken)
    succeeded = vending.run(vended)
    rejected = vending.run(wrong | {"unknown": f"{names[2]}-mail@example.com"})

    assert (failed.status, succeeded.status, rejected.status) == ("FAILED", "SUCCEEDED", "FAILED")
    lines = "\n".join(logged(vending))
    assert "masked-vended" in lines  # what is looked through is what these requests logged
    assert "AccountVending" in lines  # metrics, too
    assert "-mail@example.com" not in lines
    assert not any(f"{name}-mail" in lines for name in names)
