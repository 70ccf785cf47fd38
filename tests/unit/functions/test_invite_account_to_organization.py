"""One invitation a request, however often the step runs and whatever AWS answers."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, NoCredentialsError

from tests.unit.functions.payloads import (
    EMAIL,
    INVITED,
    REQUEST_ID,
    REQUEST_ID_TAG,
    a_request,
    accepted,
    invite,
    invited,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    ConcurrentModification,
    ExecutionSuperseded,
    OperationRefused,
    OrganizationFinalizing,
    ServiceUnavailable,
    Throttled,
    VendingError,
)

ENDPOINT = "https://organizations.example.com"
BY_ID = {"Type": "ACCOUNT", "Id": INVITED}
PENDING = "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"


@pytest.mark.parametrize(
    ("account", "target"),
    [({"accountId": INVITED}, BY_ID), ({"email": EMAIL}, {"Type": "EMAIL", "Id": EMAIL})],
    ids=["id", "email"],
)
def test_invitation_names_the_account_the_request_and_the_tags(
    world: World, account: dict[str, str], target: dict[str, str]
) -> None:
    result = invited(world, **account)

    (call,) = world.called("InviteAccountToOrganization")
    (handshake_id,) = world.organization.handshakes
    assert call["Target"] == target
    assert REQUEST_ID in call["Notes"]
    assert {"Key": REQUEST_ID_TAG, "Value": REQUEST_ID} in call["Tags"]
    assert {"Key": "cost-centre", "Value": "4711"} in call["Tags"]
    assert result == {
        "state": "OPEN",
        "handshakeId": handshake_id,
        "expiresAt": "2027-01-30T08:00:00.000Z",
        "accountId": None,
    }


def test_invitation_is_in_the_record_with_what_its_owner_is_to_do(world: World) -> None:
    handshake_id = invited(world)["handshakeId"]

    detail_type, record = world.announced()[-1]
    assert detail_type == "AccountVendingStateChanged"
    assert (record["state"], record["handshakeId"]) == ("INVITED", handshake_id)
    assert record["expiresAt"] == "2027-01-30T08:00:00.000Z"
    (step,) = record["nextSteps"]
    assert step.endswith(f"aws organizations accept-handshake --handshake-id {handshake_id}")
    assert not {"invitation", "taskToken"} & record.keys()


def test_invitation_that_a_role_accepts_leaves_its_owner_nothing_to_do(world: World) -> None:
    invited(world, accountId=INVITED, roleName="Admin")

    assert world.announced()[-1][1]["nextSteps"] is None


def test_invitation_writes_its_intent_before_it_is_sent(world: World) -> None:
    invited(world)

    order = [name for name, _ in world.calls]
    assert order.index("dynamodb:UpdateItem") < order.index(
        "organizations:InviteAccountToOrganization"
    )


def test_invitation_run_twice_is_sent_once(world: World) -> None:
    first = invited(world)

    assert invite(world) == first
    assert len(world.called("InviteAccountToOrganization")) == 1


@pytest.mark.parametrize("state", ["ACCEPTED", "DECLINED"])
def test_invitation_run_twice_keeps_what_was_answered_in_between(world: World, state: str) -> None:
    first = invited(world)
    world.organization.end_invitation(first["handshakeId"], state)

    again = invite(world)

    assert (again["handshakeId"], again["state"]) == (first["handshakeId"], state)
    assert len(world.called("InviteAccountToOrganization")) == 1


@pytest.mark.parametrize("account", [{"accountId": INVITED}, {"email": EMAIL}], ids=["id", "email"])
def test_lost_answer_is_looked_for_and_adopted(world: World, account: dict[str, str]) -> None:
    world.organization.lose_answer("InviteAccountToOrganization")

    with pytest.raises(ServiceUnavailable, match="InviteAccountToOrganization"):
        invited(world, **account)
    result = invite(world, **account)

    (handshake_id,) = world.organization.handshakes
    assert result["handshakeId"] == handshake_id
    assert len(world.called("InviteAccountToOrganization")) == 1


def test_lost_answer_is_adopted_though_it_was_declined_meanwhile(world: World) -> None:
    world.organization.lose_answer("InviteAccountToOrganization")
    with pytest.raises(ServiceUnavailable):
        invited(world)
    (handshake_id,) = world.organization.handshakes
    world.organization.end_invitation(handshake_id, "DECLINED")

    assert invite(world)["state"] == "DECLINED"
    assert len(world.called("InviteAccountToOrganization")) == 1


def test_invitation_that_was_never_sent_is_sent_once_it_would_show(world: World) -> None:
    world.organization.break_connection(
        "InviteAccountToOrganization", ConnectionClosedError(endpoint_url=ENDPOINT)
    )
    with pytest.raises(ServiceUnavailable):
        invited(world)
    with pytest.raises(ServiceUnavailable, match="may not be visible yet"):
        invite(world)
    world.later(61)

    assert invite(world)["state"] == "OPEN"
    assert len(world.called("InviteAccountToOrganization")) == 2


def test_invitation_of_long_ago_is_not_taken_for_the_lost_one(world: World) -> None:
    old = world.organization.add_invitation(BY_ID)
    old["State"] = "DECLINED"
    world.later(3600)
    world.organization.break_connection(
        "InviteAccountToOrganization", ConnectionClosedError(endpoint_url=ENDPOINT)
    )
    with pytest.raises(ServiceUnavailable):
        invited(world)
    world.later(61)

    assert invite(world)["handshakeId"] != old["Id"]


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (EndpointConnectionError(endpoint_url=ENDPOINT), ServiceUnavailable),
        (NoCredentialsError(), OperationRefused),
    ],
    ids=["never connected", "no credentials"],
)
def test_invitation_that_was_definitely_not_sent_leaves_no_intent(
    world: World, failure: Exception, error: type[VendingError]
) -> None:
    world.organization.break_connection("InviteAccountToOrganization", failure)

    with pytest.raises(error):
        invited(world)

    assert "invitation" not in world.row(REQUEST_ID)
    assert invite(world)["state"] == "OPEN"


def test_answer_without_a_handshake_is_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(world.organization.answers, "InviteAccountToOrganization", lambda **_: {})
        with pytest.raises(ServiceUnavailable):
            invited(world)

    assert "invitation" in world.row(REQUEST_ID)


def test_open_invitation_is_adopted(world: World) -> None:
    there = world.organization.add_invitation(BY_ID, "by somebody")

    result = invited(world)

    assert (result["handshakeId"], result["state"]) == (there["Id"], "OPEN")
    assert "invitation" not in world.row(REQUEST_ID)  # not this request's to take back


def test_open_invitation_that_does_not_show_is_waited_for(world: World) -> None:
    world.organization.refuse("InviteAccountToOrganization", "DuplicateHandshakeException")

    with pytest.raises(ConcurrentModification) as refused:
        invited(world)

    assert refused.value.code == "DuplicateHandshakeException"
    assert "cancel it" in refused.value.remedy


def refused_as_duplicate(world: World, account: dict[str, str]) -> VendingError:
    """The error of an account's invitation that AWS refuses because another one is open."""
    world.organization.refuse("InviteAccountToOrganization", "DuplicateHandshakeException")
    with pytest.raises(VendingError) as refused:
        (invite if world.ledger.get(REQUEST_ID) else invited)(world, **account)
    return refused.value


@pytest.mark.parametrize(
    ("account", "other"),
    [({"accountId": INVITED}, {"Type": "EMAIL", "Id": EMAIL}), ({"email": EMAIL}, BY_ID)],
    ids=["id", "email"],
)
def test_open_invitation_under_the_other_name_is_named_once_it_is_no_matter_of_time(
    world: World, account: dict[str, str], other: dict[str, str]
) -> None:
    there = world.organization.add_invitation(other)

    first = refused_as_duplicate(world, account)
    world.later(59)
    second = refused_as_duplicate(world, account)
    world.later(1)
    third = refused_as_duplicate(world, account)

    assert isinstance(first, ConcurrentModification)
    assert isinstance(second, ConcurrentModification)
    assert (type(third), third.code) == (OperationRefused, "InvitationUnderOtherName")
    assert f"cancel-handshake --handshake-id {there['Id']}" in third.remedy
    assert there["State"] == "OPEN"


def test_open_invitations_under_other_names_are_named(world: World) -> None:
    sent = [
        world.organization.add_invitation({"Type": "EMAIL", "Id": f"m{number}@example.com"})["Id"]
        for number in range(12)
    ]
    refused_as_duplicate(world, {"accountId": INVITED})
    world.later(60)

    error = refused_as_duplicate(world, {"accountId": INVITED})

    assert all(one in error.remedy for one in sent[:10])
    assert "and 2 more" in error.remedy
    assert "cancel-handshake --handshake-id HANDSHAKE_ID" in error.remedy


def test_each_execution_waits_for_the_open_invitation_to_show(world: World) -> None:
    world.organization.add_invitation({"Type": "EMAIL", "Id": EMAIL})
    refused_as_duplicate(world, {"accountId": INVITED})
    world.ledger.mark_failed(REQUEST_ID, EXECUTION, state="FAILED", error={"code": "Somehow"})
    world.later(3600)
    again = a_request(source="invited", account={"accountId": INVITED})
    world.call("AcceptRequest", request=again, executionArn=OTHER_EXECUTION)
    world.organization.refuse("InviteAccountToOrganization", "DuplicateHandshakeException")

    with pytest.raises(ConcurrentModification):
        invite(world, OTHER_EXECUTION)


def test_open_invitation_that_shows_nowhere_is_waited_for_to_the_end(world: World) -> None:
    ended = world.organization.add_invitation({"Type": "EMAIL", "Id": EMAIL})
    ended["State"] = "DECLINED"
    refused_as_duplicate(world, {"accountId": INVITED})
    world.later(3600)

    assert isinstance(refused_as_duplicate(world, {"accountId": INVITED}), ConcurrentModification)


def test_open_invitation_is_adopted_while_all_features_are_pending(world: World) -> None:
    there = world.organization.add_invitation(BY_ID)
    refusal = ("HandshakeConstraintViolationException", PENDING)
    world.organization.refuse("InviteAccountToOrganization", *refusal)

    assert invited(world)["handshakeId"] == there["Id"]


@pytest.mark.parametrize("reason", ["ALREADY_IN_AN_ORGANIZATION", PENDING])
@pytest.mark.parametrize("account", [{"accountId": INVITED}, {"email": EMAIL}], ids=["id", "email"])
def test_member_is_not_invited(world: World, account: dict[str, str], reason: str) -> None:
    world.organization.add_account(email=EMAIL, account_id=INVITED)
    refusal = ("HandshakeConstraintViolationException", reason)
    world.organization.refuse("InviteAccountToOrganization", *refusal)

    result = invited(world, **account)

    assert result == {
        "state": "MEMBER",
        "handshakeId": None,
        "expiresAt": None,
        "accountId": INVITED,
    }


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        ("HandshakeConstraintViolationException", "ALREADY_IN_AN_ORGANIZATION", OperationRefused),
        (
            "HandshakeConstraintViolationException",
            "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
            OperationRefused,
        ),
        (
            "HandshakeConstraintViolationException",
            "HANDSHAKE_RATE_LIMIT_EXCEEDED",
            OperationRefused,
        ),
        ("HandshakeConstraintViolationException", "A_REASON_OF_NEXT_YEAR", OperationRefused),
        ("AccountOwnerNotVerifiedException", None, OperationRefused),
        ("FinalizingOrganizationException", None, OrganizationFinalizing),
        ("TooManyRequestsException", None, Throttled),
        ("ConcurrentModificationException", None, ConcurrentModification),
    ],
)
def test_refusal_is_reported_with_its_reason_and_leaves_no_intent(
    world: World, code: str, reason: str | None, error: type[VendingError]
) -> None:
    world.organization.refuse("InviteAccountToOrganization", code, reason)

    with pytest.raises(error) as refused:
        invited(world)

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert refused.value.remedy
    assert "invitation" not in world.row(REQUEST_ID)


@pytest.mark.parametrize(
    ("ended", "invitations"), [("DECLINED", 2), ("EXPIRED", 2), ("CANCELED", 2), ("OPEN", 1)]
)
def test_resubmission_invites_again_unless_the_invitation_is_open(
    world: World, ended: str, invitations: int
) -> None:
    first = invited(world)["handshakeId"]
    world.organization.handshakes[first]["State"] = ended
    world.ledger.mark_failed(
        REQUEST_ID, EXECUTION, state="FAILED", error={"code": "InvitationEnded"}
    )
    again = a_request(source="invited", account={"accountId": INVITED})
    world.call("AcceptRequest", request=again, executionArn=OTHER_EXECUTION)

    result = invite(world, OTHER_EXECUTION)

    assert len(world.called("InviteAccountToOrganization")) == invitations
    assert (result["handshakeId"] == first) == (ended == "OPEN")


def test_invitation_of_a_request_taken_over_stops(world: World) -> None:
    accepted(world, a_request(source="invited", account={"accountId": INVITED}))

    with pytest.raises(ExecutionSuperseded):
        invite(world, OTHER_EXECUTION)

    assert world.called("InviteAccountToOrganization") == []


def test_search_for_a_member_by_email_respects_the_rate(world: World) -> None:
    for number in range(400):
        world.organization.add_account(email=f"m{number}@example.com")
    world.organization.add_account(email="guest@example.com")
    world.organization.refuse(
        "InviteAccountToOrganization",
        "HandshakeConstraintViolationException",
        "ALREADY_IN_AN_ORGANIZATION",
    )
    began = world.now

    result = invited(world, email="guest@example.com")

    assert result["state"] == "MEMBER"
    pages = len(world.called("ListAccounts"))
    assert 200 < pages <= 12 + 8 * (world.now - began)
