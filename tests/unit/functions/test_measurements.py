"""What the functions measure: EMF lines, few metrics, nothing that a requester wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from infra.account_vending_stack import OPERATIONS
from tests.emf import Sample, samples_in
from tests.unit.functions import retiring
from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    a_request,
    accepted,
    create,
    reserve,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.acceptance.request_claim import Outcome
from vending.aws import clients, event_publisher
from vending.aws.measurements import METRICS, OTHER, bounded_reason, measure
from vending.aws.observability import metrics
from vending.errors.catalogue import codes
from vending.errors.exceptions import VendingError

FUNCTIONS = Path(__file__).parents[3] / "functions"
FEW = 70
"""Metrics of an installation at most, but for those by reason, of which one has a few a month."""


class Measured:
    """The EMF lines that a test's functions wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.samples: list[Sample] = []

    def __call__(self, name: str) -> list[Sample]:
        """What was written of a metric so far."""
        lines = self._capsys.readouterr().out.splitlines()
        self.samples += [sample for line in lines for sample in samples_in(line)]
        return [sample for sample in self.samples if sample.name == name]

    def values(self, name: str, **dimensions: str) -> list[float]:
        """The values of a metric, those of one set of dimensions."""
        wanted = dimensions or {"service": "account-vending"}
        return [one.value for one in self(name) if wanted.items() <= dict(one.dimensions).items()]


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Measured:
    capsys.readouterr()
    return Measured(capsys)


@pytest.fixture
def nothing_measured_yet() -> Iterator[None]:
    metrics.clear_metrics()
    yield
    metrics.clear_metrics()


def test_request_is_counted_when_it_is_accepted_repeated_and_vended(
    world: World, measured: Measured
) -> None:
    accepted(world)
    world.later(90)
    vend(world)
    world.call("AcceptRequest", request=a_request(), executionArn=f"{EXECUTION}-again")

    for name in ("RequestAccepted", "AccountVended", "RequestFinished"):
        assert measured.values(name) == [1], name
    assert measured.values("VendDuration", source="new") == [pytest.approx(90, abs=1)]
    assert measured.values("AccountVendingFailed") == []


def test_change_of_a_vended_account_is_no_vend_that_took_long(
    world: World, measured: Measured
) -> None:
    accepted(world)
    vend(world)
    world.later(86_400)
    accepted(world, a_request(tags={}), OTHER_EXECUTION)
    vend(world, executionArn=OTHER_EXECUTION)

    assert measured.values("AccountChanged") == [1]
    assert measured.values("AccountVended") == [1]
    assert measured.values("VendDuration", source="new") == [pytest.approx(0, abs=1)]


def test_vend_of_a_request_that_was_resumed_counts_from_its_first_day(
    world: World, measured: Measured
) -> None:
    accepted(world)
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error={"Error": "Any"})
    world.later(86_400)
    accepted(world, a_request(), OTHER_EXECUTION)
    vend(world, executionArn=OTHER_EXECUTION)

    assert measured.values("VendDuration", source="new") == [pytest.approx(86_400, abs=1)]


@pytest.mark.parametrize(
    ("code", "reason", "owner", "counted"),
    [
        ("AccountCreationFailed", "EMAIL_ALREADY_EXISTS", "requester", None),
        ("AccountCreationFailed", "A_REASON_OF_TOMORROW", None, "AccountCreationFailed"),
        ("AccessDeniedException", None, "administrator", "AccessDeniedException"),
        ("NeverHeardOf", None, "administrator", OTHER),
        (EMAIL, EMAIL, "administrator", OTHER),
    ],
)
def test_failure_is_counted_once_in_all_and_once_by_reason_and_owner(
    world: World,
    measured: Measured,
    code: str,
    reason: str | None,
    owner: str | None,
    counted: str | None,
) -> None:
    accepted(world)
    described = json.dumps({"code": code, "reason": reason, "message": "…", "remedy": "…"})
    error = {"Error": "OperationRefused", "Cause": json.dumps({"errorMessage": described})}

    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)

    counted = counted or f"{code}/{reason}"
    (in_all, by_reason) = sorted(
        measured("AccountVendingFailed"), key=lambda one: len(one.dimensions)
    )
    assert dict(in_all.dimensions) == {"service": "account-vending"}
    assert dict(by_reason.dimensions)["reason"] == counted
    assert dict(by_reason.dimensions)["owner"] in (
        [owner] if owner else ["requester", "administrator", "aws-support", "retry"]
    )
    assert in_all.value == by_reason.value == 1


def test_rejected_request_is_no_failed_vend(world: World, measured: Measured) -> None:
    error = {"Error": "RequestInvalid", "Cause": "…"}

    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)

    assert measured.values("RequestRejected") == [1]
    assert measured("AccountVendingFailed") == []


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_execution_that_ends_unrecorded_is_a_failed_vend(
    world: World, measured: Measured, status: str
) -> None:
    accepted(world)
    detail = {"executionArn": EXECUTION, "status": status, "input": json.dumps(a_request())}

    world.call("RecordExecutionEnd", detail=detail)

    assert len(measured.values("AccountVendingFailed")) == 1


def test_every_run_of_a_step_is_timed_and_no_run_of_anything_else(
    world: World, measured: Measured
) -> None:
    accepted(world)
    with pytest.raises(VendingError):
        world.call("TagResource", requestId=REQUEST_ID)
    world.call("RecordExecutionEnd", detail={"executionArn": EXECUTION, "status": "SUCCEEDED"})

    steps = [dict(one.dimensions)["step"] for one in measured("StepDuration")]
    assert steps == ["AcceptRequest", "TagResource"]
    assert all(one.value > 0 for one in measured("StepDuration"))


def test_wait_in_the_queue_is_measured_from_the_first_time_a_request_came_there(
    world: World, measured: Measured
) -> None:
    accepted(world)
    reserve(world)
    world.later(800)
    reserve(world)
    world.later(40)

    create(world)

    assert measured.values("QueueWait") == [pytest.approx(840, abs=1)]
    assert measured.values("QueueBacklog")[0] == 0


def test_wait_for_the_next_slot_after_a_refusal_is_a_wait_of_its_own(
    world: World, measured: Measured
) -> None:
    accepted(world)
    reserve(world)
    world.organization.refuse("CreateAccount", "TooManyRequestsException")
    with pytest.raises(VendingError):
        create(world)
    world.later(500)
    reserve(world)
    world.later(30)

    create(world)

    assert measured.values("QueueWait")[-1] == pytest.approx(30, abs=1)
    assert len(measured.values("QueueWait")) == 2
    assert measured.values("Retries") == [1]


def test_every_attempt_that_aws_throttles_is_counted(nothing_measured_yet: None) -> None:
    answers = [
        AWSResponse("", 400, HTTPHeaders(), _Raw(b'{"__type": "TooManyRequestsException"}')),
        AWSResponse("", 400, HTTPHeaders(), _Raw(b'{"__type": "ThrottlingException"}')),
        AWSResponse("", 200, HTTPHeaders(), _Raw(b'{"Roots": []}')),
    ]
    client = clients._client("organizations")
    client.meta.events.register("before-send", lambda **_: answers.pop(0))

    client.list_roots()

    counted = {name: each["Value"] for name, each in metrics.metric_set.items()}
    assert counted == {"Throttled": [1.0, 1.0], "Retries": [1.0, 1.0]}


class _Raw:
    """A response's body, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


def test_lines_of_metrics_carry_the_request_but_no_email(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    accepted(world)
    reserve(world)
    create(world)

    written = capsys.readouterr().out
    lines = [json.loads(line) for line in written.splitlines() if '"_aws"' in line]
    assert {line["request_id"] for line in lines} == {REQUEST_ID}
    assert EMAIL not in written


def test_reasons_of_failures_are_those_of_the_catalogue_and_one_more() -> None:
    assert bounded_reason("AccountCreationFailed", "free text") == "AccountCreationFailed"
    assert bounded_reason("free text", "free text") == OTHER
    # An owner is the catalogue's as well, so that each reason has one.
    assert sum(1 + len(reasons) for reasons in codes().values()) < 600


def test_metric_that_is_in_no_table_is_not_measured() -> None:
    with pytest.raises(KeyError):
        measure("Anything")
    with pytest.raises(AssertionError):
        measure("RequestAccepted", email=EMAIL)


def test_installation_has_few_metrics() -> None:
    values = {"step": len(OPERATIONS), "source": 4}
    count = sum(
        metric.in_all + (values[metric.by[0]] if metric.by and metric.by[0] in values else 0)
        for metric in METRICS.values()
    )

    assert count <= FEW


def test_metrics_that_are_measured_and_those_of_the_table_are_the_same() -> None:
    named = {
        name
        for path in FUNCTIONS.rglob("*.py")
        for name in re.findall(r'(?:measure\(\s*f?|backlog=|of: str = )"(\w+)', path.read_text())
    }
    source = (FUNCTIONS / "operations/accept_request.py").read_text()
    assert 'measure(f"Request{outcome.capitalize()}")' in source
    outcomes = {f"Request{one.capitalize()}" for one in get_args(Outcome)}

    retirement = (FUNCTIONS / "operations/record_retirement.py").read_text()
    assert "measure(detail_type)" in retirement
    events = {event_publisher.RETIRING, event_publisher.RESTORED, event_publisher.CLOSED}
    failures = {event_publisher.RETIREMENT_FAILED}

    # RequestAccepted and its like are one expression, and so are those named after events.
    assert named - {"Request"} | outcomes | events | failures == set(METRICS)


def test_retirement_is_measured_from_the_suspension_to_the_closure(
    world: World, measured: Measured
) -> None:
    account_id = retiring.an_account(world)
    retiring.retiring(world, account_id)
    world.later(15 * retiring.DAY)
    retiring.reserve(world, account_id)
    world.later(40)

    retiring.close(world, account_id)
    retiring.record(world, account_id, "CLOSED")

    assert measured.values("AccountRetiring") == [1]
    assert measured.values("ClosureWait") == [pytest.approx(40, abs=1)]
    assert measured.values("ClosureBacklog")
    assert measured.values("AccountClosed") == [1]
    assert measured.values("QueueWait") == []


def test_failed_retirement_counts_by_owner_and_reason_and_a_refused_one_as_rejected(
    world: World, measured: Measured
) -> None:
    account_id = retiring.an_account(world)
    retiring.retiring(world, account_id)

    for name in ("AccountProtected", "RequestInvalid"):
        cause = json.dumps({"errorType": name, "errorMessage": "{}"})
        retiring.record(world, account_id, "FAILED", error={"Error": name, "Cause": cause})

    assert measured.values("AccountRetirementFailed") == [1]
    assert len(measured.values("AccountRetirementFailed", owner="administrator")) == 1
    assert measured.values("RequestRejected") == [1]
