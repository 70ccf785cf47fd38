"""What becomes of an account by its file, as it stands to the ledger and the organization.

A file that says the same as the account's last revision changes nothing, and costs no call about
its account. Only for those that differ is a request planned as `vend plan` plans one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from cli.aws.inventory import LEAVING
from cli.aws.stack import goes_on
from cli.dry_run.planner import Planner
from cli.dry_run.retirement import planned_retirement
from cli.fleet.differences import between
from cli.fleet.facts import Facts
from cli.fleet.fleet_plan import Entry, Kind
from cli.input.fleet import AccountFile
from vending.errors.exceptions import RequestConflict
from vending.ledger.decisions import decide
from vending.ledger.item_types import AccountRecord, Row
from vending.organization import eligibility
from vending.request.account_request import parse
from vending.request.merge import same_document
from vending.retirement import request as retirement_request
from vending.states import IN_FLIGHT, State

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef

    from vending.ledger.item_types import Retirement


class Standing:
    """One file as it stands to the ledger and the organization."""

    def __init__(self, file: AccountFile, facts: Facts) -> None:
        self.file, self._facts = file, facts
        self._request_id = facts.own_ids.get(file.submission.request_id, file.submission.request_id)
        self._row = facts.rows.get(self._request_id)
        self._record = facts.records.get(self._request_id) or AccountRecord()
        of_row = self._row.record.get("accountId") if self._row else None
        found = of_row or file.account.get("accountId") or self._record.get("accountId")
        self.account_id: str | None = found
        self._resumes = False

    @property
    def live(self) -> Mapping[str, Any]:
        """The account as ListAccounts has it; empty where it is no member."""
        found: Mapping[str, Any] = self._facts.listed.get(self.account_id or "", {})
        return found

    @property
    def name(self) -> str | None:
        """What the account is to be called; None where it keeps its name."""
        return self.file.account.get("name")

    @property
    def final_name(self) -> str | None:
        """What it is called once its file is carried out."""
        return self.name or self.live.get("Name")

    @property
    def is_renamed(self) -> bool:
        """Whether it is to be called otherwise than it is; a new account is not."""
        return bool(self.live) and self.name is not None and self.name != self.live.get("Name")

    @property
    def document(self) -> Mapping[str, Any]:
        """What was carried out last; empty where nothing was."""
        return self._record.get("document") or {}

    @property
    def _gives_another_email(self) -> bool:
        """Whether the file names another email than the account's last document."""
        before: str = self.document.get("account", {}).get("email", "")
        wanted: str = self.file.account.get("email", "")
        return bool(before and wanted) and before.lower() != wanted.lower()

    @property
    def _retirement(self) -> str | None:
        """Where the account's retirement stands; None where it has none."""
        state = self._facts.retirements.get(self.account_id or "", {}).get("state")
        return str(state) if state in LEAVING else None

    @property
    def _unfinished(self) -> Row | None:
        """A request for the account that is under way, or failed since its last revision."""
        row = self._facts.unfinished.get(self.account_id or "")
        if row is not None and self._row and row["requestId"] == self._request_id:
            row = self._row.attributes  # which may have been read once more
            if row["state"] not in (*IN_FLIGHT, State.FAILED):
                return None
        is_newer = row is not None and row["updatedAt"] >= self._record.get("updatedAt", "")
        return row if is_newer else None

    def kind(self) -> tuple[Kind, list[str]]:
        """What becomes of the account, and what is wrong with its file."""
        refusal = self._facts.refusals.get(self.file.submission.request_id)
        if refusal is not None:
            return Kind.UNCHANGED, [f"requestId: {refusal.message} {refusal.remedy}"]
        if self.file.is_retired:
            return self._kind_of_retired()
        problems = list(self._identity_problems())
        is_at_work = self._is_at_work()
        row = self._unfinished
        attributes = self._row.attributes if self._row else None
        is_open = row is not None and row["state"] in IN_FLIGHT
        if row is not None and is_open and row["requestId"] != self._request_id:
            other = f"account.accountId: the request {row['requestId']} for this account is "
            return Kind.CHANGE, [*problems, f"{other}{row['state']}; wait until it has ended"]
        try:
            decision = decide(
                attributes,
                replace(self.file.submission, request_id=self._request_id).asked,
                goes_on=is_at_work,
                account=self._record or None,
            )
        except RequestConflict as conflict:
            return Kind.CHANGE, [*problems, f"{conflict.message} {conflict.remedy}"]
        self._resumes = decision == "resumed"
        if decision == "superseded":
            wanted = self.file.submission.detail.get("ifRevision")
            problems.append(
                f"ifRevision: is {wanted}, and the account is at revision "
                f"{self._record.get('revision')}"
            )
        kinds = {"running": Kind.IN_PROGRESS, "finished": Kind.UNCHANGED}
        kind = kinds.get(decision) or (Kind.CHANGE if self.document else Kind.NEW)
        same = bool(self.document) and same_document(self.document, self.file.submission.content)
        if same and row is None and kind is Kind.CHANGE:
            kind = Kind.UNCHANGED
        if kind in (Kind.CHANGE, Kind.NEW):
            problems += self._eligibility_problems()
        return kind, problems

    def _is_at_work(self) -> bool:
        """Whether an execution is at work on the request.

        One that has ended since the row was read has written its end there before.
        """
        stack = self._facts.stack
        if goes_on(stack, self._row):
            return True
        if self._row is not None and self._row.record["state"] in IN_FLIGHT:
            rows = stack.ledger.rows([self._request_id])
            content = {self._request_id: self.file.submission.content}
            self._row = rows.get(self._request_id)
            records = stack.ledger.accounts(rows, content)
            self._record = records.get(self._request_id) or self._record
            self.account_id = self._record.get("accountId") or self.account_id
        return False

    def _kind_of_retired(self) -> tuple[Kind, list[str]]:
        if not self.live or self._retirement or self.live.get("State") in ("CLOSED", "SUSPENDED"):
            return Kind.UNCHANGED, []
        problems = list(self._identity_problems())
        row = self._unfinished
        if row is not None and row["state"] in IN_FLIGHT:
            request = f"the request {row['requestId']} for this account is {row['state']}"
            problems.append(f"lifecycle: {request}; wait until it has ended")
        if (error := eligibility.refusal(self.live)) is not None:  # type: ignore[arg-type]
            problems.append(f"lifecycle: {error.message} {error.remedy}")
        return Kind.RETIREMENT, problems

    def _identity_problems(self) -> Iterator[str]:
        """Where the file's account is not the one that it says."""
        wanted = self.file.account.get("email")
        if wanted is None:
            return
        owner = self._facts.by_email.get(wanted.lower())
        if self.file.submission.content["source"] == "existing":
            lives = str(self.live.get("Email", ""))
            agrees = not self.live or wanted.lower() == lives.lower()
            if not agrees and (owner or not self._gives_another_email):
                whose = f"is that of the account {owner}" if owner else f"is '{wanted}'"
                yield (
                    f"account.email: {whose}, and the account {self.account_id} has '{lives}'; "
                    "write that, or the id of the account that is meant"
                )
            return
        is_being_made = self._row is not None and self.account_id is None
        if owner is not None and owner != self.account_id and not is_being_made:
            yield (
                f"account.email: '{wanted}' is that of the account {owner} of this organization; "
                f"write source existing and accountId '{owner}' to describe that one"
            )

    def _eligibility_problems(self) -> Iterator[str]:
        """Why nothing can be done for the account."""
        if self._retirement is not None:
            yield (
                f"lifecycle: the account {self.account_id} is {self._retirement}; write retired, "
                f"or put it back first with `vend restore {self.account_id}`"
            )
        elif self.file.submission.content["source"] != "existing":
            return  # whether it is there yet is the request's to find out
        elif not self.live:
            yield f"account.accountId: '{self.account_id}' is no account of this organization"
        elif (error := eligibility.refusal(self.live)) is not None:  # type: ignore[arg-type]
            yield f"account.accountId: {error.message} {error.remedy}"

    def entry(self, kind: Kind) -> Entry:
        """What the file would change."""
        entry = Entry(
            file=self.file.label,
            kind=kind,
            account_id=self.account_id,
            name=self.file.submission.name if not self.final_name else self.final_name,
            revision=self._record.get("revision"),
            submission=self._submission(),
            document=self.file.document.value,
            resumes=self._resumes,
            warnings=list(self._warnings(kind)),
        )
        if kind is Kind.RETIREMENT:
            return self._of_retirement(entry)
        if kind not in (Kind.NEW, Kind.CHANGE):
            return entry
        detail = {**self.file.submission.detail, "requestId": self._request_id}
        planned = Planner.of(self._facts.stack, self._facts.client).request(
            parse(detail),
            self._row,
            account=self._record or None,
            authorization=self._facts.stack.authorization,
        )
        return replace(
            entry,
            difference=between(self.document, self.file.submission.content),
            changes=planned.changes,
            warnings=[*entry.warnings, *planned.warnings],
            problems=planned.problems,
        )

    def _of_retirement(self, entry: Entry) -> Entry:
        reason = self.file.reason or f"lifecycle: retired in {self.file.label}"
        planned = planned_retirement(
            retirement_request.parse({"accountId": self.account_id, "reason": reason}),
            cast("Retirement | None", self._facts.retirements.get(self.account_id or "")),
            account=cast("AccountTypeDef", self.live),
            organizations=self._facts.client("organizations"),
            authorization=self._facts.stack.authorization,
            protected_tag=self._facts.stack.retirement_protected_tag,
        )
        return replace(
            entry,
            reason=reason,
            changes=planned.changes,
            warnings=[*entry.warnings, *planned.warnings],
            problems=planned.problems,
        )

    def _submission(self) -> Any:
        """What is sent: for the account as it was looked at, and for no other revision."""
        submission = self.file.submission
        revision = self._record.get("revision")
        detail = {**submission.detail, "requestId": self._request_id}
        if revision is not None:
            detail["ifRevision"] = revision
        return replace(submission, request_id=self._request_id, detail=detail)

    def _warnings(self, kind: Kind) -> Iterator[str]:
        row = self._unfinished
        if kind is Kind.CHANGE and row is not None and row["state"] == State.FAILED:
            yield f"The last change, of the request {row['requestId']}, failed before its end"
        if kind is not Kind.UNCHANGED or self.file.is_retired:
            return
        if self._retirement:
            yield f"The account is {self._retirement}; lifecycle: retired says so"
        elif self.account_id and not self.live:
            yield f"The account {self.account_id} is not in this organization any more"
        elif self.live and self.live.get("State", "ACTIVE") != "ACTIVE":
            yield f"The account is {self.live['State']}"
        elif "drift" in self._record:
            yield f"Others have changed the account since: `vend drift {self.account_id}` shows it"
        elif self.is_renamed:
            yield f"The account is called {self.live['Name']} since; its revision says {self.name}"
