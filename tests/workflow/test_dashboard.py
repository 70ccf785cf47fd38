"""The dashboard of the deployed stack shows what the functions measured; drawn into build/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded import lambda_runtime
from infra.metrics import NAMESPACE
from tests.builders import a_request
from tests.dashboard.measured import alarm_states, dashboard_of, samples_of
from tests.dashboard.picture import svg
from tests.dashboard.series import Series, Window, series_of
from tests.workflow import retirements
from tests.workflow.test_reconciliation import TAG
from tests.workflow.test_undeliverable_events import start_denied
from tests.workflow.vending import eventually, reconcile
from vending.aws.measurements import METRICS

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

PICTURE = Path(__file__).parents[2] / "build" / "dashboard.svg"
NOT_MEASURED_HERE = {"AccountChanged", "AccountRestored", "RequestSuperseded", "RequestsStuck"}
"""What does not happen on that day: changes of accounts, restorations, and requests at which
nothing goes on."""


def creations_take(seconds: int, **more: Any) -> dict[str, Any]:
    return {"createAccount": {"calls": "all", "seconds": seconds, **more}}


def refused(operation: str, error: str, calls: Any = "all") -> dict[str, Any]:
    return {"service": "organizations", "operation": operation, "calls": calls, "error": error}


def accept(vending: Vending, count: int, *faults: dict[str, Any], unit: str = "/Sandbox") -> None:
    """Vend so many at once under these faults, whatever becomes of them."""
    vending.aws.faults.replace(list(faults))
    for arn in [vending.start(a_request(organizationalUnit=unit)) for _ in range(count)]:
        vending.finish(arn, 120)


def a_bad_day(vending: Vending) -> None:
    """A little of all that happens to requests, in an hour or two of AWS's time."""
    repeated = a_request()
    vended = vending.run(repeated)
    vending.run(a_request(organizationalUnit="no path"))
    existing = {"accountId": vended.output["accountId"]}
    retirements.run(vending, retirements.restoration(vended.output["accountId"]))
    closed = vending.run(a_request()).output["accountId"]
    retirements.run(vending, retirements.retirement_of(closed))
    accept(vending, 9, creations_take(240))
    vending.run(a_request(source="existing", account=existing))
    accept(vending, 2, refused("MoveAccount", "TooManyRequestsException", [1, 2, 3, 4]))
    accept(vending, 2, refused("CreateOrganizationalUnit", "AccessDeniedException"), unit="/New")
    accept(vending, 1, creations_take(20, failureReason="EMAIL_ALREADY_EXISTS"))
    accept(vending, 1, creations_take(20, failureReason="INTERNAL_FAILURE"))
    vending.aws.faults.replace([creations_take(900)])
    stopped = a_request()
    vending.run_stopped_in("WaitForAccount", stopped)
    eventually(lambda: (vending.row(stopped["requestId"]) or {})["state"] == "FAILED")
    vending.listen("ExecutionEnded", on=False)
    vending.run_stopped_in("WaitForAccount", a_request())
    vending.listen("ExecutionEnded")
    vending.run(repeated)
    waits = a_request()
    waiting = vending.start(waits)
    eventually(lambda: "WaitForAccount" in vending.states_entered(waiting))
    vending.run(waits)
    with start_denied(vending):
        vending.send(a_request())
        eventually(lambda: vending.dead_letters() > 0)
    vending.aws.faults.replace([creations_take(1)])
    for name, tags in (("lost", [{"Key": TAG, "Value": "lost"}]), ("theirs", [])):
        email = f"{name}@example.com"
        vending.organizations.create_account(Email=email, AccountName=name, Tags=tags)
    vending.aws.clock.sleep(90)  # a row that has just changed is left alone
    eventually(lambda: {"lost", "theirs"} <= {each["Name"] for each in vending.accounts()})
    eventually(lambda: any("RECORDED" in line for line in lambda_runtime.logs("DiscoverAccount")))
    eventually(lambda: reconcile(vending)["repaired"])
    eventually(lambda: reconcile(vending, audit=True)["organization"] == "COMPARED")
    assert vending.finish(waiting, 240).status == "SUCCEEDED"


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
def test_dashboard_shows_what_a_bad_day_of_vending_measured(vending: Vending) -> None:
    began = vending.aws.clock.now()
    a_bad_day(vending)

    # Logs outlive a test: what was measured before is another day's.
    samples = [sample for sample in samples_of(vending.aws) if sample.at >= began]
    body, end = dashboard_of(vending.aws), vending.aws.clock.now()
    PICTURE.write_text(svg(body, samples, alarms=alarm_states(vending.aws), start=began, end=end))

    shown: list[Series] = []
    for widget in body["widgets"]:
        if widget["type"] == "metric":
            window = Window(start=began, end=end, whole=True)
            series = series_of(widget["properties"], samples, window)
            assert any(one.points for one in series), widget["properties"]["title"]
            shown += series
    measured = {sample.name for sample in samples if sample.namespace == NAMESPACE}
    assert set(METRICS) - measured == NOT_MEASURED_HERE
    totals: dict[str, list[float]] = {}
    for one in shown:
        totals.setdefault(one.label, list(one.points.values()))
    assert totals["failed"] == [6]
    assert totals["vended"] == [15]
    assert totals["% vended"] == [100 * 15 / 21]
    assert totals["allowed"] == [50]
    assert (totals["closed"], totals["retirement failed"]) == ([1], [1])
    assert {label for label in totals if label.startswith("requester ")} == {
        "requester AccountCreationFailed/EMAIL_ALREADY_EXISTS",
        "requester ExecutionAborted",
        "requester NotRetired",
    }
