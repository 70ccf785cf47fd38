"""ReconcileLedger: compares the ledger, the executions and the organization, by a schedule.

What is safe is repaired: a request in progress whose execution has ended is FAILED, so that it can
be resumed. Everything else is reported: by the log, by metrics, as the event
AccountVendingReconciled where something was repaired or is new, and as the result. A request that
an execution carries on and in which nothing has happened for hours is only measured and logged.

A run that finds nothing in progress reads a few index entries and one item. Once a day the
organization is compared as well, as far as a run may read; the next runs go on from there. What was
repaired is reported before that begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, cast

from pydantic import AliasChoices, Field

from vending.approvals.deciding import Decisions, owner_of
from vending.aws import clients
from vending.aws.clock import epoch, pause
from vending.aws.measurements import measure, measure_failure
from vending.aws.observability import logger
from vending.creation.release import RELEASE_CALLS
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import ConcurrentModification, TransientError, VendingError
from vending.frozen import frozen
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.ledger import keys
from vending.ledger.approvals import is_decided
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.organization.account_quota import most_accounts
from vending.reconciliation import audit_cursor
from vending.reconciliation.audit import SECONDS_PER_CALL, OrganizationAudit
from vending.reconciliation.audit_cursor import AuditCursor
from vending.reconciliation.execution_end import EndRecorder, ExecutionEnd
from vending.retirement.departures import mark_departed
from vending.retirement.rows import Retirements
from vending.states import IN_FLIGHT, State

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_stepfunctions import SFNClient

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import Row
    from vending.ledger.table import Item
    from vending.queueing.slots import Slots

CALLS = RELEASE_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeAccount",
    "organizations:ListAccounts",
    "organizations:ListTagsForResource",
    "servicequotas:ListServiceQuotas",
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

STUCK_AFTER = 7 * 3_600.0
"""Seconds without any change of a row after which its request is stuck: longer than AWS may take to
create an account before the workflow gives up."""

WAITS_FOR_PEOPLE = (State.INVITED, State.AWAITING_APPROVAL, State.AWAITING_CODE)
"""A request in one of these is not stuck, however long it waits."""


class ReconcileLedger(Model):
    """Whatever starts it: a schedule's event, or by hand {"audit": true} or nothing at all."""

    audit: Annotated[bool, Field(validation_alias=AliasChoices("audit", "sweep"))] = False
    """Compare the organization now, whenever it was compared last; formerly `sweep`."""


@frozen
class Reconciliation:
    """One run: repairs what no execution carries on, compares the organization; `rest` blocks."""

    ledger: Ledger
    state_machine_arn: str
    stepfunctions: SFNClient
    organizations: OrganizationsClient
    quotas: BaseClient
    slots: Slots
    publisher: EventPublisher
    rest: Callable[[float], None]
    until: float
    """The moment after which nothing more is begun, epoch seconds."""

    def run(self, *, audits_now: bool) -> Json:
        """{inProgress, repaired: [{requestId, code}], organization, findings: [...]}.

        inProgress counts the requests that an execution carries on. organization is COMPARED,
        CONTINUES (the next run goes on) or NOT_DUE. findings are those of this run, each with
        {finding, accountId, requestId, message, remedy, new}.
        """
        table, clock = self.ledger.table, self.ledger.clock
        cursor = audit_cursor.load(table)
        in_progress, ends = self._ends(cursor.owed)
        if ends:
            # Before, as a row that says FAILED is no longer looked for.
            audit_cursor.save(replace(cursor, owed=tuple(ends)), table)
        repaired, left = self._repaired(ends)
        due = audits_now or clock() - cursor.ended_at >= AUDIT_EVERY
        compares = due or cursor.started_at is not None
        report: Json = {
            "inProgress": in_progress,
            "repaired": repaired,
            "organization": "CONTINUES" if compares else "NOT_DUE",
            "findings": [],
        }
        self._publish_repairs(report)
        if ends or cursor.owed:
            cursor = replace(cursor, owed=left)
            audit_cursor.save(cursor, table)
        if compares and clock() < self.until:
            outcome, after, findings = self._compared(cursor)
            report |= {"organization": outcome, "findings": findings}
            self._publish_news(report)
            if after is not cursor:
                # Last, so that a run that could not report its findings finds them again.
                audit_cursor.save(after, table)
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

    def _ends(self, owed: tuple[str, ...]) -> tuple[int, dict[str, ExecutionEnd]]:
        """How many requests are carried on, and how the executions of others ended, by request.

        `owed` are requests whose last repair may not have been announced.
        """
        ends: dict[str, ExecutionEnd] = {}
        for request_id in owed:
            owing = self.ledger.get(request_id)
            end = ExecutionEnd.of(owing["executionArn"], self.stepfunctions) if owing else None
            if end is not None:
                ends[request_id] = end
        in_progress = 0
        stuck = 0
        running: set[str] | None = None
        for row in self._left_alone():
            if running is None:
                running = set(self._running())
            if row["executionArn"] in running:
                in_progress += 1
                stuck += self._is_stuck(row)
                self._end_wait(row)
            elif len(ends) < MOST_REPAIRS and self.ledger.clock() < self.until:
                end = ExecutionEnd.of(row["executionArn"], self.stepfunctions)
                if end is None:
                    in_progress += 1
                else:
                    ends[row["requestId"]] = end
        if in_progress:  # where nothing is vended, nothing is to be paid for
            measure("RequestsInProgress", in_progress)
        if stuck:
            measure("RequestsStuck", stuck)
        return in_progress, ends

    def _is_stuck(self, row: Row) -> bool:
        waits = self.ledger.clock() - epoch(row["updatedAt"])
        if row["state"] in WAITS_FOR_PEOPLE or waits < STUCK_AFTER:
            return False
        logger.warning(
            "nothing happens in a request",
            extra={
                "request_id": row["requestId"],
                "execution": row["executionArn"],
                "state": row["state"],
                "hours": round(waits / 3_600),
            },
        )
        return True

    def _end_wait(self, row: Row) -> None:
        """Have a request go on that is decided and was not told: its decider died after that."""
        if not is_decided(row):
            return
        decisions = Decisions(table=self.ledger.table, states=self.stepfunctions, sleep=self.rest)
        _, owner = owner_of(row["pk"])
        if decisions.end_wait(cast("Item", row), owner):
            logger.warning("what is decided waited", extra={"request_id": owner})
            measure("RequestRepaired")

    def _left_alone(self) -> Iterator[Row]:
        """The rows in progress that nobody has changed for a while."""
        before = self.ledger.clock() - GRACE
        for state in IN_FLIGHT:
            for row in self.ledger.query_by_state(state):
                if epoch(row["updatedAt"]) > before or "executionArn" not in row:
                    continue
                if row["pk"].startswith(keys.RETIREMENT):
                    self._end_wait(row)
                else:
                    yield row

    def _running(self) -> Iterator[str]:
        pages = self.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self.state_machine_arn, statusFilter="RUNNING"
        )
        for page in pages:
            yield from (execution["executionArn"] for execution in page["executions"])

    def _repaired(self, ends: dict[str, ExecutionEnd]) -> tuple[list[Json], tuple[str, ...]]:
        """What was repaired, and the requests left to the next run."""
        recorder = EndRecorder(ledger=self.ledger, slots=self.slots, publisher=self.publisher)
        repaired: list[Json] = []
        left = list(ends)
        while left:
            request_id = left.pop(0)
            # ConcurrentModification: another run is at it.
            with suppress(ConcurrentModification):
                row = recorder.record(request_id, ends[request_id])
                if row is not None:
                    repaired.append({"requestId": request_id, "code": ends[request_id].code})
                    self._measure_end(row)
            if self.ledger.clock() >= self.until:
                break
        return repaired, tuple(left)

    def _measure_end(self, row: Row) -> None:
        logger.warning(
            "an execution ended unrecorded",
            extra={"request_id": row["requestId"], "execution": row["executionArn"]},
        )
        if row["state"] == State.FAILED:
            measure_failure(row.get("error") or {})

    def _compared(self, cursor: AuditCursor) -> tuple[str, AuditCursor, list[Json]]:
        audit = OrganizationAudit(
            organizations=self.organizations,
            ledger=self.ledger,
            clock=self.ledger.clock,
            rest=self.rest,
            until=self.until,
        )
        try:
            after, findings = audit.run(cursor)
        except TransientError as error:
            logger.warning("the comparison goes on later", extra={"code": error.code})
            return "CONTINUES", cursor, []
        shown = [one.as_json() | {"new": one.key not in cursor.reported} for one in findings]
        complete = after.started_at is None and after.ended_at > cursor.ended_at
        if complete:
            self._measure_quota(after.accounts)
            self._mark_departures()
        return "COMPARED" if complete else "CONTINUES", after, shown

    def _mark_departures(self) -> None:
        """Once a day, as closed accounts go after 90 of them; what fails is done the next day."""
        try:
            departed = mark_departed(
                Retirements(table=self.ledger.table),
                self.organizations,
                rest=lambda: self.rest(SECONDS_PER_CALL),
                until=self.until,
            )
        except VendingError as error:
            logger.warning("departures are looked for later", extra={"code": error.code})
            return
        if departed:
            logger.info("closed accounts are gone", extra={"accounts": departed})

    def _measure_quota(self, accounts: int) -> None:
        """How many of the accounts that AWS allows there are; that it cannot be read does no harm.

        Closed accounts count for 90 days, and are shown for as long. Open invitations count, too,
        and are not among them.
        """
        try:
            with translate_aws_errors():
                most = most_accounts(self.quotas)
        except VendingError as error:
            logger.warning("the quota cannot be read", extra={"code": error.code})
            most = None
        measure("AccountsUsed", accounts)
        if most:
            measure("AccountQuota", most)
            measure("AccountQuotaUsed", 100 * accounts / most)

    def _publish_repairs(self, report: Json) -> None:
        if report["repaired"]:
            count = len(report["repaired"])
            measure("RequestRepaired", count)
            self.publisher.publish_report(report)

    def _publish_news(self, report: Json) -> None:
        """Repairs have been reported by then."""
        news = [finding for finding in report["findings"] if finding["new"]]
        for finding in news:
            logger.warning("the organization and the ledger differ", extra={"difference": finding})
        if news:
            measure("AccountDrift", len(news))
            self.publisher.publish_report(
                {**report, "repaired": [], "findings": news[:FINDINGS_PER_EVENT]}
            )


@operation(ReconcileLedger)
def handler(payload: ReconcileLedger) -> Json:
    """The Lambda entrance."""
    ledger = wiring.ledger()
    return Reconciliation(
        ledger=ledger,
        state_machine_arn=settings.read(settings.ExecutionSettings).state_machine_arn,
        stepfunctions=clients.stepfunctions(),
        organizations=clients.organizations(),
        quotas=clients.service_quotas(),
        slots=wiring.slots(),
        publisher=wiring.event_publisher(),
        rest=pause,
        until=ledger.clock() + RUN_SECONDS,
    ).run(audits_now=payload.audit)
