"""DetectDrift: each difference from an account's document once, and its repair by setting."""

from __future__ import annotations

from typing import Any

import pytest

from events.detect_drift import CALLS, RUN_SECONDS
from tests.builders import a_contact
from tests.emf import samples_in
from tests.unit.functions.payloads import (
    ACCOUNT_ID,
    EMAIL,
    REQUEST_ID,
    UNIT_ID,
    a_request,
    accepted,
    made,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.aws import clients
from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.table import IS_NEW, Put, Update
from vending.reconciliation import drift_cursor
from vending.reconciliation.audit import SECONDS_PER_CALL
from vending.request.account_request import parse
from vending.requesters import DRIFT_REPAIRS_SOURCE

DAY = 86_400.0
GUARD = {"name": "Guard", "type": "SERVICE_CONTROL_POLICY"}
WRITES = (
    "TagResource",
    "UntagResource",
    "MoveAccount",
    "AttachPolicy",
    "DetachPolicy",
    "PutAccountName",
    "PutAlternateContact",
    "DeleteAlternateContact",
)


@pytest.fixture(autouse=True)
def setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNT_DRIFT", "report")


@pytest.fixture
def repairing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNT_DRIFT", "repair")


def vended(world: World, **changes: Any) -> None:
    """An account that is just as its document says."""
    request = a_request(policies=[GUARD], **changes)
    above = world.organization.add_unit("Workloads", unit_id="ou-abcd-0000000a")
    world.organization.add_unit("Sandbox", above, UNIT_ID)
    guard = world.organization.add_policy("Guard")
    world.organization.service_access.add("account.amazonaws.com")
    made(world, tags=dict(request["tags"]))
    world.organization.attach(guard, ACCOUNT_ID)
    accepted(world, request)
    vend(world)
    world.calls.clear()


def detect(world: World, **payload: Any) -> dict[str, Any]:
    """A pass on the next day."""
    world.later(DAY)
    world.calls.clear()
    result: dict[str, Any] = world.call("DetectDrift", **payload)
    return result


def drifted(world: World) -> list[dict[str, Any]]:
    """The events of the last run."""
    return [detail for kind, detail in world.announced() if kind == "AccountDrifted"]


def requested(world: World) -> list[dict[str, Any]]:
    """The repairs that the last run asked for."""
    return [
        {"detail": entry["Detail"], "source": entry["Source"]}
        for call in world.called("PutEvents")
        for entry in call["Entries"]
        if entry["DetailType"] == "AccountRequested"
    ]


def kept(world: World) -> Any:
    """The drift in the account's record."""
    record = world.ledger.accounts.get(ACCOUNT_ID)
    assert record is not None
    return record.get("drift")


def account(world: World) -> Any:
    return world.organization.accounts[ACCOUNT_ID]


def tags(world: World, **changed: str) -> None:
    world.organization.accounts[ACCOUNT_ID].update(tags=changed)


def test_account_as_its_document_says_has_not_drifted(world: World) -> None:
    vended(world)

    report = detect(world)

    assert report == {"accounts": "COMPARED", "compared": 1, "unchecked": 0, "drifted": []}
    assert (drifted(world), kept(world)) == ([], None)


def _moved(world: World) -> None:
    account(world).update(
        parent=world.organization.add_unit("Else/where", unit_id="ou-abcd-0000000b")
    )


def _detached(world: World) -> None:
    (guard,) = (
        policy_id
        for policy_id, policy in world.organization.policies.items()
        if policy.thing.name == "Guard"
    )
    clients.organizations().detach_policy(PolicyId=guard, TargetId=ACCOUNT_ID)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (
            lambda world: tags(world, **{"cost-centre": "9"}),
            {
                "what": "tags",
                "name": "cost-centre",
                "how": "changed",
                "expected": "4711",
                "found": "9",
            },
        ),
        (
            tags,
            {"what": "tags", "name": "cost-centre", "how": "missing", "expected": "4711"},
        ),
        (
            lambda world: account(world).update(Name="Renamed"),
            {"what": "account.name", "how": "changed", "expected": "Sandbox", "found": "Renamed"},
        ),
        (
            lambda world: account(world).update(Email="else@example.com"),
            {"what": "account.email", "how": "changed"},
        ),
        (
            _moved,
            {
                "what": "organizationalUnit",
                "how": "changed",
                "expected": "/Workloads/Sandbox",
                "found": "/Else\\/where",
            },
        ),
        (
            _detached,
            {
                "what": "policies",
                "name": "Guard",
                "how": "missing",
                "expected": "SERVICE_CONTROL_POLICY",
            },
        ),
    ],
)
def test_what_somebody_changed_is_announced_once_and_kept(
    world: World,
    change: Any,
    difference: dict[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    vended(world)
    change(world)

    report = detect(world)

    (event,) = drifted(world)
    assert report["drifted"] == [event]
    assert (event["accountId"], event["requestId"]) == (ACCOUNT_ID, REQUEST_ID)
    assert (event["revision"], event["repair"]) == (1, False)
    assert event["differences"] == event["new"] == [difference]
    assert (kept(world)["differences"], kept(world)["unreported"]) == ([difference], [])
    assert [
        sample.value
        for line in capsys.readouterr().out.splitlines()
        for sample in samples_in(line)
        if sample.name == "AccountDrift"
    ] == [1.0]
    assert detect(world)["drifted"] == drifted(world) == []
    assert not [name for name, _ in world.calls if name.partition(":")[2] in WRITES]


def test_another_difference_is_announced_beside_the_one_that_is_known(world: World) -> None:
    vended(world, tags={"one": "1", "two": "2"})
    tags(world, two="2")
    detect(world)
    tags(world)

    detect(world)

    (event,) = drifted(world)
    assert [one["name"] for one in event["differences"]] == ["one", "two"]
    assert [one["name"] for one in event["new"]] == ["two"]


def test_account_that_is_put_right_by_hand_and_drifts_again_is_announced_again(
    world: World,
) -> None:
    vended(world)
    tags(world)
    detect(world)
    tags(world, **{"cost-centre": "4711"})
    assert detect(world)["drifted"] == []
    assert kept(world) is None
    tags(world)

    assert len(detect(world)["drifted"]) == 1


def test_what_others_put_on_the_account_is_no_drift_unless_it_is_authoritative(
    world: World,
) -> None:
    vended(world)
    tags(world, **{"cost-centre": "4711", "theirs": "x", "aws:made": "y"})
    assert detect(world)["drifted"] == []
    record = world.ledger.accounts.get(ACCOUNT_ID)
    assert record is not None
    world.ledger.table.update(
        Update(
            pk=keys.account_record(ACCOUNT_ID),
            values={"document": record["document"] | {"manage": "authoritative"}},
            condition=~IS_NEW,
        )
    )

    detect(world)

    (event,) = drifted(world)
    assert event["differences"] == [
        {"what": "tags", "name": "theirs", "how": "added", "found": "x"}
    ]


@pytest.mark.parametrize(
    ("has", "how"), [(None, "missing"), (a_contact("Else"), "changed"), (a_contact("Us"), None)]
)
def test_contacts_are_compared_without_showing_them(
    world: World, has: dict[str, str] | None, how: str | None
) -> None:
    vended(world, contacts={"billing": a_contact("Us")})
    if has is not None:
        clients.account().put_alternate_contact(
            AccountId=ACCOUNT_ID,
            AlternateContactType="BILLING",
            Name=has["name"],
            Title=has["title"],
            EmailAddress=has["email"],
            PhoneNumber=has["phone"],
        )

    report = detect(world)

    found = [one for event in report["drifted"] for one in event["differences"]]
    assert found == ([{"what": "contacts", "name": "billing", "how": how}] if how else [])
    assert "example.com" not in str(report)


def test_event_that_the_bus_does_not_take_is_sent_by_the_next_run(world: World) -> None:
    vended(world)
    tags(world)
    world.refused_entries = 1
    world.later(DAY)
    detect(world)
    assert kept(world)["unreported"] == kept(world)["differences"]

    detect(world)

    assert len(drifted(world)) == 1
    assert kept(world)["unreported"] == []


def test_account_that_a_request_is_changing_is_left_alone_until_that_has_ended(
    world: World,
) -> None:
    vended(world)
    tags(world)
    changed = a_request(tags={"cost-centre": "5"})
    world.call("AcceptRequest", request=changed, executionArn=OTHER_EXECUTION)
    assert detect(world)["drifted"] == []

    world.call(
        "RecordFailure",
        request=changed,
        executionArn=OTHER_EXECUTION,
        error={"Error": "States.Timeout"},
    )

    assert len(detect(world)["drifted"]) == 1


def test_change_that_is_accepted_during_the_comparison_is_no_drift(world: World) -> None:
    vended(world)

    def change() -> None:
        before = len(world.calls)
        tags(world)
        world.call("AcceptRequest", request=a_request(tags={}), executionArn=OTHER_EXECUTION)
        vend(world, executionArn=OTHER_EXECUTION)
        del world.calls[before:]

    world.organization.before("ListTagsForResource", change)

    report = detect(world)

    assert (report["drifted"], drifted(world), kept(world)) == ([], [], None)


@pytest.mark.parametrize("state", ["RETIRING", "CLOSING", "CLOSED"])
def test_account_that_is_being_retired_has_not_drifted(world: World, state: str) -> None:
    vended(world)
    _moved(world)
    item = {"pk": keys.retirement(ACCOUNT_ID), "accountId": ACCOUNT_ID, "state": state}
    world.ledger.table.put(Put(item=item))

    assert detect(world)["drifted"] == []


def test_account_that_is_closed_is_for_another_to_report(world: World) -> None:
    vended(world)
    account(world).update(State="SUSPENDED", tags={})

    assert detect(world)["compared"] == 0


def test_account_that_cannot_be_read_does_not_keep_the_others_from_it(world: World) -> None:
    vended(world)
    world.organization.refuse("ListParents", "AccessDeniedException")

    report = detect(world)

    assert (report["accounts"], report["unchecked"]) == ("COMPARED", 1)


@pytest.mark.parametrize("error", ["TooManyRequestsException", "ServiceException"])
def test_pass_that_aws_interrupts_goes_on_in_the_next_run(world: World, error: str) -> None:
    vended(world)
    tags(world)
    for _ in range(9):
        world.organization.refuse("ListTagsForResource", error)
    assert detect(world)["accounts"] == "CONTINUES"

    world.later(3_600)
    world.organization.refuse("ListTagsForResource", error)
    report = world.call("DetectDrift")
    while report["accounts"] != "COMPARED":
        report = world.call("DetectDrift")

    assert len(report["drifted"]) == 1


def test_pass_begins_once_a_day_or_when_it_is_asked_for(world: World) -> None:
    vended(world)
    detect(world)
    world.later(3_600)
    world.calls.clear()

    assert world.call("DetectDrift")["accounts"] == "NOT_DUE"
    assert [name for name, _ in world.calls] == ["dynamodb:GetItem"]
    assert world.call("DetectDrift", now=True)["accounts"] == "COMPARED"


def test_run_ends_in_time_and_the_next_one_goes_on_where_it_stopped(world: World) -> None:
    vended(world)
    several = 5
    for number in range(several):
        world.organization.add_account(email=f"o{number}@example.com")
    began = world.now + DAY
    # As if AWS took most of the run's time to answer.
    for _ in range(3):
        world.organization.before("ListAccounts", lambda: world.later(RUN_SECONDS / 2))

    reports = [detect(world)]
    first_ended = world.now
    while reports[-1]["accounts"] != "COMPARED":
        reports.append(world.call("DetectDrift"))

    assert first_ended - began < RUN_SECONDS * 1.5
    assert len(reports) > 1
    assert sum(report["compared"] for report in reports) == 1
    assert drift_cursor.load(world.ledger.table).started_at is None


def test_page_whose_token_aws_has_forgotten_is_read_from_the_start(world: World) -> None:
    vended(world)
    tags(world)
    world.organization.before(
        "ListAccounts",
        lambda: world.organization.refuse(
            "ListAccounts", "InvalidInputException", "INVALID_NEXT_TOKEN"
        ),
    )

    reports = [detect(world), world.call("DetectDrift", now=True)]

    assert [report["accounts"] for report in reports] == ["CONTINUES", "COMPARED"]


def test_reads_keep_the_pace_and_are_as_many_as_the_documents_need(world: World) -> None:
    vended(world, contacts={"billing": a_contact("Us")})
    began = world.now + DAY

    detect(world)

    calls = [
        name.partition(":")[2]
        for name, _ in world.calls
        if not name.startswith(("dynamodb:", "events:"))
    ]
    assert set(calls) == {
        "DescribeOrganizationalUnit",
        "GetAlternateContact",
        "ListAccounts",
        "ListParents",
        "ListPoliciesForTarget",
        "ListTagsForResource",
    }
    assert [
        call["OrganizationalUnitId"] for call in world.called("DescribeOrganizationalUnit")
    ] == [
        UNIT_ID,
        "ou-abcd-0000000a",
    ]
    # Two pages of accounts; the account's place, tags, policies and contact; the place's two units
    # with what they are in.
    assert world.now - began == pytest.approx((2 + 4 + 4) * SECONDS_PER_CALL)


def test_function_calls_all_that_it_declares(world: World) -> None:
    vended(world, contacts={"billing": a_contact("Us")})

    detect(world)

    assert world.calls_of["DetectDrift"] == CALLS


@pytest.mark.usefixtures("repairing")
def test_repair_asks_for_the_accounts_own_document_at_its_revision(world: World) -> None:
    vended(world)
    tags(world)

    report = detect(world)

    assert report["drifted"][0]["repair"] is True
    (one,) = requested(world)
    assert one["source"] == DRIFT_REPAIRS_SOURCE
    assert '"ifRevision":1' in one["detail"]
    assert f'"requestId":"{REQUEST_ID}"' in one["detail"]


def repair_event(world: World, name: str = "repair-1") -> dict[str, Any]:
    record = world.ledger.accounts.get(ACCOUNT_ID)
    assert record is not None
    return {
        "detail-type": "AccountRequested",
        "account": "111111111111",
        "source": DRIFT_REPAIRS_SOURCE,
        "id": name,
        "time": "2027-01-16T09:00:00Z",
        "detail": {**record["document"], "ifRevision": record["revision"]},
    }


def repair(world: World, event: dict[str, Any], execution: str = OTHER_EXECUTION) -> Any:
    return world.call(
        "AcceptRequest",
        request=event,
        executionArn=execution,
        startedAt="2027-01-16T09:00:00.000Z",
    )


@pytest.mark.usefixtures("repairing")
def test_repair_is_carried_out_as_a_change_without_a_new_revision(world: World) -> None:
    vended(world)
    account(world).update(Name="Renamed")
    detect(world)
    event = repair_event(world)

    result = repair(world, event)
    world.calls.clear()
    record = vend(world, executionArn=OTHER_EXECUTION)

    assert result["outcome"] == "ACCEPTED"
    assert result["changes"]["accountName"] == "Sandbox"
    assert (record["state"], record["revision"]) == ("VENDED", 1)
    assert record["sender"]["requester"] == "drift-repairs"
    assert [name for name, _ in world.announced()] == [
        "AccountVendingStateChanged",
        "AccountChanged",
    ]
    assert kept(world) is None
    assert repair(world, event, f"{EXECUTION}-third")["outcome"] == "SUPERSEDED"


@pytest.mark.usefixtures("repairing")
def test_account_that_was_adopted_is_repaired_by_its_own_request(world: World) -> None:
    made(world, tags={"owner": "me"}, parent=world.organization.state.root.id)
    document = parse(
        {"source": "existing", "account": {"accountId": ACCOUNT_ID}, "tags": {"owner": "me"}}
    )
    row: Any = {
        "requestId": document.request_id,
        "state": "VENDED",
        "source": "existing",
        "accountId": ACCOUNT_ID,
        "requestedAt": timestamp(world.now),
        "updatedAt": timestamp(world.now),
        "request": document.normalised(),
        "fingerprint": document.fingerprint(),
    }
    _, writes = world.ledger.accounts.vending(ACCOUNT_ID, row, None)
    put = Put(item={"pk": keys.request(document.request_id), **row, "revision": 1})
    assert not world.ledger.table.transact({**writes, "row": put})
    tags(world)

    report = detect(world)
    result = repair(world, repair_event(world))
    record = vend(world, requestId=document.request_id, executionArn=OTHER_EXECUTION)

    assert [one["repair"] for one in report["drifted"]] == [True]
    assert result["outcome"] == "ACCEPTED"
    assert (record["state"], record["revision"], kept(world)) == ("VENDED", 1, None)


@pytest.mark.usefixtures("repairing")
def test_repair_that_is_run_again_after_its_claim_goes_on(world: World) -> None:
    vended(world)
    tags(world)
    detect(world)
    event = repair_event(world)

    first, again = repair(world, event), repair(world, event)

    assert [one["outcome"] for one in (first, again)] == ["ACCEPTED", "ACCEPTED"]
    assert vend(world, executionArn=OTHER_EXECUTION)["state"] == "VENDED"


@pytest.mark.usefixtures("repairing")
def test_repair_yields_to_what_was_asked_since(world: World) -> None:
    vended(world)
    tags(world)
    detect(world)
    event = repair_event(world)
    changed = a_request(tags={"cost-centre": "5"})
    world.call("AcceptRequest", request=changed, executionArn=OTHER_EXECUTION)

    while_it_goes_on = repair(world, event, f"{EXECUTION}-third")
    vend(world, executionArn=OTHER_EXECUTION)
    afterwards = repair(world, event, f"{EXECUTION}-fourth")

    assert [one["outcome"] for one in (while_it_goes_on, afterwards)] == ["SUPERSEDED"] * 2


@pytest.mark.usefixtures("repairing")
def test_request_that_was_sent_before_a_repair_is_not_late_after_it(world: World) -> None:
    vended(world)
    tags(world)
    detect(world)
    repair(world, repair_event(world))
    vend(world, executionArn=OTHER_EXECUTION)
    sent_before = {
        "detail-type": "AccountRequested",
        "account": "111111111111",
        "source": "tests",
        "id": "theirs",
        "time": "2027-01-16T08:59:00Z",
        "detail": a_request(tags={"cost-centre": "5"}),
    }
    world.policy = {
        "requesters": {
            "admins": {
                "senders": [{"account": "111111111111", "source": "tests"}],
                "roles": ["administrator"],
            }
        }
    }

    result = repair(world, sent_before, f"{EXECUTION}-third")

    assert result["outcome"] == "ACCEPTED"


@pytest.mark.usefixtures("repairing")
def test_what_a_request_failed_at_is_reported_and_not_repaired(world: World) -> None:
    vended(world)
    changed = a_request(tags={"cost-centre": "5"})
    world.call("AcceptRequest", request=changed, executionArn=OTHER_EXECUTION)
    error = {"Error": "States.Timeout"}
    world.call("RecordFailure", request=changed, executionArn=OTHER_EXECUTION, error=error)
    tags(world, **{"cost-centre": "5"})

    report = detect(world)

    assert [one["repair"] for one in report["drifted"]] == [False]
    assert requested(world) == []


@pytest.mark.usefixtures("repairing")
def test_email_alone_is_reported_and_not_repaired(world: World) -> None:
    vended(world)
    account(world).update(Email=f"other-{EMAIL}")

    report = detect(world)

    assert [one["repair"] for one in report["drifted"]] == [False]
    assert requested(world) == []


@pytest.mark.usefixtures("repairing")
def test_repair_that_the_bus_did_not_take_is_asked_for_by_the_next_pass(world: World) -> None:
    vended(world)
    tags(world)
    detect(world)

    report = detect(world)

    assert report["drifted"] == []
    assert len(requested(world)) == 1


def test_repair_sent_by_somebody_else_is_a_sender_that_the_policy_does_not_have(
    world: World,
) -> None:
    vended(world)
    event = repair_event(world) | {"account": "222222222222"}

    with pytest.raises(Exception, match="sender: no requester"):
        repair(world, event)
