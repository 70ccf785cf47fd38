"""The routes of requests: create, list, get, follow, resume, cancel, and decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from vending.api import cursors, views
from vending.api.approver import Approver
from vending.api.caller import Caller
from vending.api.parameters import Call
from vending.api.starts import Starts
from vending.api.steps import Progress, history, progress_of
from vending.entrances import requests
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import RequestInvalid, StateConflict, UnknownResource
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.ledger import Ledger
from vending.ledger.rows import record_of, row_of
from vending.request import ou_paths, validators
from vending.request.account_request import AccountRequest
from vending.request.request_ids import qualified
from vending.states import FINAL, State

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from vending.ledger.item_types import Row

Json = dict[str, Any]

RESUMABLE = (State.FAILED,)


@frozen
class Requests:
    """The requests that a caller may see, and what it may do about them."""

    ledger: Ledger
    starts: Starts
    stepfunctions: SFNClient
    caller: Caller
    approver: Approver

    def create(self, call: Call) -> Json:
        """Start vending what the body asks for.

        Raises:
            RequestInvalid: with every mistake.
            RequestNotAllowed: with every rule of the request policy that it breaks.
            RequestConflict: the idempotency key was used for another body.
        """
        raw = call.json_body()
        request = allowed(raw, self.caller)
        started = self.starts.request(raw, self.caller, route=call.path, key=call.key)
        return views.shown(views.Started, {**started, "requestId": request.request_id})

    def list(self, call: Call) -> Json:
        """A page of the requests, by state, and in each the newest change first."""
        asked = call.parameters(
            "state", "requester", "organizationalUnit", "cursor", "limit", states=[*State]
        )
        unit = asked["organizationalUnit"]
        if unit is not None:
            _ensure_unit(unit)
        found = self._rows(asked["state"], cursors.position_of(asked["cursor"]))
        fitting = (
            row
            for row in found
            if self._sees(row)
            and asked["requester"] in (None, row.get("sender", {}).get("requester"))
            and (unit is None or _is_in(row, unit))
        )
        rows = list(islice(fitting, asked["limit"] + 1))
        page = rows[: asked["limit"]]
        return views.shown(
            views.RequestPage,
            {
                "requests": [_record(row) for row in page],
                "nextCursor": cursors.cursor_of(page[-1]) if len(rows) > len(page) else None,
            },
        )

    def get(self, request_id: str) -> Json:
        """A request's record with its steps; UnknownResource where the caller sees none."""
        row = self._row(request_id)
        return views.shown(
            views.RequestDetails, {**_record(row), "steps": self._progress(row).steps}
        )

    def events(self, request_id: str, call: Call) -> Json:
        """A page of what happened in the request's last execution, the oldest first.

        Raises:
            UnknownResource: the caller sees no request of this id.
            RequestInvalid: with every mistake.
        """
        asked = call.parameters("cursor", "limit")
        row = self._row(request_id)
        known, arn = row["requestId"], row.get("executionArn")
        begin = cursors.count_of(asked["cursor"], known, arn)
        progress = self._progress(row)
        page = progress.events[begin : begin + asked["limit"]]
        end = begin + len(page)
        return views.shown(
            views.RequestEvents,
            {
                "requestId": known,
                "executionArn": arn,
                "state": row["state"],
                # Read before the history: a state that is not final may have become so meanwhile.
                "isOver": row["state"] in FINAL
                and progress.is_over
                and end >= len(progress.events),
                "events": page,
                "nextCursor": cursors.cursor_of_events(known, arn, end),
            },
        )

    def resume(self, request_id: str, call: Call) -> Json:
        """Start the request again as the ledger keeps it, where it stopped.

        Raises:
            UnknownResource: the caller sees no request of this id.
            StateConflict: it has not failed.
        """
        row = self._own_row(request_id)
        if row["state"] not in RESUMABLE or not row.get("request"):
            raise StateConflict(
                f"The request '{row['requestId']}' is {row['state']}, so that there is nothing to "
                "resume.",
                code="RequestNotResumable",
                remedy="Submit a corrected request, or wait until this one has ended.",
            )
        raw = {**row["request"], "requestId": row["requestId"]}
        raw.pop("requestedBy", None)
        allowed(raw, self.caller)
        started = self.starts.request(raw, self.caller, route=call.path, key=call.key)
        return views.shown(views.Started, {**started, "requestId": row["requestId"]})

    def cancel(self, request_id: str) -> Json:
        """Stop the request's execution before AWS is asked for anything; its record as it was.

        Raises:
            UnknownResource: the caller sees no request of this id.
            StateConflict: it has ended, or AWS was asked for something.
        """
        row = self._own_row(request_id)
        requests.ensure_cancellable(row)
        with translate_aws_errors():
            self.stepfunctions.stop_execution(
                executionArn=row["executionArn"],
                error=requests.CANCELLED,
                cause=requests.cancelled_by(self.caller.name),
            )
        return views.shown(views.RequestRecord, _record(row))

    def approve(self, request_id: str, call: Call) -> Json:
        """Approve the request: its record then. UnknownResource where the caller sees none."""
        return self._shown(self.approver.approve(self._row(request_id)["pk"], call))

    def reject(self, request_id: str, call: Call) -> Json:
        """Reject the request; as `approve`."""
        return self._shown(self.approver.reject(self._row(request_id)["pk"], call))

    def _progress(self, row: Row) -> Progress:
        arn = row.get("executionArn")
        if not arn:
            return progress_of([])
        with translate_aws_errors():
            return progress_of(history(arn, self.stepfunctions))

    def _shown(self, item: Mapping[str, Any]) -> Json:
        return views.shown(views.RequestRecord, _record(row_of(item)))

    def _sees(self, row: Row) -> bool:
        """Whether it is the caller's, or one that the caller decides on or has decided on."""
        return self.caller.sees(row.get("requestId")) or self.approver.may_decide(
            row.get("approval")
        )

    def _own_row(self, request_id: str) -> Row:
        """A request that the caller acts for; UnknownResource as if there was no other."""
        row = self._row(request_id)
        if not self.caller.sees(row["requestId"]):
            raise _unknown(request_id)
        return row

    def _row(self, request_id: str) -> Row:
        """A request that the caller sees: one of its own before one that it decides on."""
        own = None if self.caller.sees_everything else self.caller.authorization.name
        for known in dict.fromkeys((qualified(request_id, own), request_id)):
            row = None if validators.request_id(known) else self.ledger.get(known)
            if row is not None and self._sees(row):
                return row
        raise _unknown(qualified(request_id, own))

    def _rows(self, state: str | None, position: dict[str, str] | None) -> Iterator[Row]:
        states = [state] if state else [*State]
        if position is not None:
            if position["state"] not in states:
                raise RequestInvalid(["cursor: is one of another list"])
            states = states[states.index(position["state"]) :]
        for one in states:
            begin = position if position is not None and one == position["state"] else None
            for item in self.ledger.table.query_by_state(one, newest_first=True, after=begin):
                if item["pk"].startswith(keys.REQUEST):
                    yield row_of(item)


def _unknown(request_id: str) -> UnknownResource:
    return UnknownResource(
        f"There is no request {validators.shown(request_id)} that you may see.",
        code="UnknownRequest",
        remedy="Check the id. A request shows a moment after it was accepted; other requesters' "
        "requests are for administrators, and for those who decide on them.",
    )


def allowed(raw: Any, caller: Caller) -> AccountRequest:
    """The request that the caller may send; as `entrances.requests.allowed`."""
    return requests.allowed(raw, caller.authorization, asks="who calls the API")


def document_of(content: Mapping[str, Any] | None) -> Json | None:
    """A stored request as it may be sent again: who asked stands beside it."""
    if content is None:
        return None
    return {key: value for key, value in content.items() if key != "requestedBy"}


def _record(row: Row) -> Json:
    return {**record_of(row), "request": document_of(row.get("request"))}


def _ensure_unit(path: str) -> None:
    try:
        ou_paths.split(path)
    except ValueError as error:
        raise RequestInvalid([f"organizationalUnit: {error}"]) from None


def _is_in(row: Row, unit: str) -> bool:
    """Whether the request is for the unit, or one below it."""
    return ou_paths.is_within((row.get("request") or {}).get("organizationalUnit"), unit)
