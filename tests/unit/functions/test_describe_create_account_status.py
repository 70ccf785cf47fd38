from __future__ import annotations

import pytest

from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    accepted,
    create,
    describe,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    AccountCreationFailed,
    CreationInProgress,
    ExecutionSuperseded,
    OperationRefused,
    OutcomeUnknown,
    ServiceUnavailable,
    SlotNeeded,
    TaskTokenRefused,
)


def test_describe_create_account_status_in_progress_changes_nothing(world: World) -> None:
    creation_id = _creating(world)
    before = world.row(REQUEST_ID)

    result = describe(world, creation_id)

    assert result == {"state": "IN_PROGRESS", "accountId": None, "govCloudAccountId": None}
    assert world.row(REQUEST_ID) == before
    assert world.announced() == []


def test_describe_create_account_status_succeeded_run_twice_says_the_same(world: World) -> None:
    creation_id = _creating(world)
    account_id = world.organization.finish()

    first, second = describe(world, creation_id), describe(world, creation_id)

    assert first == second
    assert first == {"state": "SUCCEEDED", "accountId": account_id, "govCloudAccountId": None}
    row = world.row(REQUEST_ID)
    assert (row["state"], row["accountId"]) == ("BASELINING", account_id)
    assert row["createAccountRequestId"] == creation_id


def test_describe_create_account_status_succeeded_without_an_account_id_is_not_done(
    world: World,
) -> None:
    creation_id = _creating(world)
    world.organization.creations[creation_id]["State"] = "SUCCEEDED"

    assert describe(world, creation_id)["state"] == "IN_PROGRESS"


@pytest.mark.parametrize(
    "reason",
    [
        "ACCOUNT_LIMIT_EXCEEDED",
        "EMAIL_ALREADY_EXISTS",
        "INVALID_ADDRESS",
        "INVALID_EMAIL",
        "INTERNAL_FAILURE",
        "MISSING_PAYMENT_INSTRUMENT",
        "A_REASON_OF_NEXT_YEAR",
    ],
)
def test_describe_create_account_status_failed_says_why_and_starts_anew(
    world: World, reason: str
) -> None:
    creation_id = _creating(world)
    world.organization.finish(failure=reason)

    with pytest.raises(AccountCreationFailed) as failed:
        describe(world, creation_id)

    assert failed.value.reason == reason
    assert failed.value.remedy
    assert creation_id in failed.value.message
    row = world.row(REQUEST_ID)
    assert not {"createAccountRequestId", "intent", "accountId"} & row.keys()
    assert create(world)["createAccountRequestId"] != creation_id


@pytest.mark.parametrize("reason", ["EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION"])
def test_describe_create_account_status_failed_because_ours_is_there_adopts_it(
    world: World, reason: str
) -> None:
    creation_id = _creating(world)
    account_id = world.organization.add_account(
        email=EMAIL.upper(), tags={REQUEST_ID_TAG: REQUEST_ID}
    )
    world.organization.finish(failure=reason)

    result = describe(world, creation_id)

    assert (result["state"], result["accountId"]) == ("SUCCEEDED", account_id)
    assert world.row(REQUEST_ID)["accountId"] == account_id


@pytest.mark.parametrize("reason", ["EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION"])
def test_describe_create_account_status_failed_because_anothers_is_there_fails(
    world: World, reason: str
) -> None:
    creation_id = _creating(world)
    world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: "another-request"})
    world.organization.finish(failure=reason)

    with pytest.raises(AccountCreationFailed) as failed:
        describe(world, creation_id)

    assert failed.value.reason == reason
    assert "accountId" not in world.row(REQUEST_ID)


def test_describe_create_account_status_waits_for_the_creation_it_conflicts_with(
    world: World,
) -> None:
    lost = _lost_creation(world)
    creation_id = create(world)["createAccountRequestId"]
    world.organization.finish(creation_id, failure="CONCURRENT_ACCOUNT_MODIFICATION")

    world.organization.creations[lost]["State"] = "IN_PROGRESS"
    waiting = describe(world, creation_id)
    account_id = world.organization.finish(lost)
    done = describe(world, creation_id)

    assert waiting["state"] == "IN_PROGRESS"
    assert (done["state"], done["accountId"]) == ("SUCCEEDED", account_id)
    assert len(world.organization.accounts) == 1


def test_describe_create_account_status_conflicting_with_nothing_ends_after_a_while(
    world: World,
) -> None:
    creation_id = _creating(world)
    world.organization.finish(failure="CONCURRENT_ACCOUNT_MODIFICATION")

    world.later(59)
    waiting = describe(world, creation_id)
    world.later(1)

    assert waiting["state"] == "IN_PROGRESS"
    with pytest.raises(AccountCreationFailed, match="CONCURRENT_ACCOUNT_MODIFICATION"):
        describe(world, creation_id)


def test_describe_create_account_status_not_shown_yet_is_looked_for_again(world: World) -> None:
    creation_id = _creating(world)
    world.organization.refuse("DescribeCreateAccountStatus", "CreateAccountStatusNotFoundException")

    with pytest.raises(ServiceUnavailable):
        describe(world, creation_id)

    assert describe(world, creation_id)["state"] == "IN_PROGRESS"


def test_describe_create_account_status_forgotten_by_aws_is_looked_for_by_email(
    world: World,
) -> None:
    creation_id = _creating(world)
    account_id = world.organization.finish()
    world.organization.creations.clear()
    world.later(300)

    with pytest.raises(OutcomeUnknown):
        describe(world, creation_id)
    result = create(world)

    assert (result["state"], result["accountId"]) == ("SUCCEEDED", account_id)
    assert len(world.called("CreateAccount")) == 1


def test_describe_create_account_status_of_a_request_taken_over_stops(world: World) -> None:
    creation_id = _creating(world)

    with pytest.raises(ExecutionSuperseded):
        describe(world, creation_id, executionArn=OTHER_EXECUTION)


def _creating(world: World) -> str:
    accepted(world)
    creation_id: str = create(world)["createAccountRequestId"]
    world.calls = [call for call in world.calls if call[0] == "organizations:CreateAccount"]
    return creation_id


def _lost_creation(world: World) -> str:
    """A creation whose answer was lost, and which AWS did not list when it was looked for."""
    accepted(world)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    (creation_id,) = world.organization.creations
    world.organization.creations[creation_id]["State"] = "FAILED"
    world.later(60)
    with pytest.raises(SlotNeeded):
        create(world)
    assert world.row(REQUEST_ID)["executionArn"] == EXECUTION
    return creation_id


@pytest.mark.parametrize(
    ("delay", "waited", "waits"),
    [
        (None, 3, False),
        (1, 3, True),
        (3, 3, True),
        (17, 3, False),
        (17, 279, False),
        (17, 280, True),
    ],
)
def test_step_waits_for_an_event_where_it_is_in_time(
    world: World, delay: int | None, waited: int, *, waits: bool
) -> None:
    creation_id = _creating(world)
    if delay is not None:
        world.ledger.creation_pointers.save_event_delay(creation_id, delay)
    token = world.organization.wait_for_answer()

    result = describe(world, creation_id, taskToken=token, waitedSeconds=waited)

    assert result["state"] == "IN_PROGRESS"
    assert [error for _, error, _ in world.organization.ended_steps] == (
        [] if waits else ["CreationInProgress"]
    )
    assert world.token(REQUEST_ID) == token


def test_step_waits_for_no_event_that_has_come(world: World) -> None:
    creation_id = _creating(world)
    world.ledger.creation_pointers.save_event_delay(creation_id, 1)
    token = world.organization.wait_for_answer()

    describe(world, creation_id, taskToken=token, waitedSeconds=60, isAnswered=True)

    assert [error for _, error, _ in world.organization.ended_steps] == ["CreationInProgress"]


def test_step_ends_with_the_account_that_is_there(world: World) -> None:
    creation_id = _creating(world)
    account_id = world.organization.finish()
    token = world.organization.wait_for_answer()

    result = describe(world, creation_id, taskToken=token, waitedSeconds=3)

    assert result["accountId"] == account_id
    assert world.organization.ended_steps == [(token, "", result)]


def test_step_that_takes_no_answer_now_gets_it_by_the_error(world: World) -> None:
    creation_id = _creating(world)

    with pytest.raises(CreationInProgress):
        describe(world, creation_id, taskToken="not waiting", waitedSeconds=3)
    account_id = world.organization.finish()
    with pytest.raises(TaskTokenRefused) as refused:
        describe(world, creation_id, taskToken="not waiting", waitedSeconds=6)

    assert refused.value.output["accountId"] == account_id


def test_step_that_waits_for_six_hours_fails_and_keeps_the_creation(world: World) -> None:
    creation_id = _creating(world)
    token = world.organization.wait_for_answer()

    with pytest.raises(OperationRefused) as failed:
        describe(world, creation_id, taskToken=token, waitedSeconds=21601)

    assert failed.value.code == "AccountCreationOverdue"
    assert failed.value.remedy
    assert world.row(REQUEST_ID)["createAccountRequestId"] == creation_id


def test_step_wakes_with_the_reason_of_a_failure(world: World) -> None:
    creation_id = _creating(world)
    world.organization.finish(failure="INVALID_EMAIL")
    token = world.organization.wait_for_answer()

    with pytest.raises(AccountCreationFailed) as failed:
        describe(world, creation_id, taskToken=token, waitedSeconds=60, isAnswered=True)

    assert failed.value.reason == "INVALID_EMAIL"
