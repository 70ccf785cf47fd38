"""The creation queue on the deployed system: AWS's quota is used, never exceeded, and shared."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.builders import a_request
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.workflow.vending import Ended, Vending

pytestmark = pytest.mark.usefixtures("task_answers")

PLACES = 5
CREATION_QUEUE = "gate#creation"
SPEED = 60.0


def creation_calls(vending: Vending) -> Counter[str | None]:
    """The errors of the functions' CreateAccount calls; None for those that were accepted."""
    return Counter(
        call.error
        for call in vending.aws.context.calls
        if call.operation == "CreateAccount" and "assumed-role" in call.caller
    )


def most_at_once(vending: Vending) -> int:
    """How many creations were in progress at the same moment, at most."""
    pages = vending.organizations.get_paginator("list_create_account_status").paginate()
    creations = [one for page in pages for one in page["CreateAccountStatuses"]]
    changes = [(one["RequestedTimestamp"], 1) for one in creations]
    changes += [(one["CompletedTimestamp"], -1) for one in creations]
    now = most = 0
    for _, change in sorted(changes):
        now += change
        most = max(most, now)
    return most


def queue(vending: Vending) -> dict[str, Any]:
    """The item of the queue, plain; `waiting` is a list."""
    from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415

    item = vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"], Key={"pk": {"S": CREATION_QUEUE}}
    )["Item"]
    plain = {key: TypeDeserializer().deserialize(value) for key, value in item.items()}
    return {**plain, "waiting": plain["waiting"].split()}


def queued(vending: Vending, count: int) -> None:
    """Wait until all places are taken and `count` requests wait for one."""
    eventually(lambda: has_queue(vending) and len(queue(vending)["waiting"]) >= count)


def has_queue(vending: Vending) -> bool:
    return "Item" in vending.dynamodb.get_item(
        TableName=vending.aws.outputs["LedgerTableName"], Key={"pk": {"S": CREATION_QUEUE}}
    )


def all_vended(ended: list[Ended]) -> bool:
    return all(one.status == "SUCCEEDED" and one.output["state"] == "VENDED" for one in ended)


def burst(count: int, *, task_answers: bool) -> dict[str, Any]:
    """What becomes of `count` requests at once, on an AWS of its own in this process.

    `task_answers`: as the fixture of that name. What is computed takes no longer than on AWS.
    """
    from embedded.cloud import EmbeddedAws  # noqa: PLC0415 - where it is to run
    from embedded.core.clock import WaitsOnlyClock  # noqa: PLC0415
    from tests.workflow.vending import Vending  # noqa: PLC0415

    with EmbeddedAws(clock=WaitsOnlyClock(SPEED)) as aws:
        aws.context.answers_while_function_runs = task_answers
        vending = Vending(aws)
        vending.finish(vending.start(a_request()))
        aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 30}}])
        began = aws.context.clock.now()
        ended = [vending.finish(arn) for arn in [vending.start(a_request()) for _ in range(count)]]
        state = queue(vending)
        return {
            "vended": all_vended(ended),
            "calls": creation_calls(vending),
            "at once": most_at_once(vending),
            "accounts": len(vending.accounts()),
            "left in the queue": [*state["places"], *state["waiting"]],
            "seconds": aws.context.clock.now() - began,
        }


@pytest.mark.slow
def test_burst_of_requests_is_vended_at_the_quotas_speed(*, task_answers: bool) -> None:
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawned) as process:
        seen = process.submit(burst, 12, task_answers=task_answers).result()

    # The rate allows 130 seconds; one after the other would take 360.
    assert seen.pop("seconds") < 300
    assert seen.pop("at once") <= PLACES
    calls = seen.pop("calls")
    assert calls == {None: 13}
    assert seen == {"vended": True, "accounts": 13, "left in the queue": []}


@pytest.mark.parametrize(
    "task_answers", [True, False], indirect=True, ids=["answered-inside", "answered-after"]
)
def test_slot_at_once_takes_one_look_whoever_may_send_it(
    vending: Vending, *, task_answers: bool
) -> None:
    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert vending.states_entered(ended.arn).count("ReserveCreation") == 1
    errors = vending.aws.context.calls
    refusals = [call.error for call in errors if call.operation == "SendTaskSuccess"]
    # Its slot, and its account.
    assert refusals == [None if task_answers else "TaskDoesNotExist"] * 2
    assert (queue(vending)["places"], queue(vending)["waiting"]) == ({}, [])


@pytest.mark.slow
def test_request_that_waits_for_a_place_is_queued(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 800}}])
    requests = [a_request() for _ in range(PLACES + 1)]

    arns = [vending.start(request) for request in requests]
    queued(vending, 1)
    (waiting,) = queue(vending)["waiting"]
    row = vending.row(waiting)
    ended = [vending.finish(arn) for arn in arns]

    assert row is not None
    assert row["state"] == "QUEUED"
    assert all_vended(ended), ended
    assert most_at_once(vending) == PLACES


@pytest.mark.slow
def test_accounts_that_somebody_else_creates_are_yielded_to_and_then_made_up_for(
    vending: Vending,
) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1, 2, 3, 4, 5], "seconds": 400}}])

    def strangers_account(number: int) -> bool:
        try:
            vending.organizations.create_account(
                Email=f"stranger+{number}@example.com", AccountName=f"Stranger {number}"
            )
        except ClientError:
            return False
        return True

    for number in range(PLACES):
        eventually(lambda number=number: strangers_account(number))
    arns = [vending.start(a_request()) for _ in range(2)]

    ended = [vending.finish(arn) for arn in arns]
    assert all_vended(ended), ended
    calls = creation_calls(vending)
    assert calls[None] == len(arns)
    assert sum(calls.values()) > len(arns), "nobody was in the way"
    assert any("IsCreationStillRefused" in vending.states_entered(arn) for arn in arns)


@pytest.mark.slow
def test_stopped_executions_keep_nobody_from_their_slot(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 300}}])
    requests = [a_request() for _ in range(PLACES + 2)]
    arns = [vending.start(request) for request in requests]
    queued(vending, 2)
    by_id = {request["requestId"]: index for index, request in enumerate(requests)}
    state = queue(vending)
    stopped = [by_id[state["waiting"][0]], by_id[next(iter(state["places"]))]]

    for index in stopped:
        vending.states.stop_execution(executionArn=arns[index])
    others = [vending.finish(arn) for index, arn in enumerate(arns) if index not in stopped]
    resumed = [vending.run(requests[index]) for index in stopped]

    assert all_vended([*others, *resumed]), (others, resumed)
    assert len(vending.accounts()) == len(requests)
    assert creation_calls(vending)[None] == len(requests)


@pytest.mark.slow
def test_function_that_dies_after_it_queued_costs_nobody_the_slot(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {"createAccount": {"calls": "all", "seconds": 30}},
            {"function": "ReserveCreation", "calls": [1, 3, 7], "crash": True},
            {"function": "DescribeCreateAccountStatus", "calls": [2], "crash": True},
        ]
    )

    arns = [vending.start(a_request()) for _ in range(7)]

    ended = [vending.finish(arn) for arn in arns]
    assert all_vended(ended), ended
    assert creation_calls(vending)[None] == len(arns)
    assert queue(vending)["waiting"] == []


@pytest.mark.slow
def test_turn_whose_telling_got_no_answer_is_used_once(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {"createAccount": {"calls": "all", "seconds": 30}},
            {
                "service": "stepfunctions",
                "operation": "SendTaskSuccess",
                "calls": [1, 4],
                "lost": True,
            },
        ]
    )

    arns = [vending.start(a_request()) for _ in range(6)]

    ended = [vending.finish(arn) for arn in arns]
    assert all_vended(ended), ended
    assert creation_calls(vending)[None] == len(arns)


def test_one_request_that_fails_neither_delays_nor_fails_the_others(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {"createAccount": {"calls": [1], "seconds": 3, "failureReason": "INTERNAL_FAILURE"}},
            {
                "service": "organizations",
                "operation": "CreateAccount",
                "calls": [3],
                "error": "ConstraintViolationException",
                "reason": "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
            },
        ]
    )

    arns = [vending.start(a_request()) for _ in range(7)]

    ended = [vending.finish(arn) for arn in arns]
    assert Counter(one.status for one in ended) == {"SUCCEEDED": 5, "FAILED": 2}, ended
    assert len(vending.accounts()) == 5
    assert (queue(vending)["places"], queue(vending)["waiting"]) == ({}, [])
    # A failure gave its place to the next at once: nobody waited for a lease.
    statuses = vending.organizations.list_create_account_status()["CreateAccountStatuses"]
    requested = sorted(one["RequestedTimestamp"] for one in statuses)
    assert (requested[-1] - requested[0]).total_seconds() < 900


@pytest.mark.slow
def test_second_request_for_the_email_of_one_in_flight_is_refused(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": [1], "seconds": 300}}])
    first, second = a_request(), a_request()
    second["account"] = second["account"] | {"email": first["account"]["email"]}
    arn = vending.start(first)
    eventually(lambda: "WaitForAccount" in vending.states_entered(arn))

    refused = vending.run(second)
    row = vending.row(second["requestId"])
    one = vending.finish(arn)
    again = vending.run(second)

    assert (refused.status, refused.error) == ("FAILED", "RequestConflict")
    assert first["requestId"] in refused.cause["message"]
    assert row is not None
    assert row["state"] == "REJECTED"
    assert one.status == "SUCCEEDED", one
    assert again.cause["reason"] == "EMAIL_ALREADY_EXISTS"


@pytest.mark.slow
def test_accounts_of_one_name_are_all_vended_at_once(vending: Vending) -> None:
    requests = [a_request() for _ in range(4)]
    for request in requests:
        request["account"] = request["account"] | {"name": "Sandbox"}

    ended = [vending.finish(arn) for arn in [vending.start(one) for one in requests]]

    assert [one.status for one in ended] == ["SUCCEEDED"] * 4, ended
    made = {account["Email"]: account["Id"] for account in vending.accounts()}
    assert {one.output["accountId"] for one in ended} == set(made.values())
    for request, one in zip(requests, ended, strict=True):
        assert made[request["account"]["email"]] == one.output["accountId"]


@pytest.mark.slow
def test_account_whose_answer_is_lost_is_found_among_others_of_its_name(vending: Vending) -> None:
    lost = {"service": "organizations", "operation": "CreateAccount", "calls": [1, 3]}
    vending.aws.faults.replace([{**lost, "lost": True}])
    requests = [a_request() for _ in range(4)]
    for request in requests:
        request["account"] = request["account"] | {"name": "Sandbox"}

    ended = [vending.finish(arn) for arn in [vending.start(one) for one in requests]]

    assert [one.status for one in ended] == ["SUCCEEDED"] * 4, ended
    made = {account["Email"]: account["Id"] for account in vending.accounts()}
    assert len(made) == 4
    for request, one in zip(requests, ended, strict=True):
        assert made[request["account"]["email"]] == one.output["accountId"]


def test_two_requests_for_the_same_account_at_once_make_one(vending: Vending) -> None:
    first, second = a_request(), a_request()
    second["account"] = first["account"]

    ended = [vending.finish(arn) for arn in [vending.start(first), vending.start(second)]]

    assert Counter(one.status for one in ended) == {"SUCCEEDED": 1, "FAILED": 1}, ended
    assert len(vending.accounts()) == 1
