"""Which submission for an account is the newer one, whatever the order in which they are delivered.

Pure. A submission is as old as the event that brought it, by the event's own time; one that was
started by hand is as old as its execution. EventBridge gives whole seconds. Of submissions of one
second the first to arrive is the older one, and their ids say which have arrived: none of them is
new again when it is delivered again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vending.frozen import frozen

_REMEMBERED = 20
"""Ids of one second: that many submissions for one account are not accepted within one."""


@frozen
class Submission:
    """When something was asked for, and by which event or execution.

    Attributes:
        time: ISO-8601 in UTC, in whole seconds, which sorts as text.
        id: the event's id, or the ARN of an execution that was started by hand.
    """

    time: str
    id: str

    @classmethod
    def of(
        cls,
        *,
        event_id: str | None,
        sent_at: str | None,
        started_at: str | None,
        execution_arn: str,
    ) -> Submission | None:
        """The submission that an execution is about; None where nothing shows its time.

        An event that claims to come from the future is as old as its execution: nobody can be the
        newest for years.

        Args:
            event_id: the event's; None where somebody started the execution by hand.
            sent_at: the event's time.
            started_at: when the execution started, as Step Functions says it.
            execution_arn: the execution's.
        """
        started = _seconds(started_at)
        sent = _seconds(sent_at)
        time = min(filter(None, (sent, started)), default=None)
        if time is None:
            return None
        return cls(time=time, id=event_id or execution_arn)


def is_late(submission: Submission | None, newest: Mapping[str, Any] | None) -> bool:
    """Whether a newer submission than this one has been accepted; `newest` is what `after` made."""
    if submission is None or not newest:
        return False
    if submission.time != newest["time"]:
        return submission.time < str(newest["time"])
    return submission.id in newest["ids"][:-1]


def after(newest: Mapping[str, Any] | None, submission: Submission | None) -> dict[str, Any] | None:
    """{time, ids} of the newest submission once this one, which is not late, is accepted."""
    if submission is None:
        return dict(newest) if newest else None
    if not newest or newest["time"] < submission.time:
        return {"time": submission.time, "ids": [submission.id]}
    ids = [one for one in newest["ids"] if one != submission.id]
    return {"time": submission.time, "ids": [*ids, submission.id][-_REMEMBERED:]}


def newer_of(
    one: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """The newer of two that `after` made."""
    if not one or not other:
        return one or other
    if one["time"] == other["time"]:
        return max(one, other, key=lambda each: len(each["ids"]))
    return max(one, other, key=lambda each: str(each["time"]))


def _seconds(text: str | None) -> str | None:
    """A moment as Submission has it; None where it is no moment."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
