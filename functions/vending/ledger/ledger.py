"""The ledger: one row a request, so that nothing is vended twice and nothing is forgotten.

Every write after the claim is conditional on the row's executionArn being the writer's own: an
execution whose request was taken over can no longer change it (ExecutionSuperseded). Every write
may be repeated by the same execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from vending.aws.clock import Clock, timestamp
from vending.errors.exceptions import ConcurrentModification, ExecutionSuperseded, Throttled
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.accounts import Accounts
from vending.ledger.creation_pointers import CreationPointers
from vending.ledger.expiry import DELETE_AT, Expiry
from vending.ledger.locks import Locks
from vending.ledger.rows import row_of
from vending.ledger.table import ConditionFailed, Table, Update, as_expected
from vending.ledger.waiting_tokens import WaitingTokens
from vending.states import FINAL, State

if TYPE_CHECKING:
    from vending.ledger.item_types import Intent, Row, SearchPosition, Waiting

_CONTENDED = ("ConditionalCheckFailed", "TransactionConflict")
"""Why a transaction was cancelled that somebody else was in the way of."""


@frozen
class Ledger:
    """The requests' rows as the operations use them; `ended_rows_expire_days` is for `Expiry`."""

    table: Table
    ended_rows_expire_days: int | None = None

    @property
    def expiry(self) -> Expiry:
        """When rows of ended requests go."""
        return Expiry(table=self.table, days=self.ended_rows_expire_days)

    @property
    def clock(self) -> Clock:
        """By which rows are dated."""
        return self.table.clock

    @property
    def tokens(self) -> WaitingTokens:
        """The task tokens beside the rows."""
        return WaitingTokens(table=self.table)

    @property
    def accounts(self) -> Accounts:
        """The accounts' records beside the rows."""
        return Accounts(table=self.table)

    @property
    def creation_pointers(self) -> CreationPointers:
        """From AWS's creations to their requests."""
        return CreationPointers(table=self.table)

    @property
    def locks(self) -> Locks:
        """The locks beside the rows."""
        return Locks(table=self.table)

    def get(self, request_id: str) -> Row | None:
        """The request's row as it is at this moment."""
        found = self.table.get(keys.request(request_id), consistent=True)
        return row_of(found) if found else None

    def query_by_state(self, state: str, since: float | None = None) -> Iterator[Row]:
        """The rows in a state, oldest change first; those changed since a moment (epoch seconds).

        The index that is read shows a change a little later than the row itself.
        """
        moment = None if since is None else timestamp(since)
        for item in self.table.query_by_state(state, since=moment):
            yield row_of(item)

    def owned(self, request_id: str, execution_arn: str) -> Row:
        """The request's row, if it is the execution's; else ExecutionSuperseded."""
        row = self.get(request_id)
        if row is None or row.get("executionArn") != execution_arn:
            raise _superseded(row)
        return row

    def mark_queued(self, request_id: str, execution_arn: str) -> Row:
        """The execution comes to the creation queue, to wait for its slot.

        `queuedAt` stays the moment at which it first came for this slot, however often it comes.
        """
        at = timestamp(self.clock())
        reservation: Waiting = {"at": at}
        return self._change(
            request_id,
            execution_arn,
            values={"state": State.QUEUED, "reservation": reservation, "queuedAt": at},
            keep=["queuedAt"],
            begins=True,
        )

    def record_intent(
        self, request_id: str, execution_arn: str, *, account_name: str, seen: Intent | None
    ) -> Row:
        """Write down that CreateAccount is about to be called; `seen` is the intent it replaces."""
        intent: Intent = {"at": timestamp(self.clock()), "accountName": account_name}
        return self._change(
            request_id,
            execution_arn,
            values={"state": State.CREATING, "intent": intent},
            remove=["reservation", "queuedAt", "look"],
            begins=True,
            intent=seen,
            createAccountRequestId=None,
        )

    def clear_intent(
        self,
        request_id: str,
        execution_arn: str,
        intent: Intent,
        *,
        unanswered: bool = False,
        nothing_made: bool = False,
    ) -> Row:
        """Clear the intent: AWS definitely did not act on it, or (`unanswered`) nothing shows.

        Then it is remembered, as what AWS made of it may show yet; until it is certain that no
        call made anything (`nothing_made`).
        """
        values = {"unanswered": intent["at"]} if unanswered else {}
        remove = ["intent", "look", *(["unanswered"] if nothing_made else [])]
        return self._change(request_id, execution_arn, values=values, remove=remove, intent=intent)

    def save_search_position(
        self, request_id: str, execution_arn: str, look: SearchPosition | None
    ) -> Row:
        """Keep where a search of the organization goes on; None: it is over."""
        values, remove = ({"look": look}, ()) if look else ({}, ("look",))
        return self._change(request_id, execution_arn, values=values, remove=remove)

    def mark_creating(self, request_id: str, execution_arn: str, creation_id: str) -> Row:
        """Keep the id under which AWS creates the account."""
        values = {"state": State.CREATING, "createAccountRequestId": creation_id}
        return self._change(request_id, execution_arn, values=values)

    def clear_creation(self, request_id: str, execution_arn: str) -> Row:
        """Forget a creation that ended without an account, so that a resubmission starts anew."""
        remove = ["createAccountRequestId", "intent", "look", "unanswered"]
        return self._change(request_id, execution_arn, remove=remove)

    def clear_creation_id(self, request_id: str, execution_arn: str) -> Row:
        """Forget a creation id AWS does not know, keeping the intent so that it is looked for."""
        return self._change(request_id, execution_arn, remove=["createAccountRequestId"])

    def mark_account_created(
        self,
        request_id: str,
        execution_arn: str,
        *,
        account_id: str,
        account_name: str | None = None,
        gov_cloud_account_id: str | None = None,
        creation_id: str | None = None,
        next_steps: list[str] | None = None,
    ) -> Row:
        """The account is there: from now on it is given its baseline."""
        values = {
            "state": State.BASELINING,
            "accountId": account_id,
            "accountName": account_name,
            "govCloudAccountId": gov_cloud_account_id,
            "createAccountRequestId": creation_id,
            "nextSteps": next_steps,
        }
        remove = ["look", "taskToken", "unanswered", *(() if next_steps else ["nextSteps"])]
        return self._change(request_id, execution_arn, values=values, remove=remove)

    def mark_vended(
        self,
        request_id: str,
        execution_arn: str,
        *,
        account_id: str,
        organizational_unit_id: str | None,
        warnings: Sequence[str] = (),
    ) -> Row:
        """The account is done, at a revision; `warnings` are what the requester should know.

        One transaction with the account's record. Repeated by the same execution it changes nothing
        more. ConcurrentModification where the account's record has changed at the same time.
        """
        row = self.owned(request_id, execution_arn)
        if row["state"] == State.VENDED and "revision" in row:
            return row
        number, writes = self.accounts.vending(account_id, row, self.accounts.get(account_id))
        update = self.updating(
            request_id,
            values={
                "state": State.VENDED,
                "accountId": account_id,
                "organizationalUnitId": organizational_unit_id,
                "warnings": list(warnings) or None,
                "revision": number,
            },
            remove=["error"],
            condition=as_expected({"executionArn": execution_arn}),
        )
        cancelled = self.table.transact({"row": update, **writes})
        if not cancelled:
            written = {name: value for name, value in update.values.items() if value is not None}
            kept = {name: value for name, value in row.items() if name not in update.remove}
            return row_of({**kept, **written})
        if "row" in cancelled and cancelled["row"].code == "ConditionalCheckFailed":
            found = cancelled["row"].found
            raise _superseded(row_of(found) if found else None)
        if all(reason.code in _CONTENDED for reason in cancelled.values()):
            raise ConcurrentModification(
                "The account's record changed at the same time.",
                remedy="No action needed: the workflow retries automatically.",
            )
        raise Throttled(
            "DynamoDB took no more writes at this moment.",
            remedy="No action needed: the workflow retries automatically.",
        )

    def mark_failed(
        self, request_id: str, execution_arn: str, *, state: str, error: Mapping[str, Any]
    ) -> Row:
        """The execution could not go on; `state` is FAILED or REJECTED.

        ExecutionSuperseded where a function of it that was given up has vended meanwhile.
        """
        values = {"state": state, "error": dict(error)}
        remove = ["taskToken", "nextSteps"]  # the error says what is next
        row = self._change(request_id, execution_arn, values=values, remove=remove)
        return self.expiry.of_ended(row)

    def mark_interrupted(self, seen: Row, *, error: Mapping[str, Any]) -> Row:
        """The row's execution ended without a word, and the row is still as it was seen: FAILED.

        ConcurrentModification when the row has changed.
        """
        row = self._update(
            seen["requestId"],
            values={"state": State.FAILED, "error": dict(error)},
            remove=(),
            unless=ConcurrentModification(
                "The request continued at the same time.",
                remedy="No action needed: it is checked again automatically.",
            ),
            executionArn=seen.get("executionArn"),
            state=seen["state"],
            updatedAt=seen["updatedAt"],
        )
        return self.expiry.of_ended(row)

    def _change(
        self,
        request_id: str,
        execution_arn: str,
        *,
        values: Mapping[str, Any] | None = None,
        remove: Iterable[str] = (),
        keep: Sequence[str] = (),
        begins: bool = False,
        **expected: object,
    ) -> Row:
        return self._update(
            request_id,
            values=values or {},
            remove=remove,
            keep=keep,
            unless=None,
            begins=begins,
            executionArn=execution_arn,
            **expected,
        )

    change = _change
    """For modules that write down what only they know of; the same conditions hold.

    `begins`: this is written before something is done, which must no longer be done once the
    request has ended.
    """

    def _update(
        self,
        request_id: str,
        *,
        values: Mapping[str, Any],
        remove: Iterable[str],
        unless: ConcurrentModification | None,
        keep: Sequence[str] = (),
        begins: bool = False,
        **expected: object,
    ) -> Row:
        """Set and remove attributes if others are as expected (None: absent).

        A function may still be writing when its execution was stopped and the row says FAILED, or
        when another run of it was faster and the row says VENDED: what it achieved is kept then,
        and the request stays ended. What it is about to begin it must not, and what it vended has
        not failed (ExecutionSuperseded).
        """
        removed = list(remove)
        condition = as_expected(expected)
        state = values.get("state")
        goes_on = unless is None and (state or State.FAILED) not in FINAL
        if goes_on:
            condition &= ~Attr("state").is_in(list(FINAL))
        fails = unless is None and state in (State.FAILED, State.REJECTED)
        if fails:
            condition &= Attr("state").ne(State.VENDED)
        update = self.updating(
            request_id, values=values, remove=removed, keep=keep, condition=condition
        )
        try:
            return row_of(self.table.update(update))
        except ConditionFailed as failed:
            if unless is not None:
                raise unless from None
            there = row_of(failed.found) if failed.found else None
            if there is None or there.get("executionArn") != expected.get("executionArn"):
                raise _superseded(there) from None
            if there["state"] not in FINAL or not (goes_on or fails):
                raise failed.refusal from None
            if begins or fails:
                raise _ended(there) from None
        kept = {name: value for name, value in values.items() if name != "state"}
        return self._update(
            request_id,
            values=kept,
            remove=removed,
            unless=None,
            keep=keep,
            begins=False,
            **expected,
        )

    def updating(
        self,
        request_id: str,
        *,
        values: Mapping[str, Any],
        remove: Sequence[str],
        keep: Sequence[str] = (),
        condition: ConditionBase,
    ) -> Update:
        """A change of the request's row, dated, as one write of its own or of a transaction."""
        return Update(
            pk=keys.request(request_id),
            values={"updatedAt": timestamp(self.clock()), **values},
            keep=keep,
            # Whatever changes a row that is to expire may be a reason to keep it.
            remove=[*remove, DELETE_AT],
            condition=condition,
        )


def _ended(row: Row) -> ExecutionSuperseded:
    return ExecutionSuperseded(
        f"The request was recorded as {row['state']} before this step could begin.",
        remedy="No action needed: a request that is FAILED can be resumed.",
    )


def _superseded(row: Row | None) -> ExecutionSuperseded:
    holder = row.get("executionArn") if row else None
    if holder is None:
        return ExecutionSuperseded(
            "The ledger has no row of this execution.",
            remedy="Submit the request again: it adopts the account if it is there.",
        )
    return ExecutionSuperseded(
        f"The request was taken over by the execution {holder}.",
        remedy=f"Follow the execution {holder}.",
    )
