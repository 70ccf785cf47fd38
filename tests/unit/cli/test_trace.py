"""Steps as they follow from an execution's history."""

from __future__ import annotations

import pytest

from cli.watch.steps import Plan
from cli.watch.trace import Event, Step, StepStatus, Trace
from statemachines import definitions
from tests.unit.cli.fakes import DEFINITION
from tests.unit.cli.histories import START, History


def moment(event: Event) -> float:
    return float((event["timestamp"] - START).total_seconds())


SETUP = definitions.text("organization_setup")


def trace_of(history: History, definition: str = DEFINITION) -> Trace:
    trace = Trace(Plan(definition))
    trace.feed(history.events, moment)
    return trace


def step(trace: Trace, name: str) -> Step:
    return next(one for one in trace.steps if one.name == name)


def accepted() -> History:
    history = History().step("AcceptRequest", {"outcome": "ACCEPTED"})
    return history.enter("IsRequestNew", "Choice").leave("IsRequestNew", "Choice")


def created() -> History:
    history = accepted().enter("ChooseSource", "Choice").leave("ChooseSource", "Choice")
    history.step("CreateAccount", {"createAccountRequestId": "car-12345678", "accountId": None})
    return history.enter("IsAccountReady", "Choice").leave("IsAccountReady", "Choice")


def test_all_steps_are_to_come_before_anything_happens() -> None:
    trace = trace_of(History())

    assert {one.status for one in trace.steps} == {StepStatus.PENDING}
    assert trace.current is None
    assert trace.ended is None


def test_step_runs_from_its_entry_and_is_done_at_its_exit() -> None:
    history = History().enter("AcceptRequest")
    running = trace_of(history)
    history.at = 2.5
    history.schedule().succeed({"outcome": "ACCEPTED"}).leave("AcceptRequest")
    done = trace_of(history)

    assert step(running, "AcceptRequest").status is StepStatus.RUNNING
    assert running.current is step(running, "AcceptRequest")
    assert step(done, "AcceptRequest").status is StepStatus.DONE
    assert step(done, "AcceptRequest").elapsed(99) == 2.5
    assert done.finished == 1


def test_running_step_counts_on() -> None:
    history = History()
    history.at = 1.0
    trace = trace_of(history.enter("AcceptRequest"))

    assert step(trace, "AcceptRequest").elapsed(3.0) == 2.0


def test_events_fed_twice_or_out_of_order_count_once() -> None:
    history = accepted()
    trace = Trace(Plan(DEFINITION))
    trace.feed(reversed(history.events), moment)
    trace.feed(history.events, moment)

    assert step(trace, "AcceptRequest").entered == 1
    assert step(trace, "AcceptRequest").retries == 0


def test_steps_of_other_sources_are_skipped() -> None:
    trace = trace_of(accepted().enter("ChooseSource", "Choice").enter("CreateAccount"))

    assert step(trace, "DescribeAccount").status is StepStatus.SKIPPED
    assert step(trace, "CreateAccount").status is StepStatus.RUNNING


def test_failed_try_shows_its_error_until_the_next_one() -> None:
    history = accepted().enter("CreateAccount").schedule()
    history.fail("Throttled", code="TooManyRequestsException")
    between = trace_of(history)
    again = trace_of(history.schedule())
    done = trace_of(history.succeed({"accountId": "123456789012"}).leave("CreateAccount"))

    assert step(between, "CreateAccount").status is StepStatus.RETRYING
    assert step(between, "CreateAccount").note == "Throttled: TooManyRequestsException"
    assert step(between, "CreateAccount").retries == 0
    assert step(again, "CreateAccount").status is StepStatus.RUNNING
    assert step(again, "CreateAccount").retries == 1
    assert step(done, "CreateAccount").status is StepStatus.DONE
    assert step(done, "CreateAccount").retries == 1
    assert step(done, "CreateAccount").note == "account 123456789012"


def test_polls_are_one_step_waits_included_and_no_retries() -> None:
    history = created()
    history.at = 1.0
    history.enter("WaitForAccount", "Wait")
    waiting = trace_of(history)
    history.at = 3.0
    history.leave("WaitForAccount", "Wait").enter("DescribeCreateAccountStatus").schedule()
    history.fail("CreationInProgress", code="CreationInProgress")
    history.leave("DescribeCreateAccountStatus").enter("WaitForAccount", "Wait")
    polled = trace_of(history)
    history.at = 6.0
    history.leave("WaitForAccount", "Wait").step(
        "DescribeCreateAccountStatus", {"state": "SUCCEEDED", "accountId": "123456789012"}
    )
    ready = trace_of(history)

    assert step(waiting, "DescribeCreateAccountStatus").status is StepStatus.RUNNING
    assert step(polled, "DescribeCreateAccountStatus").status is StepStatus.RUNNING
    assert step(ready, "DescribeCreateAccountStatus").status is StepStatus.DONE
    assert step(ready, "DescribeCreateAccountStatus").elapsed(99) == 5.0
    assert step(ready, "DescribeCreateAccountStatus").retries == 0
    assert step(ready, "DescribeCreateAccountStatus").note == "account 123456789012"


def test_step_that_an_event_wakes_to_look_goes_on() -> None:
    history = created().enter("DescribeCreateAccountStatus").schedule()
    history.fail("CreationAnswered", code="CreationAnswered")
    woken = trace_of(history.leave("DescribeCreateAccountStatus"))
    looking = trace_of(history.enter("DescribeCreateAccountStatus").schedule())

    assert step(woken, "DescribeCreateAccountStatus").status is not StepStatus.FAILED
    assert step(looking, "DescribeCreateAccountStatus").status is StepStatus.RUNNING
    assert step(looking, "DescribeCreateAccountStatus").retries == 0


def test_poll_is_skipped_when_the_account_is_there_at_once() -> None:
    trace = trace_of(created().enter("Baseline", "Parallel"))

    assert step(trace, "DescribeCreateAccountStatus").status is StepStatus.SKIPPED


def test_branches_go_on_side_by_side_and_skip_for_themselves() -> None:
    history = created().enter("Baseline", "Parallel").add("ParallelStateStarted")
    history.enter("MoveAccount", branch="a").schedule("a")
    history.enter("TagResource", branch="b").schedule("b").fail("Throttled", "b")
    history.enter("IsServiceAccessRequested", "Choice", "c").enter(
        "IsRootAccessRequested", "Choice", "c"
    )
    trace = trace_of(history)

    assert step(trace, "MoveAccount").status is StepStatus.RUNNING
    assert step(trace, "TagResource").status is StepStatus.RETRYING
    assert step(trace, "EnableAWSServiceAccess").status is StepStatus.SKIPPED
    assert step(trace, "EnableOrganizationsRootSessions").status is StepStatus.PENDING
    assert step(trace, "PutAlternateContact").status is StepStatus.PENDING


def test_end_of_the_branches_does_not_touch_the_last_step_in_them() -> None:
    history = created().enter("Baseline", "Parallel")
    history.step("TagResource", {"tagged": ["team"]}, branch="b").join("b")
    trace = trace_of(history.add("ParallelStateSucceeded").leave("Baseline", "Parallel"))

    assert step(trace, "TagResource").note == "team"
    assert step(trace, "TagResource").status is StepStatus.DONE


def test_success_leaves_no_step_open() -> None:
    history = created().enter("Baseline", "Parallel").step("TagResource", branch="b").join("b")
    history.leave("Baseline", "Parallel").step("RecordVended", {"state": "VENDED"})
    trace = trace_of(history.enter("Vended", "Succeed").add("ExecutionSucceeded"))

    assert trace.ended == "SUCCEEDED"
    assert {one.status for one in trace.steps} == {StepStatus.DONE, StepStatus.SKIPPED}
    assert trace.finished == len(trace.shown)


def test_duplicate_ends_with_everything_else_skipped() -> None:
    history = (
        History().step("AcceptRequest", {"outcome": "DUPLICATE"}).enter("IsRequestNew", "Choice")
    )
    trace = trace_of(history.enter("DuplicateRequest", "Succeed").add("ExecutionSucceeded"))

    assert step(trace, "AcceptRequest").note == "in progress in another execution"
    assert step(trace, "CreateAccount").status is StepStatus.SKIPPED


def test_failure_shows_where_what_and_what_was_not_reached() -> None:
    history = (
        created().enter("WaitForAccount", "Wait").enter("DescribeCreateAccountStatus").schedule()
    )
    history.fail(
        "AccountCreationFailed", code="AccountCreationFailed", reason="EMAIL_ALREADY_EXISTS"
    )
    history.leave("DescribeCreateAccountStatus").step("RecordFailure", {"state": "FAILED"})
    trace = trace_of(history.enter("VendingFailed", "Fail").add("ExecutionFailed"))

    assert trace.ended == "FAILED"
    failed = step(trace, "DescribeCreateAccountStatus")
    assert failed.status is StepStatus.FAILED
    assert failed.note == "AccountCreationFailed: EMAIL_ALREADY_EXISTS"
    assert step(trace, "RecordFailure").status is StepStatus.DONE
    assert step(trace, "MoveAccount").status is StepStatus.UNREACHED
    assert step(trace, "DescribeAccount").status is StepStatus.SKIPPED


def test_failed_branch_stops_its_siblings() -> None:
    history = created().enter("Baseline", "Parallel")
    history.enter("TagResource", branch="b").schedule("b")
    history.enter("MoveAccount", branch="a").schedule("a").fail("OperationRefused", "a")
    history.at = 4.0
    history.join("a", "b").leave("Baseline", "Parallel").enter("RecordFailure")
    trace = trace_of(history)

    assert step(trace, "MoveAccount").status is StepStatus.FAILED
    assert step(trace, "TagResource").status is StepStatus.STOPPED
    assert step(trace, "TagResource").elapsed(99) == 4.0
    assert step(trace, "RecordFailure").status is StepStatus.RUNNING


def test_stopped_execution_stops_what_runs() -> None:
    trace = trace_of(accepted().enter("CreateAccount").schedule().add("ExecutionAborted"))

    assert trace.ended == "ABORTED"
    assert step(trace, "CreateAccount").status is StepStatus.STOPPED
    assert step(trace, "MoveAccount").status is StepStatus.UNREACHED


def test_timed_out_execution_is_shown_by_its_aws_name() -> None:
    assert trace_of(accepted().add("ExecutionTimedOut")).ended == "TIMED_OUT"


def test_events_of_states_that_the_definition_lacks_are_passed_over() -> None:
    trace = trace_of(accepted().step("SomethingNewer").enter("CreateAccount"))

    assert step(trace, "CreateAccount").status is StepStatus.RUNNING


def test_result_of_an_unexpected_shape_gets_no_note() -> None:
    history = accepted().enter("CreateAccount").schedule()
    history.add("TaskSucceeded", taskSucceededEventDetails={"output": "not json"})
    trace = trace_of(history.leave("CreateAccount"))

    assert step(trace, "CreateAccount").note == ""
    assert step(trace, "CreateAccount").status is StepStatus.DONE


def queued(history: History, token: str = "") -> History:
    """The function of ReserveCreation has queued the request; no slot has come yet."""
    return history.schedule().add("TaskSubmitted", taskSubmittedEventDetails={"output": token})


def test_step_that_waits_for_its_slot_says_so_however_long_it_takes() -> None:
    history = queued(accepted().enter("ReserveCreation"))
    history.add("TaskTimedOut", taskTimedOutEventDetails={"error": "States.Timeout"})
    waiting = step(trace_of(history), "ReserveCreation")
    still_waiting = step(trace_of(queued(history)), "ReserveCreation")
    slot = {"startAt": "2026-11-20T12:00:20.000Z", "waitSeconds": 20}
    history.succeed(slot).leave("ReserveCreation")
    done = step(trace_of(history), "ReserveCreation")

    for one in (waiting, still_waiting):
        assert (one.status, one.retries) == (StepStatus.RUNNING, 0)
        assert one.note.startswith("queued")
    assert (done.status, done.note) == (StepStatus.DONE, "slot in 20s")


def test_step_whose_answer_comes_by_its_error_is_done() -> None:
    history = accepted().enter("ReserveCreation").schedule()
    history.fail(
        "TaskTokenRefused", output={"startAt": "2026-11-20T12:00:20.000Z", "waitSeconds": 0}
    )
    done = step(trace_of(history.leave("ReserveCreation")), "ReserveCreation")

    assert (done.status, done.retries, done.note) == (StepStatus.DONE, 0, "no wait")


def test_step_that_failed_and_comes_again_by_another_way_is_to_come() -> None:
    history = accepted().step("ReserveCreation", {"waitSeconds": 0}).enter("CreateAccount")
    history.schedule().fail("CreationRefusedForNow", code="TooManyRequestsException")
    history.leave("CreateAccount").enter("IsCreationStillRefused", "Choice")
    history.leave("IsCreationStillRefused", "Choice").enter("ReserveCreation")
    trace = trace_of(history)

    assert step(trace, "CreateAccount").status is StepStatus.PENDING
    assert trace.current is step(trace, "ReserveCreation")


def test_step_that_is_refused_for_good_stays_failed() -> None:
    history = accepted().step("ReserveCreation", {"waitSeconds": 0}).enter("CreateAccount")
    history.schedule().fail("CreationRefusedForNow", code="TooManyRequestsException")
    history.leave("CreateAccount").enter("IsCreationStillRefused", "Choice")
    history.leave("IsCreationStillRefused", "Choice").step("RecordFailure", {"state": "FAILED"})
    trace = trace_of(history.enter("VendingFailed", "Fail").add("ExecutionFailed"))

    assert step(trace, "CreateAccount").status is StepStatus.FAILED
    assert step(trace, "MoveAccount").status is StepStatus.UNREACHED


def a_setup(*choices: str) -> History:
    history = History().step("AcceptOrganizationSetup")
    for choice in ("AreAllFeaturesRequested", "IsServiceAccessRequested", *choices):
        history.enter(choice, "Choice").leave(choice, "Choice")
    return history


def reported(history: History) -> Trace:
    history.step("ReportOrganizationSetup", {"state": "FAILED", "changed": []})
    history.enter("IsOrganizationReady", "Choice").leave("IsOrganizationReady", "Choice")
    history.enter("OrganizationSetupFailed", "Fail").add("ExecutionFailed")
    return trace_of(history, SETUP)


def test_setup_shows_which_step_failed_and_which_were_not_reached() -> None:
    history = a_setup().enter("EnableAWSServiceAccess").schedule()
    history.fail("OperationRefused", code="AccessDeniedException").leave("EnableAWSServiceAccess")
    during = trace_of(history.enter("ReportOrganizationSetup"), SETUP)
    history.events.pop()
    trace = reported(history)

    for one in (during, trace):
        assert step(one, "EnableAWSServiceAccess").status is StepStatus.FAILED
        assert step(one, "EnableOrganizationsRootSessions").status is StepStatus.UNREACHED
        assert step(one, "CreateOrganizationalUnit").status is StepStatus.UNREACHED
        assert step(one, "AttachPolicy").status is StepStatus.UNREACHED
        assert step(one, "EnablePolicyType").status is StepStatus.UNREACHED
        assert step(one, "EnableAllFeatures").status is StepStatus.SKIPPED
    assert step(trace, "ReportOrganizationSetup").status is StepStatus.DONE
    assert trace.finished < len(trace.shown)


@pytest.mark.parametrize(
    ("state", "failed", "unreached"),
    [
        ("CreateOrganizationalUnits", "CreateOrganizationalUnit", ["CreatePolicy", "AttachPolicy"]),
        ("EnsurePolicies", "CreatePolicy", ["AttachPolicy"]),
    ],
)
def test_setup_shows_which_step_of_many_failed_before_it_reports(
    state: str, failed: str, unreached: list[str]
) -> None:
    history = a_setup("ArePolicyTypesRequested", "IsRootCredentialsManagementRequested")
    history.enter("AreRootSessionsRequested", "Choice").leave("AreRootSessionsRequested", "Choice")
    history.enter(state, "Map").add("MapStateStarted")
    history.enter(failed, branch="a").schedule("a").fail("OperationRefused", "a")
    history.join("a").leave(state, "Map").enter("ReportOrganizationSetup")
    trace = trace_of(history, SETUP)

    assert step(trace, failed).status is StepStatus.FAILED
    assert [step(trace, name).status for name in unreached] == [StepStatus.UNREACHED] * len(
        unreached
    )
    assert step(trace, "EnableOrganizationsRootSessions").status is StepStatus.SKIPPED
