from __future__ import annotations

from typing import Any

import pytest

from operations.accept_request import SHOWN_WITHIN
from tests.unit.functions.payloads import (
    ACCOUNT_ID,
    EMAIL,
    REQUEST_ID,
    UNIT_ID,
    a_request,
    accepted,
    create,
    made,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.creation.find_account import SETTLING_TIME
from vending.errors.exceptions import (
    ConcurrentModification,
    OperationRefused,
    OutcomeUnknown,
    RequestConflict,
    RequestInvalid,
    ServiceUnavailable,
    SlotNeeded,
)
from vending.ledger.claims import Claims
from vending.ledger.rows import RECORD_FIELDS
from vending.request.account_request import parse


def test_accept_request_claims_the_request(world: World) -> None:
    result = world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)

    assert result["outcome"] == "ACCEPTED"
    assert result["record"].keys() == set(RECORD_FIELDS)
    assert result["record"]["state"] == "REQUESTED"
    assert result["record"]["executionArn"] == EXECUTION
    assert result["record"]["requestedAt"] == "2027-01-15T08:00:00.000Z"
    assert result["record"]["accountId"] is None
    assert len(world.rows()) == 1


def test_accept_request_fills_what_the_requester_left_out(world: World) -> None:
    request = {"account": {"name": "Sandbox", "email": EMAIL}}

    result = world.call("AcceptRequest", request=request, executionArn=EXECUTION)

    assert result["request"] == {
        "requestId": result["record"]["requestId"],
        "source": "new",
        "account": {
            "name": "Sandbox",
            "email": EMAIL,
            "roleName": "OrganizationAccountAccessRole",
            "iamUserAccessToBilling": "ALLOW",
        },
        "tags": {},
        "contacts": {},
        "policies": [],
        "serviceAccess": [],
        "rootAccess": [],
        "manage": "merge",
    }


def test_accept_request_announces_the_request_without_its_email(world: World) -> None:
    world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)

    ((detail_type, record),) = world.announced()
    assert detail_type == "AccountVendingStateChanged"
    assert (record["requestId"], record["state"]) == (REQUEST_ID, "REQUESTED")
    assert EMAIL not in str(record)


def test_accept_request_run_twice_by_one_execution_accepts_twice(world: World) -> None:
    first = accepted(world)
    second = world.call("AcceptRequest", request=a_request(), executionArn=EXECUTION)

    assert first == second
    assert len(world.rows()) == 1


def test_accept_request_delivered_again_names_the_first_execution(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "DUPLICATE"
    assert result["record"]["executionArn"] == EXECUTION
    assert world.announced() == []


def test_accept_request_of_a_vended_request_returns_its_record(world: World) -> None:
    accepted(world)
    _vend(world)

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "FINISHED"
    assert result["record"]["accountId"] == ACCOUNT_ID
    assert result["record"]["executionArn"] == EXECUTION


@pytest.mark.parametrize(
    "status", ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", None], ids=lambda s: s or "unknown"
)
def test_accept_request_takes_over_from_an_execution_that_is_over(
    world: World, status: str | None
) -> None:
    accepted(world)
    if status:
        world.organization.executions[EXECUTION] = status
    else:
        world.later(61)  # by now it would be shown

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "ACCEPTED"
    assert result["record"]["executionArn"] == OTHER_EXECUTION


def test_duplicate_while_the_first_execution_does_not_show_yet_names_it(world: World) -> None:
    accepted(world)
    world.later(59)

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "DUPLICATE"
    assert result["record"]["executionArn"] == EXECUTION


def test_accept_request_resumes_a_failed_request_with_what_it_achieved(world: World) -> None:
    accepted(world)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=made(world))
    _fail(world)

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "ACCEPTED"
    assert result["record"]["accountId"] == ACCOUNT_ID
    assert result["record"]["error"] is None
    assert result["record"]["requestedAt"] == "2027-01-15T08:00:00.000Z"
    assert "intent" in world.row(REQUEST_ID)


def test_accept_request_of_a_failed_request_lets_one_of_two_executions_in(world: World) -> None:
    accepted(world)
    _fail(world)
    third = EXECUTION.replace("first", "third")
    seen = world.row(REQUEST_ID)

    world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)
    with pytest.raises(ConcurrentModification):
        Claims(ledger=world.ledger).take_over(seen, parse(a_request()), third)

    assert world.row(REQUEST_ID)["executionArn"] == OTHER_EXECUTION


def test_accept_request_does_not_take_over_what_was_vended_while_it_looked(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "SUCCEEDED"
    world.later(1)
    world.organization.before("DescribeExecution", lambda: _vend(world))

    with pytest.raises(ConcurrentModification):
        world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)
    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "FINISHED"
    assert result["record"]["state"] == "VENDED"


@pytest.mark.parametrize("arrange", ["REQUESTED", "CREATING", "BASELINING"])
def test_accept_request_of_other_content_under_the_same_id_is_a_conflict(
    world: World, arrange: str
) -> None:
    accepted(world)
    if arrange == "CREATING":
        create(world)
    if arrange == "BASELINING":
        world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=made(world))
    before = world.row(REQUEST_ID)
    assert before["state"] == arrange

    with pytest.raises(RequestConflict) as conflict:
        world.call(
            "AcceptRequest", request=a_request(tags={"other": "tag"}), executionArn=OTHER_EXECUTION
        )

    assert "Wait" in conflict.value.remedy
    assert (ACCOUNT_ID in conflict.value.message) == ("accountId" in before)
    assert world.row(REQUEST_ID) == before


@pytest.mark.parametrize("account_id", [None, ACCOUNT_ID], ids=["no account", "account made"])
def test_accept_request_corrects_a_failed_request_with_its_claim(
    world: World, account_id: str | None
) -> None:
    accepted(world)
    if account_id:
        world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=made(world))
    _fail(world)
    corrected = a_request(tags={"other": "tag"}, requestedBy="somebody else")

    result = world.call("AcceptRequest", request=corrected, executionArn=OTHER_EXECUTION)

    assert (result["outcome"], result["record"]["accountId"]) == ("ACCEPTED", account_id)
    row = world.row(REQUEST_ID)
    assert row["fingerprint"] == parse(corrected).fingerprint()
    assert row["request"] == parse(corrected).normalised() == result["request"]
    assert row["requestedBy"] == "somebody else"


@pytest.mark.parametrize("known", [True, False], ids=["being made", "answer lost"])
def test_accept_request_keeps_the_email_of_an_account_that_may_have_been_made(
    world: World, known: bool
) -> None:
    accepted(world)
    if known:
        create(world)
    else:
        world.organization.lose_answer("CreateAccount")
        with pytest.raises(OutcomeUnknown):
            create(world)
    _fail(world)
    before = world.row(REQUEST_ID)
    account = {"name": "Sandbox", "email": "other@example.com"}

    with pytest.raises(RequestConflict, match=r"account\.email is"):
        world.call(
            "AcceptRequest", request=a_request(account=account), executionArn=OTHER_EXECUTION
        )

    assert world.row(REQUEST_ID) == before


def test_email_that_is_anothers_can_be_corrected_after_a_lost_answer(world: World) -> None:
    accepted(world)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.organization.creations.clear()
    world.later(SETTLING_TIME)
    with pytest.raises(SlotNeeded):
        create(world)
    world.organization.lose_answer("CreateAccount")
    with pytest.raises(OutcomeUnknown):
        create(world)
    world.organization.creations.clear()
    world.organization.add_account(email=EMAIL)
    world.later(SETTLING_TIME)
    with pytest.raises(OperationRefused):
        create(world)
    _fail(world)
    account = {"name": "Sandbox", "email": "other@example.com"}

    result = world.call(
        "AcceptRequest", request=a_request(account=account), executionArn=OTHER_EXECUTION
    )

    assert (result["outcome"], result["creationBegun"]) == ("ACCEPTED", False)
    assert create(world, account=account, executionArn=OTHER_EXECUTION)["state"] == "IN_PROGRESS"


def test_accept_request_accepts_a_rejected_request_once_it_is_mended(world: World) -> None:
    world.call(
        "RecordFailure",
        request=a_request(tags={"aws:bad": "x"}),
        executionArn=EXECUTION,
        error={"Error": "RequestInvalid", "Cause": "{}"},
    )
    assert world.row(REQUEST_ID)["state"] == "REJECTED"

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "ACCEPTED"
    row = world.row(REQUEST_ID)
    assert (row["state"], row["executionArn"]) == ("REQUESTED", OTHER_EXECUTION)
    assert row["request"]["tags"] == {"cost-centre": "4711"}
    assert "error" not in row


@pytest.mark.parametrize("raw", [None, [], "text", 7, {}], ids=str)
def test_accept_request_of_no_request_writes_nothing(world: World, raw: Any) -> None:
    with pytest.raises(RequestInvalid):
        world.call("AcceptRequest", request=raw, executionArn=EXECUTION)

    assert world.calls == []


GONE = [
    ("SUSPENDED", "AccountNotActive"),
    ("PENDING_CLOSURE", "AccountNotActive"),
    ("CLOSED", "AccountNotActive"),
    ("LEFT", "AccountNotFoundException"),
]


def _close(world: World, state: str) -> None:
    if state == "LEFT":
        del world.organization.accounts[ACCOUNT_ID]
    else:
        world.organization.accounts[ACCOUNT_ID]["State"] = state


@pytest.mark.parametrize(("state", "code"), GONE)
def test_accept_request_of_a_vended_request_whose_account_is_not_there_is_refused(
    world: World, state: str, code: str
) -> None:
    accepted(world)
    _vend(world)
    _close(world, state)
    before = world.row(REQUEST_ID)

    with pytest.raises(OperationRefused) as refused:
        world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert refused.value.code == code
    assert ACCOUNT_ID in refused.value.message
    assert refused.value.remedy
    assert world.row(REQUEST_ID) == before


@pytest.mark.parametrize(("state", "code"), GONE)
def test_accept_request_that_resumes_with_an_account_that_is_not_there_is_refused(
    world: World, state: str, code: str
) -> None:
    accepted(world)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=made(world))
    _fail(world)
    _close(world, state)

    with pytest.raises(OperationRefused) as refused:
        world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert refused.value.code == code


def test_accept_request_that_resumes_with_an_account_made_a_moment_ago_waits_for_it_to_show(
    world: World,
) -> None:
    accepted(world)
    world.ledger.record_intent(REQUEST_ID, EXECUTION, account_name="Sandbox", seen=None)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id=ACCOUNT_ID)
    _fail(world)
    again = {"request": a_request(), "executionArn": OTHER_EXECUTION}

    with pytest.raises(ServiceUnavailable) as unseen:
        world.call("AcceptRequest", **again)
    world.later(SHOWN_WITHIN)
    with pytest.raises(OperationRefused) as gone:
        world.call("AcceptRequest", **again)

    assert unseen.value.code == gone.value.code == "AccountNotFoundException"
    made(world)
    assert world.call("AcceptRequest", **again)["outcome"] == "ACCEPTED"


def test_accept_request_of_a_vended_request_whose_account_was_moved_warns(world: World) -> None:
    accepted(world)
    _vend(world)
    world.organization.accounts[ACCOUNT_ID]["parent"] = "ou-abcd-00000007"

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "FINISHED"
    (warning,) = result["record"]["warnings"]
    assert "moved to ou-abcd-00000007" in warning
    assert UNIT_ID in warning


def test_accept_request_of_a_vended_request_in_its_place_warns_of_nothing(world: World) -> None:
    accepted(world)
    _vend(world)

    result = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert result["record"]["warnings"] == world.row(REQUEST_ID).get("warnings")


def _vend(world: World) -> None:
    vend(world, organizationalUnitId=UNIT_ID)
    world.calls.clear()


def _fail(world: World) -> None:
    world.call(
        "RecordFailure",
        request=a_request(),
        executionArn=EXECUTION,
        error={"Error": "States.Timeout", "Cause": ""},
    )
    world.calls.clear()
