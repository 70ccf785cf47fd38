"""ReconcileLedger: compares the ledger, the executions and the organization, by a schedule.

What is safe is repaired: a request in progress whose execution has ended is FAILED, so that it can
be resumed. Everything else is reported: by the log, by metrics, as the event
AccountVendingReconciled where something was repaired or is new, and as the result.

A run that finds nothing in progress reads a few index entries and one item. Once a day the
organization is compared as well, as far as a run may read; the next runs go on from there. What was
repaired is told before that begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from vending.aws import clients
from vending.aws.clock import epoch, pause
from vending.aws.observability import logger, metrics
from vending.creation.release import RELEASE_CALLS
from vending.errors.exceptions import ConcurrentModification, TransientError
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.ledger.ledger import Ledger
from vending.ledger.rows import Row
from vending.ledger.states import IN_FLIGHT
from vending.model import Model
from vending.reconciliation import audit_cursor
from vending.reconciliation.audit import OrganizationAudit
from vending.reconciliation.audit_cursor import AuditCursor
from vending.reconciliation.execution_end import ExecutionEnd, tell

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.creation.slots import CreationSlots

CALLS = RELEASE_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:ListAccounts",
    "organizations:ListTagsForResource",
    "states:DescribeExecution",
    "states:ListExecutions",
}

GRACE = 60.0
"""Seconds for which a row that has just changed is left to those who change it."""

AUDIT_EVERY = 86_400.0 - 1_800.0
"""Seconds between comparisons of the organization; a little less than a day of hourly runs."""

RUN_SECONDS = 25.0
"""After this a run begins nothing more but a last page; its function may run for twice as long."""

MOST_REPAIRS = 100
"""Of a run; the next one goes on."""

FINDINGS_PER_EVENT = 100


class ReconcileLedger(Model):
    """Whatever starts it: a schedule's event, or by hand {"sweep": true} or nothing at all."""

    sweep: bool = False
    """Compare the organization now, whenever it was compared last."""


def run(
    payload: ReconcileLedger,
    *,
    ledger: Ledger,
    state_machine_arn: str,
    stepfunctions: SFNClient,
    organizations: OrganizationsClient,
    slots: CreationSlots,
    publisher: EventPublisher,
    rest: Callable[[float], None],
) -> Json:
    """{inProgress, repaired: [{requestId, code}], organization, findings: [...]}.

    inProgress counts the requests that an execution carries on. organization is COMPARED,
    CONTINUES (the next run goes on) or NOT_DUE. findings are those of this run, each with
    {finding, accountId, requestId, message, remedy, new}.
    """
    until = ledger.clock() + RUN_SECONDS
    cursor = audit_cursor.load(ledger.table)
    in_progress, ends = _ends(cursor.owed, ledger, state_machine_arn, stepfunctions, until)
    if ends:
        # Before, as a row that says FAILED is not looked for any more.
        audit_cursor.save(replace(cursor, owed=tuple(ends)), ledger.table)
    repaired, left = _repaired(ends, ledger, slots, publisher, until)
    due = payload.sweep or ledger.clock() - cursor.ended_at >= AUDIT_EVERY
    compares = due or cursor.started_at is not None
    report: Json = {
        "inProgress": in_progress,
        "repaired": repaired,
        "organization": "CONTINUES" if compares else "NOT_DUE",
        "findings": [],
    }
    _tell_repairs(report, publisher)
    if ends or cursor.owed:
        cursor = replace(cursor, owed=left)
        audit_cursor.save(cursor, ledger.table)
    if compares and ledger.clock() < until:
        outcome, after, findings = _compared(cursor, ledger, organizations, rest, until)
        report |= {"organization": outcome, "findings": findings}
        _tell_news(report, publisher)
        if after is not cursor:
            # Last, so that a run that could not tell what it found finds it again.
            audit_cursor.save(after, ledger.table)
    logger.info(
        "reconciled",
        extra={
            "in_progress": in_progress,
            "repaired": len(repaired),
            "organization": report["organization"],
            "findings": len(report["findings"]),
        },
    )
    return report


def _ends(
    owed: tuple[str, ...],
    ledger: Ledger,
    state_machine_arn: str,
    stepfunctions: SFNClient,
    until: float,
) -> tuple[int, dict[str, ExecutionEnd]]:
    """How many requests are carried on, and how the executions of others ended, by request.

    `owed` are requests whose last repair may not have been announced.
    """
    ends: dict[str, ExecutionEnd] = {}
    for request_id in owed:
        owing = ledger.get(request_id)
        end = ExecutionEnd.of(owing["executionArn"], stepfunctions) if owing else None
        if end is not None:
            ends[request_id] = end
    in_progress = 0
    running: set[str] | None = None
    for row in _left_alone(ledger):
        if running is None:
            running = set(_running(state_machine_arn, stepfunctions))
        if row["executionArn"] in running:
            in_progress += 1
        elif len(ends) < MOST_REPAIRS and ledger.clock() < until:
            end = ExecutionEnd.of(row["executionArn"], stepfunctions)
            if end is None:
                in_progress += 1
            else:
                ends[row["requestId"]] = end
    return in_progress, ends


def _left_alone(ledger: Ledger) -> Iterator[Row]:
    """The rows in progress that nobody has changed for a while."""
    before = ledger.clock() - GRACE
    for state in IN_FLIGHT:
        for row in ledger.query_by_state(state):
            if epoch(row["updatedAt"]) <= before and "executionArn" in row:
                yield row


def _running(state_machine_arn: str, stepfunctions: SFNClient) -> Iterator[str]:
    pages = stepfunctions.get_paginator("list_executions").paginate(
        stateMachineArn=state_machine_arn, statusFilter="RUNNING"
    )
    for page in pages:
        yield from (each["executionArn"] for each in page["executions"])


def _repaired(
    ends: dict[str, ExecutionEnd],
    ledger: Ledger,
    slots: CreationSlots,
    publisher: EventPublisher,
    until: float,
) -> tuple[list[Json], tuple[str, ...]]:
    """What was repaired, and the requests left to the next run."""
    repaired: list[Json] = []
    left = list(ends)
    while left:
        request_id = left.pop(0)
        end = ends[request_id]
        if _told(request_id, end, ledger, slots, publisher):
            repaired.append({"requestId": request_id, "code": end.code})
        if ledger.clock() >= until:
            break
    return repaired, tuple(left)


def _told(
    request_id: str,
    end: ExecutionEnd,
    ledger: Ledger,
    slots: CreationSlots,
    publisher: EventPublisher,
) -> bool:
    try:
        told = tell(request_id, end, ledger=ledger, slots=slots, publisher=publisher)
    except ConcurrentModification:
        return False  # somebody else is at it
    return told is not None


def _compared(
    cursor: AuditCursor,
    ledger: Ledger,
    organizations: OrganizationsClient,
    rest: Callable[[float], None],
    until: float,
) -> tuple[str, AuditCursor, list[Json]]:
    sweep = OrganizationAudit(
        organizations=organizations, ledger=ledger, clock=ledger.clock, rest=rest, until=until
    )
    try:
        after, findings = sweep.run(cursor)
    except TransientError as error:
        logger.warning("the comparison goes on later", extra={"code": error.code})
        return "CONTINUES", cursor, []
    told = [finding.as_json() | {"new": finding.key not in cursor.told} for finding in findings]
    complete = after.started_at is None and after.ended_at > cursor.ended_at
    return "COMPARED" if complete else "CONTINUES", after, told


def _tell_repairs(report: Json, publisher: EventPublisher) -> None:
    if report["repaired"]:
        count = len(report["repaired"])
        metrics.add_metric(name="RequestRepaired", unit="Count", value=count)
        publisher.reconciled(report)


def _tell_news(report: Json, publisher: EventPublisher) -> None:
    """Repairs are told by then."""
    news = [finding for finding in report["findings"] if finding["new"]]
    for finding in news:
        logger.warning("the organization and the ledger differ", extra={"difference": finding})
    if news:
        metrics.add_metric(name="AccountAmiss", unit="Count", value=len(news))
        publisher.reconciled({**report, "repaired": [], "findings": news[:FINDINGS_PER_EVENT]})


@operation(ReconcileLedger)
def handler(payload: ReconcileLedger) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=wiring.ledger(),
        state_machine_arn=settings.read(settings.ExecutionSettings).state_machine_arn,
        stepfunctions=clients.stepfunctions(),
        organizations=clients.organizations(),
        slots=wiring.slots(),
        publisher=wiring.event_publisher(),
        rest=pause,
    )
