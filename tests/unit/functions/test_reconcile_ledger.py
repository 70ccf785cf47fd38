"""ReconcileLedger: repairs what is safe, reports the rest, and reads no more than it may."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from events import reconcile_ledger
from events.reconcile_ledger import CALLS
from tests.emf import samples_in
from tests.unit.functions import approving, retiring
from tests.unit.functions.organization import MANAGEMENT_ACCOUNT_ID
from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    a_request,
    accepted,
    create,
    reserve,
    vend,
    waiting,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, TABLE, World
from vending.approvals.deciding import Decisions
from vending.aws import clients
from vending.aws.event_publisher import EventPublisher
from vending.errors.exceptions import ServiceUnavailable
from vending.reconciliation import audit_cursor
from vending.reconciliation.audit import SECONDS_PER_CALL
from vending.reconciliation.audit_cursor import BYTES_PER_KEY, AuditCursor

FUNCTION_SECONDS = 50
HOUR = 3_600.0
MACHINE = "arn:aws:states:us-east-1:111111111111:stateMachine:account-vending"


@pytest.fixture(autouse=True)
def state_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_MACHINE_ARN", MACHINE)


def reconcile(world: World, **payload: Any) -> dict[str, Any]:
    """An hourly run; `audit=True` compares the organization whenever it was compared last."""
    world.later(HOUR)
    world.calls.clear()
    result: dict[str, Any] = world.call("ReconcileLedger", **payload)
    return result


def compared_before(world: World) -> None:
    """As after a comparison that has just ended."""
    audit_cursor.save(AuditCursor(ended_at=world.now), world.ledger.table)


def vended(world: World) -> str:
    """A request that is done; its account's id."""
    account_id = world.organization.add_account(email=EMAIL, tags={REQUEST_ID_TAG: REQUEST_ID})
    accepted(world)
    world.call(
        "RecordVended",
        requestId=REQUEST_ID,
        executionArn=EXECUTION,
        accountId=account_id,
        organizationalUnitId=None,
    )
    return account_id


def vended_long_ago(world: World, count: int) -> set[str]:
    """Rows of accounts that have left the organization since; the accounts' ids."""
    account_ids = {f"{700_000_000_000 + number}" for number in range(count)}
    for account_id in account_ids:
        row = {
            "pk": f"request#of-{account_id}",
            "requestId": f"of-{account_id}",
            "state": "VENDED",
            "accountId": account_id,
            "executionArn": EXECUTION,
            "updatedAt": "2020-01-01T00:00:00.000Z",
        }
        clients.dynamodb().put_item(
            TableName=TABLE, Item={name: {"S": value} for name, value in row.items()}
        )
    return account_ids


def key(number: int) -> bytes:
    """Of a finding, as a cursor keeps it."""
    return number.to_bytes(BYTES_PER_KEY, "big")


def reported(world: World) -> list[dict[str, Any]]:
    """What was announced."""
    return [detail for kind, detail in world.announced() if kind == "AccountVendingReconciled"]


def _tagged(world: World, request_id: str, after: Any = None) -> str:
    if after is not None:
        after(world)
    return world.organization.add_account(
        email="second@example.com", tags={REQUEST_ID_TAG: request_id}
    )


def _failed(world: World) -> None:
    accepted(world)
    error = {"Error": "States.Timeout"}
    world.call("RecordFailure", request=a_request(), executionArn=EXECUTION, error=error)


def _changed(world: World, **changes: Any) -> str:
    account_id = vended(world)
    world.organization.accounts[account_id] |= changes
    return account_id


def _gone(world: World) -> str:
    account_id = vended(world)
    del world.organization.accounts[account_id]
    return account_id


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("ABORTED", "ExecutionAborted"),
        ("TIMED_OUT", "ExecutionTimedOut"),
        ("FAILED", "ExecutionFailed"),
        ("SUCCEEDED", "ExecutionFailed"),
        (None, "ExecutionFailed"),
    ],
)
def test_request_without_a_running_execution_is_failed(
    world: World, status: str | None, code: str
) -> None:
    accepted(world)
    if status:
        world.organization.executions[EXECUTION] = status

    report = reconcile(world)

    assert report["repaired"] == [{"requestId": REQUEST_ID, "code": code}]
    row = world.row(REQUEST_ID)
    assert (row["state"], row["error"]["code"]) == ("FAILED", code)
    assert "AccountVendingFailed" in [kind for kind, _ in world.announced()]
    assert [each["repaired"] for each in reported(world)] == [report["repaired"]]


def test_request_whose_execution_runs_is_left_alone(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    before = world.row(REQUEST_ID)

    report = reconcile(world)

    assert (report["inProgress"], report["repaired"]) == (1, [])
    assert world.row(REQUEST_ID) == before
    assert world.called("DescribeExecution") == []


def test_decided_request_that_was_not_told_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policy = approving.a_policy()
    approving.accept(world)
    approving.wait(world)
    with monkeypatch.context() as patch:
        patch.setattr(Decisions, "end_wait", lambda *_: False)
        approving.decide(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    assert world.called("SendTaskSuccess") == []

    report = reconcile(world)

    assert [one["taskToken"] for one in world.called("SendTaskSuccess")] == [approving.TOKEN]
    assert (report["inProgress"], report["repaired"]) == (1, [])
    assert world.row("portal.claim-1")["state"] == "REQUESTED"


def test_decided_retirement_that_was_not_told_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policy = approving.a_policy(over={"retire": ["/*"], "by": ["reviewers"]})
    account_id = retiring.an_account(world)
    retiring.accept(world, retiring.a_retirement_request(account_id))
    waiting = {"accountId": account_id, "executionArn": EXECUTION, "taskToken": "token-1"}
    world.organization.waiting.add("token-1")
    world.call("AwaitApproval", requestId=f"retirement-{account_id}", **waiting)
    detail = {"accountId": account_id, "decision": "approve"}
    with monkeypatch.context() as patch:
        patch.setattr(Decisions, "end_wait", lambda *_: False)
        world.call("DecideApproval", **approving.sent(detail, approving.REVIEWERS))

    report = reconcile(world)

    assert [one["taskToken"] for one in world.called("SendTaskSuccess")] == ["token-1"]
    assert (report["inProgress"], report["repaired"]) == (0, [])


def test_execution_missing_from_the_list_is_looked_at_itself(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "PENDING_REDRIVE"

    report = reconcile(world)

    assert (report["inProgress"], report["repaired"]) == (1, [])


def test_row_that_has_just_changed_is_left_to_those_who_change_it(world: World) -> None:
    compared_before(world)
    accepted(world)

    report = world.call("ReconcileLedger")

    assert report["repaired"] == []


def test_repaired_request_resumes(world: World) -> None:
    accepted(world)
    reconcile(world)

    resumed = world.call("AcceptRequest", request=a_request(), executionArn=OTHER_EXECUTION)

    assert resumed["outcome"] == "ACCEPTED"
    assert world.row(REQUEST_ID)["executionArn"] == OTHER_EXECUTION


def test_idle_run_reads_the_index_and_one_item_and_says_nothing(world: World) -> None:
    vended(world)
    compared_before(world)

    report = reconcile(world)

    assert report == {
        "inProgress": 0,
        "repaired": [],
        "organization": "NOT_DUE",
        "findings": [],
    }
    states = [
        parameters["ExpressionAttributeValues"][":v0"]["S"] for parameters in world.called("Query")
    ]
    assert "VENDED" not in states
    assert {name for name, _ in world.calls} == {"dynamodb:Query", "dynamodb:GetItem"}
    assert len(world.called("GetItem")) == 1


def test_organization_is_compared_once_a_day(world: World) -> None:
    outcomes = [reconcile(world)["organization"] for _ in range(25)]

    assert outcomes[0] == "COMPARED"
    assert outcomes[1:23] == ["NOT_DUE"] * 22
    assert "COMPARED" in outcomes[23:]


def test_known_accounts_cost_no_look_at_their_tags(world: World) -> None:
    vended(world)

    report = reconcile(world)

    assert (report["organization"], report["findings"]) == ("COMPARED", [])
    looked_at = {one["ResourceId"] for one in world.called("ListTagsForResource")}
    assert looked_at == {MANAGEMENT_ACCOUNT_ID}  # which was not vended


@pytest.mark.parametrize(
    ("finding", "arrange"),
    [
        ("AccountWithoutRow", lambda world: _tagged(world, "nobody")),
        ("SecondAccount", lambda world: _tagged(world, REQUEST_ID, after=vended)),
        ("AccountNotAdopted", lambda world: _tagged(world, REQUEST_ID, after=_failed)),
        ("AccountClosed", lambda world: _changed(world, State="SUSPENDED")),
        ("AccountGone", _gone),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_difference_is_reported_with_what_to_do(world: World, finding: str, arrange: Any) -> None:
    account_id = arrange(world)

    report = reconcile(world)

    (found,) = report["findings"]
    assert (found["finding"], found["accountId"], found["new"]) == (finding, account_id, True)
    assert account_id in found["message"]
    assert found["remedy"]
    assert [each["findings"] for each in reported(world)] == [[found]]


def test_difference_reported_yesterday_is_no_news(world: World) -> None:
    _gone(world)
    reconcile(world)

    report = reconcile(world, audit=True)

    assert [found["new"] for found in report["findings"]] == [False]
    assert reported(world) == []


def test_difference_that_could_not_be_reported_is_reported_by_the_next_run(world: World) -> None:
    _gone(world)
    world.refused_entries = 1
    with pytest.raises(ServiceUnavailable):
        reconcile(world)

    report = reconcile(world)

    assert [found["new"] for found in report["findings"]] == [True]
    assert len(reported(world)) == 1


def test_accounts_in_the_making_and_strangers_are_no_findings(world: World) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    create(world)
    world.organization.finish()
    world.organization.add_account(email="else@example.com", tags={"team": "else"})
    world.organization.add_account(
        email="old@example.com", State="CLOSED", tags={REQUEST_ID_TAG: "long-gone"}
    )

    assert reconcile(world)["findings"] == []


def test_large_organization_is_compared_over_several_runs(world: World) -> None:
    count = 150
    for number in range(count):
        world.organization.add_account(email=f"{number}@example.com")
    gone = _gone(world)
    last = _tagged(world, "nobody")

    runs = [reconcile(world)]
    while runs[-1]["organization"] == "CONTINUES":
        runs.append(reconcile(world))

    assert len(runs) > 2
    found = [finding["accountId"] for run in runs for finding in run["findings"]]
    assert found == [last, gone]
    assert runs[-1]["organization"] == "COMPARED"


def test_reads_keep_their_pace_and_their_end(world: World) -> None:
    for number in range(200):
        world.organization.add_account(email=f"{number}@example.com")
    world.later(HOUR)
    before = world.now

    world.call("ReconcileLedger")

    calls = len(world.called("ListAccounts")) + len(world.called("ListTagsForResource"))
    took = world.now - before
    assert took < reconcile_ledger.RUN_SECONDS + 5
    assert calls <= took / SECONDS_PER_CALL * 2  # each unknown account's tags come in two pages


@pytest.mark.parametrize("reason", ["INVALID_NEXT_TOKEN", "INVALID_PAGINATION_TOKEN"])
def test_page_that_is_gone_begins_the_comparison_anew(world: World, reason: str) -> None:
    last = _tagged(world, "nobody")
    audit_cursor.save(AuditCursor(started_at=world.now, next_token="1"), world.ledger.table)
    world.organization.refuse("ListAccounts", "InvalidInputException", reason)

    first, second = reconcile(world), reconcile(world)

    assert (first["organization"], first["findings"]) == ("CONTINUES", [])
    assert [found["accountId"] for found in second["findings"]] == [last]


def test_throttled_comparison_goes_on_later_and_repairs_all_the_same(world: World) -> None:
    accepted(world)
    world.organization.refuse("ListAccounts", "TooManyRequestsException")
    world.organization.refuse("ListAccounts", "TooManyRequestsException")
    world.organization.refuse("ListAccounts", "TooManyRequestsException")

    report = reconcile(world)

    assert report["organization"] == "CONTINUES"
    assert len(report["repaired"]) == 1


def test_account_that_leaves_in_between_is_no_error(world: World) -> None:
    world.organization.add_account(email="else@example.com")
    world.organization.before("ListTagsForResource", world.organization.accounts.clear)

    assert reconcile(world)["organization"] == "COMPARED"


def test_cursor_is_read_as_it_was_written(world: World) -> None:
    cursor = AuditCursor(
        ended_at=5.0,
        started_at=7.0,
        next_token="page",
        listed=True,
        unseen=frozenset({"000000000001", "999999999999"}),
        found=(key(2), key(1)),
        reported=frozenset({key(3)}),
        owed=("request-1",),
    )

    audit_cursor.save(cursor, world.ledger.table)

    assert audit_cursor.load(world.ledger.table) == cursor


@pytest.mark.parametrize("token", ["page", "p" * 100_000], ids=["usual", "longest"])
def test_largest_cursor_fits_into_an_item(world: World, token: str) -> None:
    unseen = frozenset(f"{number:012}" for number in range(50_000))
    keys = [key(number) for number in range(6_000)]
    owed = tuple(f"{number:064}" for number in range(reconcile_ledger.MOST_REPAIRS))
    largest = AuditCursor(
        ended_at=world.now,
        started_at=world.now,
        next_token=token,
        unseen=unseen,
        found=tuple(keys),
        reported=frozenset(keys),
        owed=owed,
    )

    audit_cursor.save(largest, world.ledger.table)

    read = audit_cursor.load(world.ledger.table)
    assert (read.unseen, read.next_token, read.owed) == (unseen, token, owed)
    assert list(read.found) == keys[: len(read.found)]
    assert read.reported == set(read.found)
    assert len(read.found) == (5_000 if token == "page" else 2_500)


def test_cursor_keeps_no_more_accounts_than_fit(world: World) -> None:
    unseen = frozenset(f"{number:012}" for number in range(90_000))

    audit_cursor.save(AuditCursor(started_at=1.0, unseen=unseen), world.ledger.table)

    assert len(audit_cursor.load(world.ledger.table).unseen) == 50_000


def test_many_accounts_that_are_gone_are_found_over_several_runs(world: World) -> None:
    gone = vended_long_ago(world, 300)

    found: list[str] = []
    organization = "CONTINUES"
    while organization == "CONTINUES":
        before = world.now + HOUR
        report = reconcile(world)
        assert world.now - before < reconcile_ledger.RUN_SECONDS + 1
        assert {one["organization"] for one in reported(world)} == {report["organization"]}
        found += [one["accountId"] for one in report["findings"] if one["new"]]
        organization = report["organization"]

    assert found == sorted(gone)


def test_account_reported_gone_is_not_asked_about_again(world: World) -> None:
    vended_long_ago(world, 30)
    first = reconcile(world)
    assert len(world.called("DescribeAccount")) == 30

    second = reconcile(world, sweep=True)  # as it was called
    third = reconcile(world, audit=True)

    assert world.called("DescribeAccount") == []
    news = [{finding["new"] for finding in run["findings"]} for run in (first, second, third)]
    assert news == [{True}, {False}, {False}]


def test_account_that_leaves_comes_back_and_leaves_again_is_news_twice(world: World) -> None:
    account_id = vended(world)
    account = world.organization.accounts.pop(account_id)
    reconcile(world)
    world.organization.accounts[account_id] = account
    assert reconcile(world, audit=True)["findings"] == []
    del world.organization.accounts[account_id]

    (found,) = reconcile(world, audit=True)["findings"]

    assert (found["finding"], found["new"]) == ("AccountGone", True)


def test_repairs_are_reported_before_the_organization_is_compared(world: World) -> None:
    accepted(world)
    reports: list[Any] = []
    world.organization.before("ListAccounts", lambda: reports.extend(reported(world)))

    report = reconcile(world)

    assert [each["repaired"] for each in reports] == [report["repaired"]]
    assert reports[0]["findings"] == []
    assert reported(world) == reports


def test_repairs_and_news_are_reported_once_each(world: World) -> None:
    _tagged(world, "nobody")
    accepted(world)

    report = reconcile(world)

    assert [(each["repaired"], each["findings"]) for each in reported(world)] == [
        (report["repaired"], []),
        ([], report["findings"]),
    ]


@pytest.mark.parametrize("announcement", ["publish_outcome", "publish_report"])
def test_repair_that_could_not_be_reported_is_reported_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch, announcement: str
) -> None:
    compared_before(world)
    accepted(world)
    ends = ["AccountVendingStateChanged", "AccountVendingFailed"]

    def refused(*_: Any) -> None:
        raise ServiceUnavailable("PutEvents: no")

    with monkeypatch.context() as patched:
        patched.setattr(EventPublisher, announcement, refused)
        with pytest.raises(ServiceUnavailable):
            reconcile(world)
    assert world.row(REQUEST_ID)["state"] == "FAILED"

    report = reconcile(world)

    assert [each["requestId"] for each in report["repaired"]] == [REQUEST_ID]
    assert [kind for kind, _ in world.announced()] == [*ends, "AccountVendingReconciled"]
    assert reconcile(world)["repaired"] == []
    assert world.announced() == []


def test_repair_that_could_not_be_reported_is_left_to_who_resumed(world: World) -> None:
    compared_before(world)
    accepted(world)
    world.refused_entries = 1
    with pytest.raises(ServiceUnavailable):
        reconcile(world)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    accepted(world, a_request(), OTHER_EXECUTION)

    report = reconcile(world)

    assert (report["inProgress"], report["repaired"]) == (1, [])
    assert world.announced() == []
    assert audit_cursor.load(world.ledger.table).owed == ()


def test_repairs_that_take_long_are_gone_on_with_by_the_next_run(world: World) -> None:
    for number in range(3):
        waiting(world, number)
        world.organization.before("DescribeExecution", lambda: world.later(10))
    before = world.now + HOUR

    first = reconcile(world)
    took = world.now - before
    second = reconcile(world)

    assert took < FUNCTION_SECONDS
    assert first["organization"] == "CONTINUES"
    assert first["repaired"]
    assert second["repaired"]
    repaired = {each["requestId"] for run in (first, second) for each in run["repaired"]}
    assert repaired == {"other-0", "other-1", "other-2"}


def test_it_calls_all_that_it_declares(world: World) -> None:
    accepted(world)
    reserve(world)
    for number in range(5):
        waiting(world, number, OTHER_EXECUTION)
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    _tagged(world, "nobody")
    reconcile(world)
    account = a_request(requestId="two", account={"name": "B", "email": "b@example.com"})
    accepted(world, account)
    vend(world, requestId="two", accountId="000000000099")
    del world.organization.accounts["000000000099"]
    reconcile(world, audit=True)

    assert world.calls_of["ReconcileLedger"] == CALLS


def test_schedules_event_is_taken(world: World) -> None:
    event = {
        "version": "0",
        "id": "e-1",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": MANAGEMENT_ACCOUNT_ID,
        "time": "2026-11-20T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }

    assert json.dumps(reconcile(world, **event))


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, float]]:
    """What was measured since it was asked last, by name; of metrics without other dimensions."""
    capsys.readouterr()

    def read() -> dict[str, float]:
        samples = [
            sample
            for line in capsys.readouterr().out.splitlines()
            for sample in samples_in(line)
            if [name for name, _ in sample.dimensions] == ["service"]
        ]
        assert len({sample.name for sample in samples}) == len(samples)
        return {sample.name: sample.value for sample in samples}

    return read


def test_quota_is_measured_once_a_day_by_its_name(
    world: World, measured: Callable[[], dict[str, float]]
) -> None:
    world.organization.answers["ListServiceQuotas"] = lambda **_: {
        "Quotas": [
            {"QuotaName": "Concurrent closures of accounts", "Value": 3.0},
            {"QuotaName": "Default maximum number of accounts", "Value": 20.0},
        ]
    }
    for number in range(6):
        world.organization.add_account(email=f"a{number}@example.com", tags={})

    reconcile(world)
    first = measured()
    reconcile(world)

    assert first == {"AccountsUsed": 7, "AccountQuota": 20, "AccountQuotaUsed": 35}
    assert measured() == {}
    assert len(world.called("ListServiceQuotas")) == 0


def test_quota_that_cannot_be_read_stops_nothing(
    world: World, measured: Callable[[], dict[str, float]]
) -> None:
    world.organization.refuse("ListServiceQuotas", "AccessDeniedException")

    report = reconcile(world)

    assert report["organization"] == "COMPARED"
    assert measured() == {"AccountsUsed": 1}


def test_accounts_of_a_large_organization_are_counted_over_several_runs(
    world: World, measured: Callable[[], dict[str, float]]
) -> None:
    for number in range(150):
        world.organization.add_account(email=f"{number}@example.com")

    runs = [reconcile(world)]
    while runs[-1]["organization"] == "CONTINUES":
        assert measured() == {}
        runs.append(reconcile(world))

    assert len(runs) > 2
    last = measured()
    assert (last["AccountsUsed"], last["AccountQuota"]) == (151, 10_000)


@pytest.mark.parametrize(("hours", "stuck"), [(6, None), (8, 1)])
def test_request_in_which_nothing_happens_for_hours_is_stuck(
    world: World,
    measured: Callable[[], dict[str, float]],
    caplog: pytest.LogCaptureFixture,
    hours: int,
    stuck: int | None,
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    compared_before(world)
    world.later(hours * HOUR - HOUR)
    measured()

    report = reconcile(world)

    counted = measured()
    assert report["inProgress"] == 1
    assert counted.pop("RequestsInProgress") == 1
    assert counted.get("RequestsStuck") == stuck
    lines = [record for record in caplog.records if record.msg == "nothing happens in a request"]
    assert [line.__dict__["request_id"] for line in lines] == [REQUEST_ID] * (stuck or 0)


def test_invitation_that_waits_for_days_is_not_stuck(
    world: World, measured: Callable[[], dict[str, float]]
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "RUNNING"
    world.ledger.change(REQUEST_ID, EXECUTION, values={"state": "INVITED"})
    world.later(10 * 24 * HOUR)
    measured()

    reconcile(world)

    assert "RequestsStuck" not in measured()


def test_repair_is_measured_and_is_a_failed_vend(
    world: World, measured: Callable[[], dict[str, float]]
) -> None:
    accepted(world)
    world.organization.executions[EXECUTION] = "ABORTED"
    compared_before(world)
    measured()

    reconcile(world)

    assert measured() == {"RequestRepaired": 1, "AccountVendingFailed": 1}


def test_idle_reconciliation_measures_nothing(
    world: World, measured: Callable[[], dict[str, float]]
) -> None:
    vended(world)
    compared_before(world)
    measured()

    reconcile(world)

    assert measured() == {}


@pytest.mark.parametrize(
    ("days", "is_there", "state"),
    [(89, False, "CLOSED"), (91, True, "CLOSED"), (91, False, "DEPARTED")],
)
def test_closed_account_that_is_gone_after_its_90_days_has_departed(
    world: World, days: int, is_there: bool, state: str
) -> None:
    account_id = retiring.an_account(world)
    retiring.due(world, account_id)
    retiring.close(world, account_id)
    world.organization.accounts[account_id].update(State="CLOSED")
    retiring.record(world, account_id, "CLOSED")
    world.later(days * 24 * HOUR)
    if not is_there:
        del world.organization.accounts[account_id]

    reconcile(world, audit=True)
    reconcile(world, audit=True)

    assert retiring.row_of(account_id)["state"] == state
