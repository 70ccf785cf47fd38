"""A custom resource becomes a request, and nothing is made or closed by mistake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.functions import retiring
from tests.unit.functions.api_calls import VENDING
from tests.unit.functions.custom_resources import (
    AS_ADMINISTRATOR,
    DELIVERY,
    ENVIRONMENT,
    POLICY,
    PROPERTIES,
    RETIRING,
    SOURCE,
    STACK,
    STARTED,
    an_event,
    ask,
    ended,
    look,
    stack,
    started,
)
from tests.unit.functions.payloads import ACCOUNT_ID, REQUEST_ID, a_request, accepted, made, vend
from tests.unit.functions.world import EXECUTION, World
from vending.errors.exceptions import (
    ExecutionEnded,
    OperationRefused,
    RequestInvalid,
    RequestNotAllowed,
)

MACHINE = VENDING.replace("account-vending", "account-custom-resource")
VENDED_ONCE = ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")


@pytest.fixture(autouse=True)
def settled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.policy = json.loads(json.dumps(POLICY))
    for name, value in {**ENVIRONMENT, "CUSTOM_RESOURCE_ON_DELETE": "keep"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def retires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOM_RESOURCE_ON_DELETE", "retire")


def serve(world: World, monkeypatch: pytest.MonkeyPatch, event: dict[str, Any]) -> dict[str, Any]:
    """ServeCustomAccount's result."""
    monkeypatch.setenv("STATE_MACHINE_ARN", MACHINE)
    result: dict[str, Any] = world.call("ServeCustomAccount", **event)
    return result


def a_vended_account(world: World) -> str:
    """An account of an administrator's request, in a unit."""
    unit = world.organization.add_unit("Workloads")
    made(world, parent=unit)
    accepted(world, a_request(organizationalUnit="/Workloads"))
    vend(world, organizationalUnitId=unit)
    world.policy = AS_ADMINISTRATOR
    world.calls.clear()
    return ACCOUNT_ID


def deleted(world: World, request_id: str = REQUEST_ID) -> dict[str, Any]:
    return ask(world, an_event("Delete", PhysicalResourceId=request_id))


def test_delivery_starts_one_execution_however_often_it_comes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = serve(world, monkeypatch, an_event())
    again = serve(world, monkeypatch, an_event())

    assert first == again
    assert first["executionArn"].endswith(f":execution:account-custom-resource:{DELIVERY}")
    given = started(world)[0]
    assert given["event"]["ResponseURL"].startswith("https://")
    assert given["problems"] == []
    assert given["answerWithinSeconds"] == 3300


@pytest.mark.parametrize(
    ("given", "seconds"),
    [("120", 110), (600, 550), ("3600", 3300), ("x", 3300), ("0", 0), ("9999", 3300)],
)
def test_answer_comes_before_cloudformation_stops_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch, given: Any, seconds: int
) -> None:
    properties = {**PROPERTIES, "ServiceTimeout": given}

    serve(world, monkeypatch, an_event(ResourceProperties=properties))

    assert started(world)[0]["answerWithinSeconds"] == seconds


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"tags": {"a": "x" * 200_000}}, "the whole must have at most 102,400 bytes"),
        ({"a": json.loads("[" * 40 + "]" * 40)}, "nested at most 16 levels deep"),
    ],
)
def test_properties_that_no_execution_could_carry_are_answered_too(
    world: World, monkeypatch: pytest.MonkeyPatch, properties: Any, problem: str
) -> None:
    serve(world, monkeypatch, an_event(ResourceProperties=properties))

    given = started(world)[0]
    assert given["event"]["ResourceProperties"] == {}
    with pytest.raises(RequestInvalid, match=problem):
        ask(world, given["event"], problems=given["problems"])


@pytest.mark.parametrize(
    "wrong",
    [{"RequestType": "Import"}, {"StackId": "x"}, {"RequestId": "a b"}, {"ResponseURL": ""}],
)
def test_what_is_no_request_of_cloudformation_starts_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]
) -> None:
    with pytest.raises(OperationRefused) as error:
        serve(world, monkeypatch, an_event(**wrong))

    assert error.value.code == "InvalidPayload"
    assert "X-Amz-Signature" not in str(error.value)
    assert started(world) == []


def test_creation_is_a_request_of_the_accounts_own_sender(world: World) -> None:
    result = ask(world)

    (event,) = started(world)
    assert result["executionArn"] == STARTED
    assert result["physicalResourceId"].startswith("stacks.r-")
    assert (event["source"], event["account"]) == (SOURCE, "111111111111")
    assert event["detail-type"] == "AccountRequested"
    assert "principal" not in event
    assert event["detail"] == {**PROPERTIES, "requestedBy": STACK}
    assert world.called("StartExecution")[0]["stateMachineArn"] == VENDING


def test_creation_that_is_asked_again_starts_nothing_twice(world: World) -> None:
    first, again, anew = ask(world), ask(world), ask(world, attempt=2)

    assert first == again
    assert anew["executionArn"] == f"{STARTED}-2"
    assert len(world.organization.executions) == 2


@pytest.mark.parametrize("tags", [{"cost-centre": "4711"}, {"a": "changed"}], ids=["same", "other"])
def test_request_that_is_under_way_is_waited_for_before_anything_is_asked(
    world: World, tags: dict[str, str]
) -> None:
    world.policy = {}
    accepted(world, a_request())
    world.policy = AS_ADMINISTRATOR
    properties = {**a_request(), "tags": tags}
    event = an_event("Update", PhysicalResourceId=REQUEST_ID, ResourceProperties=properties)

    first, later = ask(world, event), ask(world, event, attempt=2)

    assert (first["executionArn"], first["isOfAnother"]) == (EXECUTION, True)
    assert (later["executionArn"], later["isOfAnother"]) == (f"{STARTED}-2", False)
    assert len(started(world)) == 1


def test_request_that_this_very_step_began_is_no_other_ones(world: World) -> None:
    ask(world)
    (given,) = started(world)
    world.organization.executions[STARTED] = "RUNNING"
    world.call("AcceptRequest", request=given, executionArn=STARTED)

    again = ask(world)

    assert (again["executionArn"], again["isOfAnother"]) == (STARTED, False)


def test_numbers_are_what_the_schema_says(world: World) -> None:
    world.policy = AS_ADMINISTRATOR
    tags = {"cost-center": "1234", "live": "true"}
    properties = {**PROPERTIES, "ifRevision": "3", "tags": tags, "ServiceTimeout": "60"}

    ask(world, an_event("Update", ResourceProperties=properties))

    (event,) = started(world)
    assert event["detail"]["ifRevision"] == 3
    assert event["detail"]["tags"] == tags
    assert "ServiceTimeout" not in event["detail"]


def test_every_mistake_is_said_at_once(world: World) -> None:
    wrong = {"account": {"name": "x"}, "requestedBy": "me", "ifRevision": "x", "colour": "red"}
    changed = an_event("Update", ResourceProperties={**wrong, "requestId": "another"})

    with pytest.raises(RequestInvalid) as error:
        ask(world, changed)

    said = error.value.message
    assert "requestedBy: is the stack; leave it out" in said
    assert "requestId: is 'stacks.sandbox' for this resource, and stays" in said
    assert "colour: unknown key" in said
    assert "ifRevision: " in said
    assert "account.email" in said
    assert started(world) == []


def test_stack_may_ask_for_what_the_request_policy_grants(world: World) -> None:
    with pytest.raises(RequestNotAllowed, match="organizationalUnit"):
        ask(world, an_event(ResourceProperties={**PROPERTIES, "organizationalUnit": "/Security"}))
    world.policy = {}
    with pytest.raises(RequestNotAllowed, match=SOURCE):
        ask(world)

    assert started(world) == []


@pytest.mark.parametrize("named", [None, "sandbox", "stacks.sandbox"])
def test_update_is_about_the_request_that_the_resource_is(world: World, named: str | None) -> None:
    properties = PROPERTIES | ({"requestId": named} if named else {})

    result = ask(world, an_event("Update", ResourceProperties=properties))

    assert result["physicalResourceId"] == "stacks.sandbox"
    assert started(world)[0]["detail"]["requestId"] == "stacks.sandbox"


def test_deletion_keeps_the_account_by_default(world: World) -> None:
    a_vended_account(world)

    result = deleted(world)

    assert result == {
        "executionArn": None,
        "isOfAnother": False,
        "accountId": None,
        "physicalResourceId": REQUEST_ID,
    }
    assert world.calls == []


@pytest.mark.usefixtures("retires")
def test_deletion_begins_the_retirement_by_setting(world: World) -> None:
    account_id = a_vended_account(world)
    stack(world, *VENDED_ONCE, "DELETE_IN_PROGRESS")

    result = deleted(world)

    (event,) = started(world)
    assert result["executionArn"] == RETIRING
    assert result["accountId"] == account_id
    assert event["detail-type"] == "AccountRetirementRequested"
    assert event["detail"] == {
        "accountId": account_id,
        "action": "retire",
        "reason": "Sandbox was deleted from the stack Accounts",
        "requestedBy": STACK,
    }


@pytest.mark.usefixtures("retires")
@pytest.mark.parametrize(
    "statuses",
    [
        ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"),
        ("CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS"),
        (*VENDED_ONCE, "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"),
        (*VENDED_ONCE, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    ],
    ids=lambda statuses: statuses[-1],
)
def test_rollback_retires_nothing(world: World, statuses: tuple[str, ...]) -> None:
    a_vended_account(world)
    stack(world, *statuses)

    assert deleted(world)["executionArn"] is None
    world.policy = {}
    assert deleted(world)["executionArn"] is None
    assert started(world) == []


@pytest.mark.usefixtures("retires")
@pytest.mark.parametrize(
    ("above", "retired"),
    [
        ((*VENDED_ONCE, "DELETE_IN_PROGRESS"), True),
        ((*VENDED_ONCE, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), True),
        (("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"), False),
    ],
)
def test_nested_stack_goes_as_its_parent_says(
    world: World, above: tuple[str, ...], retired: bool
) -> None:
    a_vended_account(world)
    parent = STACK.replace("Accounts", "Parent")
    stack(world, *above, id_=parent)
    stack(world, *VENDED_ONCE, "DELETE_IN_PROGRESS", parent=parent)

    assert bool(deleted(world)["executionArn"]) is retired


@pytest.mark.usefixtures("retires")
def test_resource_that_was_taken_out_of_its_template_is_retired(world: World) -> None:
    a_vended_account(world)
    stack(world, *VENDED_ONCE, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")

    assert deleted(world)["executionArn"] == RETIRING


@pytest.mark.usefixtures("retires")
@pytest.mark.parametrize("known", [f"unvended:{DELIVERY}", "never-asked", "Accounts-Sandbox-ABC"])
def test_deletion_of_what_was_never_vended_changes_nothing(world: World, known: str) -> None:
    stack(world, *VENDED_ONCE, "DELETE_IN_PROGRESS")
    world.policy = AS_ADMINISTRATOR

    assert deleted(world, known) == {
        "executionArn": None,
        "isOfAnother": False,
        "accountId": None,
        "physicalResourceId": known,
    }


@pytest.mark.usefixtures("retires")
def test_deletion_of_what_is_in_flight_changes_nothing(world: World) -> None:
    stack(world, *VENDED_ONCE, "DELETE_IN_PROGRESS")
    a_vended_account(world)
    accepted(world, a_request(organizationalUnit="/Workloads", tags={"a": "changed"}))

    assert deleted(world)["executionArn"] is None


@pytest.mark.usefixtures("retires")
def test_stack_retires_no_account_of_another_requester(world: World) -> None:
    a_vended_account(world)
    stack(world, *VENDED_ONCE, "DELETE_IN_PROGRESS")
    world.policy = POLICY

    assert deleted(world)["executionArn"] is None


def wait(world: World, token: str) -> dict[str, Any]:
    """WaitForCustomAccount's result."""
    result: dict[str, Any] = world.call(
        "WaitForCustomAccount", executionArn=STARTED, taskToken=token
    )
    return result


def answer(world: World, arn: str = STARTED) -> str:
    """AnswerCustomAccount's outcome."""
    return str(world.call("AnswerCustomAccount", detail={"executionArn": arn})["outcome"])


def test_end_of_the_execution_ends_the_wait_once(world: World) -> None:
    ask(world)
    token = world.organization.wait_for_answer()
    wait(world, token)

    assert answer(world) == "ANSWERED"
    assert answer(world) == "LATE"
    assert answer(world, f"{STARTED}-2") == "IGNORED"
    ((ended_token, error, _),) = world.organization.ended_steps
    assert (ended_token, error) == (token, "ExecutionEnded")


def test_token_of_a_repeated_step_takes_the_place_of_the_first(world: World) -> None:
    ask(world)
    wait(world, world.organization.wait_for_answer())
    token = world.organization.wait_for_answer()
    wait(world, token)

    answer(world)

    assert [one[0] for one in world.organization.ended_steps] == [token]


def test_wait_does_not_begin_for_what_has_ended(world: World) -> None:
    ask(world)
    ended(world, "SUCCEEDED", output={})

    with pytest.raises(ExecutionEnded):
        wait(world, world.organization.wait_for_answer())


def test_token_is_in_no_row_that_followers_read(world: World) -> None:
    ask(world)
    wait(world, "a secret")

    (put,) = world.called("PutItem")
    assert put["Item"]["pk"] == {"S": f"token#execution#cfn-{DELIVERY}"}
    assert all("a secret" not in json.dumps(row) for row in world.rows())


def test_account_that_was_vended_is_shown(world: World) -> None:
    ask(world)
    record = {
        "requestId": "stacks.sandbox",
        "accountId": ACCOUNT_ID,
        "accountName": "Sandbox",
        "organizationalUnitId": "ou-1",
        "revision": 2,
    }
    ended(world, "SUCCEEDED", output=record)

    vended = look(world)
    ended(world, "SUCCEEDED", output={"outcome": "FINISHED", "record": record})
    before = look(world)

    assert vended == before
    assert vended["outcome"] == "SETTLED"
    assert vended["physicalResourceId"] == "stacks.sandbox"
    assert vended["data"] == {
        "AccountId": ACCOUNT_ID,
        "AccountName": "Sandbox",
        "GovCloudAccountId": None,
        "OrganizationalUnitId": "ou-1",
        "RequestId": "stacks.sandbox",
        "Revision": 2,
    }


def test_duplicate_says_which_execution_to_wait_for(world: World) -> None:
    ask(world)
    record = {"requestId": "stacks.sandbox", "executionArn": EXECUTION}
    ended(world, "SUCCEEDED", output={"outcome": "DUPLICATE", "record": record})

    found = look(world)

    assert (found["outcome"], found["executionArn"]) == ("DUPLICATE", EXECUTION)


@pytest.mark.parametrize(
    ("status", "how", "code"),
    [
        (
            "FAILED",
            {"error": "X", "cause": {"code": "QuotaExceeded", "message": "m"}},
            "QuotaExceeded",
        ),
        ("FAILED", {"error": "States.Runtime", "cause": "odd"}, "ExecutionFailed"),
        ("TIMED_OUT", {}, "ExecutionTimedOut"),
        ("ABORTED", {"error": "Cancelled", "cause": "by me"}, "ExecutionAborted"),
        ("SUCCEEDED", {"output": {"outcome": "SUPERSEDED", "record": {}}}, "RequestSuperseded"),
    ],
)
def test_failure_says_why(world: World, status: str, how: dict[str, Any], code: str) -> None:
    ask(world)
    ended(world, status, **how)

    found = look(world)

    assert found["outcome"] == "FAILED"
    assert found["error"]["code"] == code


@pytest.mark.parametrize("duplicate", [False, True])
def test_what_takes_longer_than_cloudformation_waits_is_said_to_go_on(
    world: World, duplicate: bool
) -> None:
    ask(world)
    if duplicate:
        ended(world, "SUCCEEDED", output={"outcome": "DUPLICATE", "record": {}})

    found = look(world, isOverdue=True)

    assert found["outcome"] == "OVERDUE"
    assert found["error"]["code"] == "AccountStillInProgress"
    assert "is REQUESTED" in found["error"]["message"]
    assert "deploy or delete the stack again" in found["error"]["remedy"]


def test_retirement_that_takes_longer_says_how_far_it_is(world: World) -> None:
    account_id = retiring.an_account(world)
    retiring.accept(world, retiring.a_retirement_request(account_id), RETIRING)

    found = look(world, RETIRING, accountId=account_id, isOverdue=True)

    assert found["outcome"] == "OVERDUE"
    assert f"The retirement of the account {account_id} is RETIRING." in found["error"]["message"]


def test_what_ended_is_answered_though_the_event_was_lost(world: World) -> None:
    ask(world)
    ended(world, "SUCCEEDED", output={"requestId": "stacks.sandbox"})

    assert look(world, isOverdue=True)["outcome"] == "SETTLED"


def test_retirement_is_as_asked_once_its_grace_period_has_begun(world: World) -> None:
    account_id = retiring.an_account(world)
    retiring.accept(world, retiring.a_retirement_request(account_id), RETIRING)

    before = look(world, RETIRING, accountId=account_id)
    retiring.record(world, account_id, "RETIRING", RETIRING)
    after = look(world, RETIRING, accountId=account_id)
    overdue = look(world, RETIRING, accountId=account_id, isOverdue=True)

    assert [one["outcome"] for one in (before, after, overdue)] == ["RUNNING", "SETTLED", "SETTLED"]


@pytest.mark.parametrize(
    ("status", "how", "outcome"),
    [
        ("SUCCEEDED", {"output": {"outcome": "DUPLICATE", "record": {}}}, "SETTLED"),
        ("SUCCEEDED", {"output": {"outcome": "FINISHED", "record": {}}}, "SETTLED"),
        ("FAILED", {"error": "X", "cause": {"code": "AccountProtected"}}, "FAILED"),
    ],
)
def test_retirement_that_is_refused_fails_the_deletion(
    world: World, status: str, how: dict[str, Any], outcome: str
) -> None:
    ended(world, status, RETIRING, **how)

    assert look(world, RETIRING, accountId=ACCOUNT_ID)["outcome"] == outcome
