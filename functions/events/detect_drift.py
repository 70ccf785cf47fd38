"""DetectDrift: compares accounts with the documents of their last revisions, by a schedule.

Each difference is announced once, as the event AccountDrifted, and kept in the account's record
until the account is as its document says or the document has changed. By the setting account_drift
the account's own document is then asked for again, so that the workflow puts back what others
changed; DetectDrift itself changes nothing in the organization.

A pass goes through ListAccounts once a day, at four calls a second. What a run has no time for the
next one goes on with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vending.aws import clients
from vending.aws.clock import pause, timestamp
from vending.aws.measurements import measure
from vending.aws.observability import logger
from vending.errors.exceptions import ServiceUnavailable, TransientError, VendingError
from vending.frozen import frozen
from vending.handler import settings, wiring
from vending.handler.operation import Json, operation
from vending.ledger.account_records import ACTIVE
from vending.ledger.ledger import Ledger
from vending.model import Model
from vending.reconciliation import drift_cursor
from vending.reconciliation.audit import LOST_PAGES
from vending.reconciliation.drift import differences
from vending.reconciliation.drift_cursor import DriftCursor
from vending.reconciliation.live_accounts import LiveAccounts
from vending.requesters import DRIFT_REPAIRS_SOURCE
from vending.retirement.rows import AccountState, Retirements
from vending.states import FINAL

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from vending.aws.event_publisher import EventPublisher
    from vending.ledger.item_types import AccountRecord, Drift

CALLS = {
    "account:GetAlternateContact",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListAccounts",
    "organizations:ListParents",
    "organizations:ListPoliciesForTarget",
    "organizations:ListTagsForResource",
}

COMPARE_EVERY = 86_400.0 - 1_800.0
"""Seconds between the ends of passes; a little less than a day of hourly runs."""

RUN_SECONDS = 600.0
"""After this a run compares no further account: 2,400 calls. Its function has five minutes more."""


NOT_REPAIRED = ("account.email",)
"""What no execution can put back: AWS sends a code to the new address."""


class DetectDrift(Model):
    """Whatever starts it: a schedule's event, or by hand {"now": true} or nothing at all."""

    now: bool = False
    """Begin a pass, whenever the last one ended."""


@frozen
class DriftDetection:
    """One run. Once it is `until` (epoch seconds) it begins with no further account."""

    ledger: Ledger
    accounts: LiveAccounts
    publisher: EventPublisher
    repairs: bool
    protected_tags: Sequence[str]
    until: float

    def run(self, *, now: bool) -> Json:
        """{accounts: COMPARED | CONTINUES | NOT_DUE, compared, unchecked, drifted: [...]}.

        compared and unchecked count accounts of this run: unchecked are those of which AWS did not
        show everything. drifted are those that differ in something that was not announced before,
        as the event has them.
        """
        cursor = drift_cursor.load(self.ledger.table)
        report: Json = {"accounts": "NOT_DUE", "compared": 0, "unchecked": 0, "drifted": []}
        is_due = now or self.ledger.clock() - cursor.ended_at >= COMPARE_EVERY
        if cursor.started_at is None and not is_due:
            return report
        report["accounts"] = "CONTINUES"
        cursor = replace(cursor, started_at=cursor.started_at or self.ledger.clock())
        try:
            cursor = self._compared(cursor, report)
        except TransientError as error:
            logger.warning("the comparison goes on later", extra={"code": error.code})
        if cursor.started_at is None:
            report["accounts"] = "COMPARED"
        if report["drifted"]:
            measure("AccountDrift", len(report["drifted"]))
        logger.info("compared", extra={**report, "drifted": len(report["drifted"])})
        return report

    def _compared(self, cursor: DriftCursor, report: Json) -> DriftCursor:
        while True:
            try:
                page, token = self.accounts.page(cursor.next_token)
            except ServiceUnavailable as error:
                if error.reason not in LOST_PAGES:
                    raise
                cursor = DriftCursor(ended_at=cursor.ended_at)  # from the start, next time
                drift_cursor.save(cursor, self.ledger.table)
                return replace(cursor, started_at=self.ledger.clock())
            for account in page:
                if account["Id"] in cursor.compared:
                    continue
                if self.ledger.clock() >= self.until:
                    drift_cursor.save(cursor, self.ledger.table)
                    return cursor
                self._compare(account, report)
                cursor = replace(cursor, compared=(*cursor.compared, account["Id"]))
            cursor = (
                DriftCursor(ended_at=self.ledger.clock())
                if token is None
                else replace(cursor, next_token=token, compared=())
            )
            drift_cursor.save(cursor, self.ledger.table)
            if token is None:
                return cursor

    def _compare(self, account: AccountTypeDef, report: Json) -> None:
        record = self.ledger.accounts.get(account["Id"])
        if record is None or "document" not in record or record.get("state") != ACTIVE:
            return
        if (account.get("State") or account.get("Status") or ACTIVE) != ACTIVE:
            return  # ReconcileLedger reports it
        try:
            live = self.accounts.look(account, record["document"])
        except TransientError:
            raise
        except VendingError as error:
            report["unchecked"] += 1
            logger.warning(
                "an account cannot be compared",
                extra={"account": account["Id"], "code": error.code, "reason": error.reason},
            )
            return
        report["compared"] += 1
        found = [
            one.as_json()
            for one in differences(record["document"], live, protected_tags=self.protected_tags)
        ]
        if not found and "drift" in record:
            self.ledger.accounts.note_drift(record, None)
        elif found and not self._is_being_changed(record):
            self._take_up(record, found, report)

    def _take_up(self, record: AccountRecord, found: list[dict[str, str]], report: Json) -> None:
        known = record.get("drift") or {"differences": [], "unreported": []}
        # What a request failed at is its requester's to resume or correct.
        repair = (
            self.repairs
            and "pendingRequestId" not in record
            and any(one["what"] not in NOT_REPAIRED for one in found)
        )
        is_known = found == known["differences"] and not known["unreported"]
        if not is_known and not self._reported(record, found, known, report, repair=repair):
            return
        if repair:
            self.publisher.publish_request(
                {**record["document"], "ifRevision": record["revision"]},
                source=DRIFT_REPAIRS_SOURCE,
            )

    def _reported(
        self,
        record: AccountRecord,
        found: list[dict[str, str]],
        known: Drift,
        report: Json,
        *,
        repair: bool,
    ) -> bool:
        """Announce what is new; whether the record is still as it was seen.

        It is kept first and called announced last, so that no difference is lost, and one that a
        change has just made is not announced.
        """
        before = [one for one in known["differences"] if one not in known["unreported"]]
        news = [one for one in found if one not in before]
        at = timestamp(self.ledger.clock())
        drift: Drift = {"at": at, "differences": found, "unreported": news}
        if not self.ledger.accounts.note_drift(record, drift):
            return False
        if news:
            shown = {
                "accountId": record["accountId"],
                "requestId": record["requestId"],
                "revision": record["revision"],
                "at": at,
                "differences": found,
                "new": news,
                "repair": repair,
            }
            self.publisher.publish_drift(shown)
            report["drifted"].append(shown)
            logger.warning("an account has drifted", extra={"drift": shown})
            self.ledger.accounts.note_drift(
                record, {"at": at, "differences": found, "unreported": []}
            )
        return True

    def _is_being_changed(self, record: AccountRecord) -> bool:
        """Whether a request or a retirement is at work on the account: then it may differ."""
        pending = record.get("pendingRequestId")
        row = self.ledger.get(pending) if pending else None
        if row is not None and row["state"] not in FINAL:
            return True
        retirement = Retirements(table=self.ledger.table).get(record["accountId"])
        return retirement is not None and retirement["state"] != AccountState.ACTIVE


def _detection(ledger: Ledger, rest: Callable[[float], None]) -> DriftDetection:
    return DriftDetection(
        ledger=ledger,
        accounts=LiveAccounts(
            organizations=clients.organizations(),
            account=clients.account(),
            policy_types=wiring.policy_types(),
            rest=rest,
        ),
        publisher=wiring.event_publisher(),
        repairs=settings.read(settings.DriftSettings).becomes == "repair",
        protected_tags=wiring.request_policy().protected.tags,
        until=ledger.clock() + RUN_SECONDS,
    )


@operation(DetectDrift)
def handler(payload: DetectDrift) -> Json:
    """The Lambda entrance."""
    return _detection(wiring.ledger(), pause).run(now=payload.now)
