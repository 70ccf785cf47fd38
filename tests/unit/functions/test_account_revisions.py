"""The life of an account: its revisions, who may make one, and which submission is late."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_contact, policy_content
from tests.unit.functions.payloads import (
    ACCOUNT_ID,
    EMAIL,
    REQUEST_ID,
    a_request,
    accepted,
    made,
    vend,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ExecutionSuperseded,
    OperationRefused,
    RequestConflict,
    RequestInvalid,
    RequestNotAllowed,
)
from vending.ledger.keys import account_lock, account_record
from vending.ledger.locks import retirement_owner
from vending.ledger.table import IS_NEW, Put
from vending.request.account_request import parse
from vending.requesters import DISCOVERED_ACCOUNTS_SOURCE

POLICY = {"name": "NoLeaving", "type": "SERVICE_CONTROL_POLICY"}
EXISTING = {"requestId": "another", "source": "existing", "account": {"accountId": ACCOUNT_ID}}

WITH_CONTACT = {
    "contacts": {"billing": a_contact("Billing")},
    "serviceAccess": ["account.amazonaws.com"],
}


def vended(world: World, request: dict[str, Any] | None = None) -> dict[str, Any]:
    """An account that came of a request; its record."""
    accepted(world, request)
    return vend(world)


def event(detail: dict[str, Any], second: int, name: str | None = None) -> dict[str, Any]:
    """An event of an administrator of this account, at a second of 2026."""
    return {
        "detail-type": "AccountRequested",
        "account": "111111111111",
        "source": "tests",
        "id": name or f"event-{second}",
        "time": f"2026-11-28T10:00:{second:02}Z",
        "detail": detail,
    }


def asked(world: World, request: dict[str, Any], execution: str = OTHER_EXECUTION) -> Any:
    return world.call(
        "AcceptRequest",
        request=request,
        executionArn=execution,
        startedAt="2027-01-15T08:00:00.000Z",
    )


def test_first_vend_is_revision_one_with_its_document(world: World) -> None:
    record = vended(world)

    assert record["revision"] == 1
    known = world.ledger.accounts.get(ACCOUNT_ID)
    assert known is not None
    assert (known["revision"], known["requestId"]) == (1, REQUEST_ID)
    assert known["document"] == parse(a_request()).normalised()
    first = world.ledger.accounts.revision(ACCOUNT_ID, 1)
    assert first is not None
    assert first["document"] == known["document"]
    assert (first["changes"], first["at"]) == ([], "2027-01-15T08:00:00.000Z")
    assert first["sender"]["requester"] == "administrator"


def test_new_content_for_a_vended_account_is_its_next_revision(world: World) -> None:
    vended(world, a_request(policies=[POLICY | {"content": policy_content(200)}]))
    changed = a_request(tags={"owner": "me"}, requestedBy="somebody")
    world.later(60)

    result = asked(world, changed)
    record = vend(world, executionArn=OTHER_EXECUTION)

    assert (result["outcome"], result["creationBegun"]) == ("ACCEPTED", True)
    assert result["changes"] == {
        "accountName": None,
        "email": None,
        "tags": ["cost-centre"],
        "policies": [POLICY],
        "contacts": [],
        "authoritative": False,
        "protectedTags": [],
    }
    assert (record["state"], record["revision"]) == ("VENDED", 2)
    second = world.ledger.accounts.revision(ACCOUNT_ID, 2)
    assert second is not None
    assert second["changes"] == [
        "tag cost-centre removed",
        "tag owner added",
        "policy NoLeaving (SERVICE_CONTROL_POLICY) removed",
    ]
    assert (second["requestedBy"], second["at"]) == ("somebody", "2027-01-15T08:01:00.000Z")
    assert world.ledger.accounts.revision(ACCOUNT_ID, 1) is not None
    assert [name for name, _ in world.announced()][-2:] == [
        "AccountVendingStateChanged",
        "AccountChanged",
    ]


def test_same_content_again_changes_nothing_and_says_so(world: World) -> None:
    vended(world)
    before = world.ledger.accounts.get(ACCOUNT_ID)

    result = asked(world, a_request())

    assert (result["outcome"], result["record"]["revision"]) == ("FINISHED", 1)
    assert result["changes"] is None
    assert world.ledger.accounts.get(ACCOUNT_ID) == before


def test_document_for_an_account_that_exists_is_its_next_revision(world: World) -> None:
    vended(world)

    result = asked(world, EXISTING | {"tags": {"owner": "me"}})
    record = vend(world, requestId="another", executionArn=OTHER_EXECUTION)

    assert (result["outcome"], result["changes"]["tags"]) == ("ACCEPTED", ["cost-centre"])
    assert record["revision"] == 2
    assert world.row(REQUEST_ID)["revision"] == 1


def test_first_request_again_after_another_changed_the_account_is_a_change_back(
    world: World,
) -> None:
    vended(world)
    asked(world, EXISTING | {"tags": {"owner": "me"}})
    vend(world, requestId="another", executionArn=OTHER_EXECUTION)
    third = EXECUTION.replace("first", "third")

    result = asked(world, a_request(), third)
    record = vend(world, executionArn=third)

    assert (result["outcome"], result["changes"]["tags"]) == ("ACCEPTED", ["owner"])
    assert record["revision"] == 3


def test_document_that_asks_the_same_under_another_id_is_no_revision(world: World) -> None:
    vended(world)
    same = {key: one for key, one in a_request().items() if key not in ("requestId", "account")}

    result = asked(world, same | EXISTING)
    record = vend(world, requestId="another", executionArn=OTHER_EXECUTION)

    assert result["changes"] is None
    assert record["revision"] == 1
    assert world.ledger.accounts.revision(ACCOUNT_ID, 2) is None


def test_account_is_renamed_by_a_change(world: World) -> None:
    vended(world)

    result = asked(world, a_request(account={"name": "Sandpit", "email": EMAIL}))

    assert result["changes"]["accountName"] == "Sandpit"
    assert result["record"]["accountName"] == "Sandpit"
    assert world.row(REQUEST_ID)["origin"]["account"]["name"] == "Sandbox"


def test_change_while_another_is_in_progress_waits(world: World) -> None:
    vended(world)
    asked(world, a_request(tags={"owner": "me"}))
    world.organization.executions[OTHER_EXECUTION] = "RUNNING"
    third = EXECUTION.replace("first", "third")

    for request in (a_request(tags={"owner": "you"}), EXISTING | {"tags": {}}):
        with pytest.raises(RequestConflict) as conflict:
            asked(world, request, third)
        assert conflict.value.remedy.startswith("Wait")

    assert world.row(REQUEST_ID)["request"]["tags"] == {"owner": "me"}


def test_change_that_aws_would_refuse_leaves_the_account_as_it_was(world: World) -> None:
    vended(world)
    before = world.row(REQUEST_ID)

    with pytest.raises(RequestInvalid, match="no SERVICE_CONTROL_POLICY named 'NoLeaving'"):
        asked(world, a_request(policies=[POLICY]))

    assert world.row(REQUEST_ID) == before


def test_change_of_an_account_that_was_closed_is_refused_by_name(world: World) -> None:
    vended(world)
    before = world.row(REQUEST_ID)
    world.organization.accounts[ACCOUNT_ID]["State"] = "CLOSED"

    with pytest.raises(OperationRefused, match=f"{ACCOUNT_ID} is CLOSED, not ACTIVE"):
        asked(world, a_request(tags={}))

    assert world.row(REQUEST_ID) == before


def test_change_of_an_account_that_is_being_retired_is_refused_by_name(world: World) -> None:
    vended(world)
    before = world.row(REQUEST_ID)
    held = Put(
        item={
            "pk": account_lock(ACCOUNT_ID),
            "owner": retirement_owner(ACCOUNT_ID),
            "executionArn": OTHER_EXECUTION,
        }
    )
    world.ledger.table.put(held)

    with pytest.raises(RequestConflict, match=f"{ACCOUNT_ID} is being retired"):
        asked(world, a_request(tags={}))

    assert world.row(REQUEST_ID) == before


def test_change_of_an_account_that_stands_elsewhere_than_its_requester_may_is_refused(
    world: World,
) -> None:
    portal = {
        "senders": [{"account": "111111111111", "source": "tests"}],
        "organizationalUnits": ["/Workloads"],
        "emails": ["*"],
        "tags": {"allowed": {"*": ["*"]}},
    }
    world.policy = {"requesters": {"portal": portal}}
    request = a_request(serviceAccess=[], rootAccess=[])
    accepted(world, event(request, 1))
    vend(world, requestId=f"portal.{REQUEST_ID}")
    before = world.row(f"portal.{REQUEST_ID}")
    account = world.organization.state.account(ACCOUNT_ID)
    account.parent_id = world.organization.add_unit("Security")

    with pytest.raises(RequestNotAllowed, match="organizationalUnits does not grant"):
        asked(world, event(request | {"tags": {}}, 2))

    assert world.row(f"portal.{REQUEST_ID}") == before


def test_change_that_failed_owns_what_it_may_have_put_on_the_account(world: World) -> None:
    vended(world)
    asked(world, a_request(tags={"owner": "me"}, **WITH_CONTACT))
    error = {"Error": "States.Timeout", "Cause": ""}
    world.call("RecordFailure", request=a_request(), executionArn=OTHER_EXECUTION, error=error)
    third = EXECUTION.replace("first", "third")

    result = asked(world, a_request(tags={}), third)

    assert result["outcome"] == "ACCEPTED"
    assert result["changes"]["tags"] == ["cost-centre", "owner"]
    assert result["changes"]["contacts"] == ["billing"]


def test_what_another_requester_put_on_the_account_is_not_taken_away(world: World) -> None:
    vended(world)
    world.policy = {
        "requesters": {
            "portal": {
                "senders": [{"account": "111111111111", "source": "tests"}],
                "sources": ["existing"],
                "accountIds": ["*"],
                "organizationalUnits": ["/*"],
                "tags": {"allowed": {"*": ["*"]}},
            }
        }
    }

    result = asked(world, event(EXISTING | {"tags": {"owner": "me"}}, 1))

    assert (result["outcome"], result["changes"]) == ("ACCEPTED", None)


def named(email: str, **changes: Any) -> dict[str, Any]:
    """A document of the account that names its root user's email."""
    return EXISTING | {"account": {"accountId": ACCOUNT_ID, "email": email}} | changes


def test_email_of_an_existing_account_is_the_one_that_it_has_or_a_new_one(world: World) -> None:
    made(world)
    agreed = asked(world, named(EMAIL.upper()), EXECUTION)
    vend(world, requestId="another")
    world.later(60)

    changed = asked(world, named("new@example.com"))
    kept = world.ledger.accounts.get(ACCOUNT_ID)

    assert (agreed["outcome"], agreed["changes"]) == ("ACCEPTED", None)
    assert (changed["outcome"], changed["changes"]["email"]) == ("ACCEPTED", "new@example.com")
    assert kept is not None
    assert kept["document"]["account"]["email"] == EMAIL.upper()


def test_email_that_is_another_accounts_than_the_id_is_refused(world: World) -> None:
    made(world)

    with pytest.raises(RequestInvalid, match=f"account.email: the account {ACCOUNT_ID} has"):
        asked(world, named("typed.wrong@example.com"))


def test_requester_gives_an_account_only_the_emails_that_it_may(world: World) -> None:
    made(world)
    world.policy = {
        "requesters": {
            "portal": {
                "senders": [{"account": "111111111111", "source": "tests"}],
                "sources": ["existing"],
                "accountIds": ["*"],
                "organizationalUnits": ["/*"],
                "emails": ["aws+*@example.com"],
                "tags": {"allowed": {"*": ["*"]}},
            }
        }
    }

    agreed = asked(world, event(named(EMAIL), 1), EXECUTION)
    vend(world, requestId="portal.another")
    with pytest.raises(RequestNotAllowed, match=r"portal\.emails grants"):
        asked(world, event(named("root@example.com"), 2))
    granted = asked(world, event(named("aws+new@example.com"), 3))

    assert agreed["outcome"] == "ACCEPTED"
    assert granted["changes"]["email"] == "aws+new@example.com"


def test_account_of_an_earlier_release_has_had_its_first_revision(world: World) -> None:
    vended(world)
    world.ledger.table.delete(account_record(ACCOUNT_ID), ~IS_NEW)

    result = asked(world, a_request(tags={}))
    record = vend(world, executionArn=OTHER_EXECUTION)

    assert result["changes"]["tags"] == ["cost-centre"]
    assert record["revision"] == 2


def test_revision_is_written_once_however_often_the_step_runs(world: World) -> None:
    vended(world)
    asked(world, a_request(tags={}))

    first, second = (vend(world, executionArn=OTHER_EXECUTION) for _ in range(2))

    assert first == second
    assert first["revision"] == 2
    assert world.ledger.accounts.revision(ACCOUNT_ID, 3) is None


def test_execution_whose_request_was_taken_over_makes_no_revision(world: World) -> None:
    vended(world)
    asked(world, a_request(tags={}))
    before = world.ledger.accounts.get(ACCOUNT_ID)

    with pytest.raises(ExecutionSuperseded):
        vend(world)

    assert world.ledger.accounts.get(ACCOUNT_ID) == before


def test_acceptance_run_again_by_its_execution_says_the_same(world: World) -> None:
    vended(world)

    first, second = (asked(world, a_request(tags={})) for _ in range(2))

    assert first == second
    assert first["changes"]["tags"] == ["cost-centre"]


def test_late_event_of_a_new_request_is_remembered_as_superseded(world: World) -> None:
    administrators(world)
    vended(world, event(a_request(), 5))

    result = asked(world, event(EXISTING | {"tags": {}}, 4))

    assert (result["outcome"], result["record"]["state"]) == ("SUPERSEDED", "SUPERSEDED")
    assert world.row("another")["state"] == "SUPERSEDED"
    assert world.ledger.locks.foreign_locks("none", {"accountId": ACCOUNT_ID}) == []


def test_late_event_does_not_undo_a_newer_revision(world: World) -> None:
    administrators(world)
    vended(world, event(a_request(), 1))
    asked(world, event(a_request(tags={"owner": "me"}), 2))
    vend(world, executionArn=OTHER_EXECUTION)
    before = world.row(REQUEST_ID)

    result = asked(world, event(a_request(), 1), EXECUTION.replace("first", "third"))

    assert (result["outcome"], result["record"]["revision"]) == ("SUPERSEDED", 2)
    assert world.row(REQUEST_ID) == before


def test_account_that_was_vended_is_not_discovered_as_anybodys(world: World) -> None:
    vended(world)
    found = event(EXISTING | {"requestId": f"a-{ACCOUNT_ID}", "tags": {"found": "1"}}, 1)

    result = asked(world, found | {"source": DISCOVERED_ACCOUNTS_SOURCE})

    assert (result["outcome"], result["changes"]) == ("SUPERSEDED", None)
    known = world.ledger.accounts.get(ACCOUNT_ID)
    assert known is not None
    assert known["given"]["tags"] == ["cost-centre"]


def test_revision_that_the_account_has_left_is_superseded(world: World) -> None:
    vended(world)
    asked(world, a_request(tags={}))
    vend(world, executionArn=OTHER_EXECUTION)
    third = EXECUTION.replace("first", "third")

    result = asked(world, a_request(tags={"owner": "me"}, ifRevision=1), third)
    right = asked(world, a_request(tags={"owner": "me"}, ifRevision=2), third)

    assert (result["outcome"], right["outcome"]) == ("SUPERSEDED", "ACCEPTED")


def administrators(world: World) -> None:
    world.policy = {
        "requesters": {
            "admins": {
                "senders": [{"account": "111111111111", "source": "tests"}],
                "roles": ["administrator"],
            }
        }
    }


LIVES = itertools.count(500_000_000_000)
DELIVERIES = st.lists(st.integers(0, 5), min_size=1, max_size=7)


@given(deliveries=DELIVERIES, failures=st.sets(st.integers(0, 6)))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_newest_submission_stands_however_deliveries_are_reordered_and_repeated(
    world: World, deliveries: list[int], failures: set[int]
) -> None:
    """Each submission is an event of its own second; some of their executions fail on the way."""
    administrators(world)
    number_of_life = next(LIVES)
    request_id, account_id = f"life-{number_of_life}", f"{number_of_life:012}"
    email = f"{request_id}@example.com"
    made(world, account_id=account_id, email=email)
    world.organization.executions.clear()
    account = {"accountId": account_id}

    for number, second in enumerate(deliveries):
        detail = a_request(
            requestId=request_id,
            source="existing",
            account=account,
            tags={"submission": str(second)},
        )
        execution = EXECUTION.replace("first", f"{request_id}-{number}")
        sent = event(detail, second)
        outcome = asked(world, sent, execution)["outcome"]
        world.organization.executions[execution] = "SUCCEEDED"
        if outcome != "ACCEPTED":
            continue
        if number in failures:
            error = {"Error": "States.Timeout", "Cause": ""}
            world.call("RecordFailure", request=sent, executionArn=execution, error=error)
        else:
            vend(world, requestId=request_id, executionArn=execution, accountId=account_id)

    row = world.row(request_id)
    assert row["request"]["tags"] == {"submission": str(max(deliveries))}
    last = len(deliveries) - 1 - deliveries[::-1].index(max(deliveries))
    if last not in failures:
        known = world.ledger.accounts.get(account_id)
        assert known is not None
        assert row["state"] == "VENDED"
        assert known["document"]["tags"] == {"submission": str(max(deliveries))}
