"""What the ledger's row means for a request that comes under its id: every state, every change."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.builders import a_contact
from tests.unit.functions.payloads import EMAIL, INVITED, REQUEST_ID, a_request
from tests.unit.functions.world import EXECUTION
from vending.errors.exceptions import RequestConflict
from vending.ledger.decisions import Asked, decide
from vending.ledger.item_types import AccountRecord, Row
from vending.ledger.submissions import Submission
from vending.request.account_request import parse

ACCOUNT_ID = "000000000042"
NEW = {"name": "Sandbox", "email": EMAIL}
POLICY = {"name": "NoLeaving", "type": "SERVICE_CONTROL_POLICY"}
CAN_CHANGE: dict[str, Any] = {
    "organizationalUnit": "/Elsewhere",
    "tags": {"owner": "somebody"},
    "policies": [POLICY],
    "serviceAccess": [],
    "rootAccess": [],
    "contacts": {"billing": a_contact("Billing")},
    "requestedBy": "somebody else",
}
BEGUN: dict[str, dict[str, Any]] = {
    "made": {"accountId": ACCOUNT_ID},
    "being made": {"createAccountRequestId": "car-1"},
    "asked for": {"intent": {"at": "2027-01-15T08:00:00.000Z", "accountName": "Sandbox"}},
    "asked for in vain": {"unanswered": "2027-01-15T08:00:00.000Z"},
}


def asked(**changes: Any) -> Asked:
    return Asked.of(parse(a_request(**changes)))


def a_row(state: str = "FAILED", request: dict[str, Any] | None = None, **more: Any) -> Row:
    parsed = parse(request or a_request())
    row = {
        "requestId": parsed.request_id,
        "state": state,
        "executionArn": EXECUTION,
        "request": parsed.normalised(),
        "fingerprint": parsed.fingerprint(),
        **more,
    }
    return cast(Row, {name: value for name, value in row.items() if value is not None})


def refused(row: Row, wanted: Asked, *, goes_on: bool = False) -> RequestConflict:
    with pytest.raises(RequestConflict) as conflict:
        decide(row, wanted, goes_on=goes_on)
    return conflict.value


def test_decision_where_the_id_is_new() -> None:
    assert decide(None, asked(), goes_on=False) == "new"


@pytest.mark.parametrize(
    ("state", "goes_on", "decision"),
    [
        ("REQUESTED", True, "running"),
        ("CREATING", True, "running"),
        ("BASELINING", False, "resumed"),
        ("FAILED", False, "resumed"),
        ("VENDED", False, "finished"),
        ("REJECTED", False, "new"),
    ],
)
@pytest.mark.parametrize("known", [True, False], ids=["fingerprint kept", "old row"])
def test_decision_on_the_same_content(
    state: str, goes_on: bool, decision: str, known: bool
) -> None:
    row = a_row(state) if known else a_row(state, fingerprint=None)

    assert decide(row, asked(), goes_on=goes_on) == decision


@pytest.mark.parametrize("begun", [None, *BEGUN])
@pytest.mark.parametrize("key", CAN_CHANGE)
@pytest.mark.parametrize("state", ["FAILED", "BASELINING"], ids=["failed", "stopped unheard"])
def test_what_an_account_is_given_can_be_corrected(state: str, key: str, begun: str | None) -> None:
    row = a_row(state, **(BEGUN[begun] if begun else {}))

    decision = decide(row, asked(**{key: CAN_CHANGE[key]}), goes_on=False)

    assert decision == ("resumed" if key == "requestedBy" else "corrected")


@pytest.mark.parametrize("begun", BEGUN)
@pytest.mark.parametrize(
    ("key", "changes", "stands", "wanted"),
    [
        ("account.email", {"account": NEW | {"email": "b@example.com"}}, EMAIL, "b@example.com"),
        ("account.name", {"account": NEW | {"name": "Sandpit"}}, "Sandbox", "Sandpit"),
        (
            "account.roleName",
            {"account": NEW | {"roleName": "Admin"}},
            "OrganizationAccountAccessRole",
            "Admin",
        ),
        (
            "account.iamUserAccessToBilling",
            {"account": NEW | {"iamUserAccessToBilling": "DENY"}},
            "ALLOW",
            "DENY",
        ),
        ("source", {"source": "new-govcloud"}, "new", "new-govcloud"),
    ],
)
def test_what_an_account_is_made_with_is_refused_by_name(
    begun: str, key: str, changes: dict[str, Any], stands: str, wanted: str
) -> None:
    row = a_row(**BEGUN[begun])
    if begun == "made" and key in ("account.name", "account.email"):
        assert decide(row, asked(**changes), goes_on=False) == "corrected"
        return

    refusal = refused(row, asked(**changes))

    assert f"{key} is '{stands}', and '{wanted}' was asked for" in refusal.message
    assert f"{key} '{stands}'" in refusal.remedy
    assert (ACCOUNT_ID in refusal.message) == (begun == "made")


def test_everything_that_cannot_change_is_named_at_once_and_what_can_is_not() -> None:
    account = {"name": "Sandpit", "email": "b@example.com"}

    refusal = refused(a_row(**BEGUN["being made"]), asked(account=account, tags={}))

    assert "account.email is" in refusal.message
    assert "account.name is" in refusal.message
    assert "tags" not in refusal.message


def test_email_of_an_account_that_is_there_is_changed() -> None:
    account = NEW | {"email": "b@example.com"}

    assert decide(a_row("VENDED", **BEGUN["made"]), asked(account=account), goes_on=False) == (
        "changed"
    )
    assert decide(a_row("FAILED", **BEGUN["made"]), asked(account=account), goes_on=False) == (
        "corrected"
    )
    assert (
        "account.email is" in refused(a_row(**BEGUN["being made"]), asked(account=account)).message
    )


def test_email_is_the_same_in_capitals() -> None:
    account = NEW | {"email": EMAIL.upper()}

    assert decide(a_row(**BEGUN["made"]), asked(account=account, tags={}), goes_on=False)


@pytest.mark.parametrize("state", ["FAILED", "REQUESTED", "REJECTED"])
@pytest.mark.parametrize(
    "changes",
    [
        {"account": {"name": "Sandpit", "email": "b@example.com"}},
        {"source": "existing", "account": {"accountId": INVITED}},
    ],
    ids=["another account", "another source"],
)
def test_anything_can_change_before_an_account_was_asked_for(
    state: str, changes: dict[str, Any]
) -> None:
    decision = decide(a_row(state), asked(**changes), goes_on=False)

    assert decision == ("new" if state == "REJECTED" else "corrected")


def test_role_that_is_to_accept_an_invitation_can_be_corrected() -> None:
    account = {"accountId": INVITED, "roleName": "Wrong"}
    stands = a_request(source="invited", account=account)
    row = a_row(request=stands, invitation={"at": "2027-01-15T08:00:00.000Z"})

    without = asked(source="invited", account={"accountId": INVITED})

    assert decide(row, without, goes_on=False) == "corrected"


def test_account_that_was_invited_stays() -> None:
    stands = a_request(source="invited", account={"email": EMAIL})
    row = a_row(request=stands, handshakeId="h-1")

    refusal = refused(row, asked(source="invited", account={"email": "b@example.com"}))

    assert f"account.email is '{EMAIL}'" in refusal.message
    assert refusal.remedy.endswith("For another account, use a new requestId.")


def test_another_account_can_be_invited_once_the_invitation_has_ended() -> None:
    stands = a_request(source="invited", account={"email": EMAIL})
    row = a_row(request=stands, handshakeId="h-1", error={"code": "InvitationEnded"})

    wanted = asked(source="invited", account={"email": "b@example.com"})

    assert decide(row, wanted, goes_on=False) == "corrected"


def test_account_that_was_to_be_there_can_be_invited() -> None:
    account = {"accountId": INVITED}
    row = a_row(request=a_request(source="existing", account=account), accountId=INVITED)

    assert decide(row, asked(source="invited", account=account), goes_on=False) == "corrected"


@pytest.mark.parametrize("state", ["REQUESTED", "CREATING", "BASELINING"])
def test_request_that_is_under_way_is_to_be_waited_for(state: str) -> None:
    refusal = refused(a_row(state), asked(tags={}), goes_on=True)

    assert "different content" in refusal.message
    assert EXECUTION in refusal.message
    assert refusal.remedy.startswith("Wait")


@pytest.mark.parametrize("key", CAN_CHANGE)
def test_vended_account_is_changed_under_its_id(key: str) -> None:
    row = a_row("VENDED", **BEGUN["made"])

    decision = decide(row, asked(**{key: CAN_CHANGE[key]}), goes_on=False)

    assert decision == ("finished" if key == "requestedBy" else "changed")


def test_vended_account_is_renamed() -> None:
    row = a_row("VENDED", **BEGUN["made"])

    assert decide(row, asked(account=NEW | {"name": "Sandpit"}), goes_on=False) == "changed"


@pytest.mark.parametrize("source", ["existing", "invited"])
def test_vended_account_may_be_asked_for_as_one_that_exists(source: str) -> None:
    row = a_row("VENDED", **BEGUN["made"])
    later = cast(Row, row | {"origin": row["request"]} | {"request": {"source": source}})

    as_it_exists = asked(source=source, account={"accountId": ACCOUNT_ID})

    assert decide(row, as_it_exists, goes_on=False) == "changed"
    assert decide(later, asked(tags={}), goes_on=False) == "changed"


def test_vended_account_is_no_other_one() -> None:
    row = a_row("VENDED", **BEGUN["made"])

    refusal = refused(row, asked(source="existing", account={"accountId": INVITED}))

    assert f"account.accountId is '{ACCOUNT_ID}', and '{INVITED}' was asked for" in refusal.message


def account(revision: int, document: dict[str, Any] | None = None, **more: Any) -> AccountRecord:
    content = parse(document or a_request()).normalised()
    return cast(AccountRecord, {"revision": revision, "document": content, **more})


def test_content_that_another_request_replaced_is_a_change_back() -> None:
    row = a_row("VENDED", **BEGUN["made"])
    since = account(2, a_request(tags={"owner": "another"}))

    assert decide(row, asked(), goes_on=False, account=since) == "changed"
    assert decide(row, asked(), goes_on=False, account=account(1)) == "finished"


NEWEST = {"time": "2026-11-28T10:00:05Z", "ids": ["newer"]}
OLDER = Submission(time="2026-11-28T10:00:04Z", id="older")


@pytest.mark.parametrize("state", ["VENDED", "FAILED", "REQUESTED", "CREATING"])
@pytest.mark.parametrize("goes_on", [True, False])
def test_older_submission_changes_nothing_whatever_the_newer_one_came_to(
    state: str, goes_on: bool
) -> None:
    row = a_row(state, **BEGUN["made"], orderedBy=NEWEST)

    late = Asked.of(parse(a_request(tags={})), OLDER)

    assert decide(row, late, goes_on=goes_on) == "superseded"


@pytest.mark.parametrize("state", [None, "REJECTED", "SUPERSEDED"])
def test_older_submission_for_a_known_account_is_no_new_request(state: str | None) -> None:
    row = a_row(state) if state else None

    decision = decide(
        row,
        Asked.of(parse(a_request()), OLDER),
        goes_on=False,
        account=account(2, orderedBy=NEWEST),
    )

    assert decision == "superseded"


@pytest.mark.parametrize(
    ("wanted", "decision"), [(1, "superseded"), (2, "changed"), (None, "changed")]
)
def test_revision_that_the_account_has_left_is_changed_no_more(
    wanted: int | None, decision: str
) -> None:
    row = a_row("VENDED", **BEGUN["made"])

    request = asked(tags={}, ifRevision=wanted)

    assert decide(row, request, goes_on=False, account=account(2)) == decision


@pytest.mark.parametrize("known", [None, account(2)], ids=["none", "2"])
def test_revision_that_the_account_has_not_come_to_is_a_conflict(
    known: AccountRecord | None,
) -> None:
    with pytest.raises(RequestConflict, match="ifRevision: is 3"):
        decide(None, asked(ifRevision=3), goes_on=False, account=known)


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"account": NEW}, f"account.email: '{EMAIL}'"),
        (
            {"source": "existing", "account": {"accountId": INVITED}},
            f"account.accountId: '{INVITED}'",
        ),
    ],
    ids=["email", "accountId"],
)
def test_request_without_an_id_is_answered_in_terms_of_its_account(
    changes: dict[str, Any], subject: str
) -> None:
    request = a_request(**changes)
    del request["requestId"]
    row = a_row("BASELINING", request=request, accountId=INVITED)

    refusal = refused(row, Asked.of(parse(request | {"tags": {}})), goes_on=True)

    assert refusal.message.startswith(subject)
    assert parse(request).request_id not in refusal.message + refusal.remedy


def test_request_with_an_id_is_answered_in_terms_of_it() -> None:
    refusal = refused(a_row("BASELINING", **BEGUN["made"]), asked(tags={}), goes_on=True)

    assert refusal.message.startswith(f"requestId: '{REQUEST_ID}'")


def test_old_row_that_does_not_report_what_was_asked_is_no_longer_changed() -> None:
    row = a_row(request=a_request(), accountId=ACCOUNT_ID)
    del row["request"]

    refusal = refused(row, asked(tags={}))

    assert "new requestId" in refusal.remedy


@pytest.mark.parametrize("source", ["existing", "invited"])
def test_account_that_was_recorded_may_be_asked_anything_for(source: str) -> None:
    row = a_row("VENDED", executionArn=None, fingerprint=None, accountId=INVITED)

    wanted = asked(source=source, account={"accountId": INVITED})

    assert decide(row, wanted, goes_on=False) == "new"


def test_id_of_an_account_that_was_recorded_is_for_no_other_account() -> None:
    row = a_row("VENDED", executionArn=None, fingerprint=None, accountId=INVITED)

    refusal = refused(row, asked())

    assert f"account.accountId is '{INVITED}', and none was asked for" in refusal.message
