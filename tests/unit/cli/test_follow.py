"""Following submissions by the ledger and the history, in time that only moves when slept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from cli.commands.follow import PATIENCE_SECONDS, Follower
from cli.output.progress import Log
from cli.watch.submission import Phase, TrackedSubmission
from cli.watch.trace import StepStatus
from tests.unit.cli.fakes import (
    FIRST,
    SECOND,
    FakeStack,
    FakeTime,
    a_record,
    a_submission,
    a_terminal,
    an_error,
    denied,
)
from tests.unit.cli.histories import History


def sent(name: str = "Sandbox", *, earlier: str | None = None) -> TrackedSubmission:
    return TrackedSubmission(
        submission=a_submission(name), phase=Phase.SENT, since=100.0, earlier_execution=earlier
    )


def follow(
    stack: FakeStack, *tracked: TrackedSubmission, script: list[Callable[[], None]] | None = None
) -> FakeTime:
    time = FakeTime()
    time.on_sleep = script or []
    Follower(
        stack,  # type: ignore[arg-type]
        tracked,
        Log(a_terminal()),
        clock=time.clock,
        sleep=time.sleep,
    ).run()
    return time


def vended_history() -> History:
    history = History().step("AcceptRequest", {"outcome": "ACCEPTED"})
    history.step("CreateAccount").step("RecordVended")
    return history.enter("Vended", "Succeed").add("ExecutionSucceeded")


def test_follower_sees_a_request_through() -> None:
    stack, one = FakeStack(), sent()
    history = vended_history()
    script: list[Callable[[], None]] = [
        lambda: stack.put(a_record("REQUESTED", accountId=None)),
        lambda: stack.histories.update({FIRST: history.events[:4]}),
        lambda: None,
        lambda: stack.put(a_record()),
        lambda: stack.histories.update({FIRST: history.events}),
    ]

    time = follow(stack, one, script=script)

    assert one.is_vended
    assert one.trace is not None
    assert one.trace.ended == "SUCCEEDED"
    assert one.elapsed(0) == time.now - 100.0


def test_follower_does_not_mistake_the_row_of_an_earlier_try_for_this_one() -> None:
    stack, one = FakeStack(), sent(earlier=FIRST)
    stack.put(a_record("FAILED", error=an_error()))
    script: list[Callable[[], None]] = [
        lambda: None,
        lambda: stack.put(a_record(executionArn=SECOND)),
        lambda: stack.histories.update({SECOND: vended_history().events}),
    ]

    follow(stack, one, script=script)

    assert one.execution_arn == SECOND
    assert one.is_vended


def test_follower_reports_a_failure_with_its_record() -> None:
    stack, one = FakeStack(), sent()
    stack.put(a_record("FAILED", error=an_error()))
    history = History().enter("AcceptRequest").fail("RequestInvalid").step("RecordFailure")
    stack.histories[FIRST] = history.add("ExecutionFailed").events

    follow(stack, one)

    assert not one.is_vended
    assert one.problem == ""
    assert one.record is not None
    assert one.record["error"]["reason"] == "EMAIL_ALREADY_EXISTS"


def test_event_that_starts_nothing_is_reported_with_the_dead_letter_queue() -> None:
    stack, one = FakeStack(), sent()

    time = follow(stack, one)

    assert time.now - 100.0 >= PATIENCE_SECONDS
    assert "no execution started within" in one.problem
    assert stack.dead_letter_queue_url in one.remedy
    assert not one.is_vended


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("ExecutionAborted", "stopped by hand"),
        ("ExecutionTimedOut", "longer than"),
        ("ExecutionFailed", "could not record why"),
    ],
)
def test_execution_that_ends_without_a_word_is_reported(kind: str, expected: str) -> None:
    stack, one = FakeStack(), sent()
    stack.put(a_record("CREATING", accountId=None))
    stack.histories[FIRST] = History().enter("AcceptRequest").add(kind).events

    follow(stack, one)

    assert expected in one.problem
    assert "still says CREATING" in one.problem
    assert not one.is_vended


def test_execution_that_was_superseded_is_left_for_its_successor() -> None:
    stack, one = FakeStack(), sent()
    stack.put(a_record("CREATING", accountId=None))
    stack.histories[FIRST] = History().enter("CreateAccount").add("ExecutionFailed").events
    script: list[Callable[[], None]] = [
        lambda: stack.put(a_record(executionArn=SECOND)),
        lambda: stack.histories.update({SECOND: vended_history().events}),
    ]
    original, calls = stack.ledger.row, 0

    def row(request_id: str) -> object:
        nonlocal calls
        calls += 1
        if calls == 1:
            stack.put(a_record("BASELINING", executionArn=SECOND))
        return original(request_id)

    stack.ledger.row = row  # type: ignore[assignment,method-assign]

    follow(stack, one, script=[lambda: None, lambda: None, *script])

    assert one.execution_arn == SECOND
    assert one.is_vended


def test_who_may_not_read_executions_follows_the_ledger_alone() -> None:
    stack, one = FakeStack(), sent()
    stack.history_error = denied("GetExecutionHistory")
    stack.put(a_record("CREATING", accountId=None))

    follow(stack, one, script=[lambda: None, lambda: None, lambda: stack.put(a_record())])

    assert one.is_vended
    assert one.trace is None


def test_other_errors_of_aws_are_not_swallowed() -> None:
    stack, one = FakeStack(), sent()
    error = {"Error": {"Code": "ExecutionDoesNotExist", "Message": "gone"}}
    stack.history_error = ClientError(error, "GetExecutionHistory")  # type: ignore[arg-type]
    stack.put(a_record("CREATING"))

    with pytest.raises(ClientError):
        follow(stack, one)


def test_one_failure_does_not_hold_up_the_others() -> None:
    stack = FakeStack()
    good, bad = sent("Good"), sent("Bad")
    stack.put(a_record("FAILED", request_id="r-bad", executionArn=SECOND, error=an_error()))
    stack.put(a_record("CREATING", request_id="r-good", accountId=None))

    def finish() -> None:
        stack.put(a_record(request_id="r-good"))

    follow(stack, good, bad, script=[lambda: None, lambda: None, finish])

    assert good.is_vended
    assert not bad.is_vended
    assert (bad.until or 0) < (good.until or 0)


def test_many_requests_are_followed_without_asking_for_every_history_each_time() -> None:
    stack = FakeStack()
    tracked = [sent(f"N{n}") for n in range(25)]
    asked: list[int] = [0]
    original = stack.history

    def history(execution_arn: str, *, after: int) -> list[dict[str, object]]:
        asked[0] += 1
        return original(execution_arn, after=after)

    stack.history = history  # type: ignore[method-assign]
    for n in range(25):
        stack.put(a_record("CREATING", request_id=f"r-n{n}", executionArn=f"{FIRST}{n}"))

    def finish() -> None:
        for n in range(25):
            stack.put(a_record(request_id=f"r-n{n}", executionArn=f"{FIRST}{n}"))

    follow(stack, *tracked, script=[lambda: None, finish])

    assert all(one.is_vended for one in tracked)
    assert asked[0] <= 20


def test_time_of_steps_is_ours_whatever_the_clock_of_aws_says() -> None:
    stack, one = FakeStack(), sent()
    history = History().enter("AcceptRequest")
    history.at = 5000.0
    history.schedule().succeed({"outcome": "ACCEPTED"}).leave("AcceptRequest").enter(
        "CreateAccount"
    )
    stack.put(a_record("CREATING"))
    stack.histories[FIRST] = history.events

    def finish() -> None:
        stack.put(a_record())
        stack.histories[FIRST] = history.leave("CreateAccount").add("ExecutionSucceeded").events

    follow(stack, one, script=[lambda: None, lambda: None, finish])

    assert one.trace is not None
    assert all((step.elapsed(200.0) or 0) < 2.0 for step in one.trace.steps)
    assert one.trace.steps[0].status is StepStatus.DONE


def of_revision(number: int) -> TrackedSubmission:
    """A change that is sent for one revision of its account alone."""
    one = sent(earlier=FIRST)
    detail = {**one.submission.detail, "ifRevision": number}
    one.submission = a_submission(detail=detail)
    return one


def test_change_of_one_revision_does_not_follow_another_request_that_was_faster() -> None:
    stack, one = FakeStack(), of_revision(1)
    stack.put(a_record(executionArn=FIRST))
    faster = a_record("BASELINING", executionArn=SECOND)

    follow(stack, one, script=[lambda: stack.put(faster, fingerprint="another")])

    assert (one.phase, one.problem_code, one.is_vended) == (Phase.ENDED, "Superseded", False)
    assert "ifRevision: is 1" in one.problem
    assert one.execution_arn is None


def test_change_of_a_revision_that_is_gone_says_so_where_no_execution_shows() -> None:
    stack, one = FakeStack(), of_revision(1)
    stack.put(a_record(executionArn=FIRST))
    stack.ledger.account_records["r-sandbox"] = {"revision": 2}

    time = follow(stack, one)

    assert one.problem_code == "Superseded"
    assert time.now >= 100 + PATIENCE_SECONDS


def test_change_of_the_revision_that_stands_points_to_the_dead_letter_queue() -> None:
    stack, one = FakeStack(), of_revision(2)
    stack.put(a_record(executionArn=FIRST))
    stack.ledger.account_records["r-sandbox"] = {"revision": 2}

    follow(stack, one)

    assert one.problem_code == "ExecutionNotStarted"
