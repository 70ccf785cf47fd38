"""A retirement or restoration, broken at every state and call of its way, ends as was asked for.

Nothing closes within its grace period, nothing closes twice, and what was stopped goes on when it
is asked for again.
"""

from __future__ import annotations

from typing import Any

import pytest

from infra.operation_function import module_name
from permissions.declared_calls import calls_of
from statemachines.definitions import definition, operation_of
from tests.builders import a_request
from tests.grids import few
from tests.interruptions import stop, when_entered
from tests.workflow.retirements import (
    a_placed_account,
    restoration,
    retirement_of,
    row,
    run,
    start,
    state,
    suspended,
)
from tests.workflow.vending import Ended, Vending, eventually

POLICY = "RetiredAccounts"

STATES = definition("account_retirement")["States"]


def _way(first: str) -> list[str]:
    """The states that an execution may enter from there on, as long as nothing fails."""
    found: list[str] = []
    waiting = [first]
    while waiting:
        name = waiting.pop(0)
        if name in found or STATES[name]["Type"] in {"Succeed", "Fail"}:
            continue
        found.append(name)
        nexts = [choice["Next"] for choice in STATES[name].get("Choices", [])]
        waiting += [STATES[name].get("Default") or STATES[name].get("Next"), *nexts]
    return [name for name in found if name != "RecordRetirementFailure"]


RETIRING = ["AcceptRetirement", "WhatIsWanted", *_way("CreateOrganizationalUnit")]
RESTORING = ["AcceptRetirement", "WhatIsWanted", *_way("MoveAccountBack")]


def _functions(way: list[str]) -> list[str]:
    """The operations that the states of a way run."""
    tasks = [STATES[name] for name in way if STATES[name]["Type"] == "Task"]
    return sorted({str(operation_of(task)) for task in tasks})


def ensure_closed_once(vending: Vending, account_id: str, ended: Ended) -> None:
    """As a retirement ends, whatever happened on its way."""
    assert ended.status == "SUCCEEDED", ended
    assert state(vending, account_id) == "CLOSED"
    kept = row(vending, account_id)
    assert kept["state"] == "CLOSED"
    assert kept["closingAt"] >= kept["closesAt"]
    assert kept["before"]["organizationalUnit"] == "/Workloads/Sandbox"
    assert POLICY in vending.policies(account_id)
    closures = [
        call
        for call in vending.aws.context.calls
        if call.operation == "CloseAccount" and call.error is None
    ]
    assert len(closures) == 1


def ensure_restored(vending: Vending, account_id: str, ended: Ended) -> None:
    """As a restoration ends, whatever happened on its way."""
    assert ended.status == "SUCCEEDED", ended
    assert state(vending, account_id) == "ACTIVE"
    assert row(vending, account_id)["state"] == "ACTIVE"
    assert vending.path(account_id) == "/Workloads/Sandbox"
    assert POLICY not in vending.policies(account_id)


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("at", few(RETIRING, quick=["MoveAccount"]))
def test_retirement_that_was_stopped_goes_on_when_it_is_asked_for_again(
    vending: Vending, at: str
) -> None:
    account_id = a_placed_account(vending)
    document = retirement_of(account_id)
    if at == "DeregisterDelegatedAdministrator":
        document["deregisterDelegatedAdministrator"] = True
    with when_entered(at, stop):
        stopped = run(vending, document)
    assert stopped.status == "ABORTED", stopped

    ensure_closed_once(vending, account_id, run(vending, document))


@pytest.mark.parametrize("at", few(RESTORING, quick=["DetachPolicy"]))
def test_restoration_that_was_stopped_goes_on_when_it_is_asked_for_again(
    vending: Vending, at: str
) -> None:
    account_id = a_placed_account(vending)
    suspended(vending, account_id)
    with when_entered(at, stop):
        stopped = run(vending, restoration(account_id))
    assert stopped.status == "ABORTED", stopped

    ensure_restored(vending, account_id, run(vending, restoration(account_id)))


@pytest.mark.slow
@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("at", few(RESTORING[2:], quick=["MoveAccountBack"]))
def test_restoration_that_was_stopped_gives_way_to_a_retirement(vending: Vending, at: str) -> None:
    account_id = a_placed_account(vending)
    suspended(vending, account_id)
    with when_entered(at, stop):
        run(vending, restoration(account_id))

    ensure_closed_once(vending, account_id, run(vending, retirement_of(account_id)))


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("function", few(_functions(RETIRING), quick=["CloseAccount"]))
def test_function_that_dies_after_it_acted_costs_nothing(vending: Vending, function: str) -> None:
    account_id = a_placed_account(vending)
    document = retirement_of(account_id)
    if function == "DeregisterDelegatedAdministrator":
        document["deregisterDelegatedAdministrator"] = True
    vending.aws.faults.replace([{"function": function, "calls": [1], "crash": True}])

    ensure_closed_once(vending, account_id, run(vending, document))


@pytest.mark.slow
@pytest.mark.parametrize("function", few(_functions(RESTORING), quick=["DetachPolicy"]))
def test_function_of_a_restoration_that_dies_after_it_acted_costs_nothing(
    vending: Vending, function: str
) -> None:
    account_id = a_placed_account(vending)
    suspended(vending, account_id)
    vending.aws.faults.replace([{"function": function, "calls": [1], "crash": True}])

    ensure_restored(vending, account_id, run(vending, restoration(account_id)))


ORGANIZATIONS_CALLS = sorted(
    {
        call.removeprefix("organizations:")
        for operation in _functions(RETIRING)
        for call in calls_of(f"operations.{module_name(operation)}")
        if call.startswith("organizations:")
    }
)
BROKEN = [
    *(("organizations", call, {"lost": True}) for call in ORGANIZATIONS_CALLS),
    *(
        ("organizations", call, {"error": "TooManyRequestsException"})
        for call in ORGANIZATIONS_CALLS
    ),
    *(
        ("dynamodb", call, {"lost": True})
        for call in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
    ),
    ("events", "PutEvents", {"lost": True}),
]
"""Every call of the way to the end, its answer lost, or refused as one too many."""


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize(
    ("service", "operation", "how"),
    few(
        BROKEN,
        quick=[("organizations", "CloseAccount", {"lost": True})],
    ),
)
def test_call_that_is_broken_once_costs_nothing(
    vending: Vending, service: str, operation: str, how: dict[str, Any]
) -> None:
    account_id = a_placed_account(vending)
    vending.aws.faults.replace([{"service": service, "operation": operation, "calls": [1], **how}])

    ensure_closed_once(vending, account_id, run(vending, retirement_of(account_id)))


RESTORED_BY = sorted(
    {
        tuple(call.split(":"))
        for operation in _functions(RESTORING)
        for call in calls_of(f"operations.{module_name(operation)}")
        if call.startswith("organizations:") and not call.partition(":")[2].startswith("Close")
    }
)


@pytest.mark.parametrize(
    "how", few([{"lost": True}, {"error": "TooManyRequestsException"}], quick=[])
)
@pytest.mark.parametrize(("service", "operation"), RESTORED_BY)
def test_call_of_a_restoration_that_is_broken_once_costs_nothing(
    vending: Vending, service: str, operation: str, how: dict[str, Any]
) -> None:
    account_id = a_placed_account(vending)
    suspended(vending, account_id)
    vending.aws.faults.replace([{"service": service, "operation": operation, "calls": [1], **how}])

    ended = run(vending, restoration(account_id))
    vending.aws.faults.replace([])  # a restoration need not make every call
    ensure_restored(vending, account_id, ended)


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("operation", few(ORGANIZATIONS_CALLS, quick=["AttachPolicy"]))
def test_call_that_is_refused_fails_with_its_remedy_and_goes_on_once_it_is_allowed(
    vending: Vending, operation: str
) -> None:
    account_id = a_placed_account(vending)
    refused = {"service": "organizations", "operation": operation, "calls": "all"}
    vending.aws.faults.replace([refused | {"error": "AccessDeniedException"}])

    failed = run(vending, retirement_of(account_id))
    vending.aws.faults.replace([])

    if failed.status == "FAILED":
        assert failed.error == "AccessDeniedException", failed
        assert failed.cause["remedy"], failed
        assert state(vending, account_id) == "ACTIVE"
        ended = run(vending, retirement_of(account_id))
    else:
        ended = failed  # the function did without the call
    ensure_closed_once(vending, account_id, ended)


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize(
    "at", few(["ReserveClosing", "WaitForClosingSlot", "CloseAccount"], quick=["CloseAccount"])
)
def test_restoration_that_races_with_the_closure_has_one_winner(vending: Vending, at: str) -> None:
    account_id = a_placed_account(vending)
    racing: list[str] = []

    with when_entered(
        at, lambda _: racing.append(start(vending, restoration(account_id)))
    ) as entered:
        ended = vending.finish(start(vending, retirement_of(account_id)))
    assert entered.is_set()
    restored = vending.finish(racing[0])

    assert ended.status == "SUCCEEDED", ended
    if restored.status == "SUCCEEDED":
        assert state(vending, account_id) == "ACTIVE"
        assert vending.path(account_id) == "/Workloads/Sandbox"
        assert row(vending, account_id)["state"] == "ACTIVE"
    else:
        assert restored.error == "RestoreTooLate", restored
        assert state(vending, account_id) == "CLOSED"
        assert row(vending, account_id)["state"] == "CLOSED"


def retired_or_refused(vending: Vending, arn: str, account_id: str) -> Ended | None:
    """None once the account is suspended, else how the retirement ended."""
    eventually(lambda: "closesAt" in row(vending, account_id) or vending.has_ended(arn))
    return None if "closesAt" in row(vending, account_id) else vending.finish(arn)


@pytest.mark.parametrize("at", few(["TagResource", "RecordVended"], quick=["TagResource"]))
def test_account_that_is_being_vended_is_retired_afterwards_or_not_at_all(
    vending: Vending, at: str
) -> None:
    racing: list[str] = []
    request = a_request()

    def retire(_: Any) -> None:
        account_id = (vending.row(request["requestId"]) or {})["accountId"]
        racing.append(start(vending, retirement_of(account_id)))

    with when_entered(at, retire):
        vended = vending.run(request)
    assert vended.status == "SUCCEEDED", vended
    account_id = vended.output["accountId"]
    refused = retired_or_refused(vending, racing[0], account_id)

    if refused is not None:
        assert (refused.status, refused.error) == ("FAILED", "RequestConflict"), refused
        assert request["requestId"] in refused.cause["remedy"]
    place = "/Suspended" if refused is None else "/Workloads/Sandbox"
    assert vending.path(account_id) == place


@pytest.mark.slow
@pytest.mark.parametrize(
    "at", few(["AcceptRequest", "TagResource", "RecordVended"], quick=["AcceptRequest"])
)
def test_change_and_retirement_that_race_come_one_after_the_other_or_one_is_refused(
    vending: Vending, at: str
) -> None:
    account_id = a_placed_account(vending)
    racing: list[str] = []
    change = a_request(
        requestId="change", source="existing", account={"accountId": account_id}, tags={"a": "b"}
    )

    with when_entered(at, lambda _: racing.append(start(vending, retirement_of(account_id)))):
        changed = vending.run(change)
    refused = retired_or_refused(vending, racing[0], account_id)

    if changed.status == "SUCCEEDED":
        assert vending.tags(account_id)["a"] == "b"
        assert refused is None or refused.error == "RequestConflict", refused
    else:
        assert changed.error == "RequestConflict", changed
        assert f"vend restore {account_id}" in changed.cause["remedy"]
        assert refused is None
        assert "a" not in vending.tags(account_id)
    place = "/Suspended" if refused is None else "/Workloads/Sandbox"
    assert vending.path(account_id) == place
