"""One call, one account, and a clear answer to every refusal."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
)

from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    accepted,
    an_account,
    create,
)
from tests.unit.functions.world import EXECUTION, OTHER_EXECUTION, World
from vending.errors.exceptions import (
    AccountCreationFailed,
    ConcurrentModification,
    CreationRefusedForNow,
    ExecutionSuperseded,
    OperationRefused,
    ServiceUnavailable,
    VendingError,
)
from vending.ledger.creation_pointers import CreationPointers

ENDPOINT = "https://organizations.example.com"


def test_create_account_asks_aws_once_with_the_request_id_among_the_tags(world: World) -> None:
    accepted(world)

    result = create(world, account=an_account(roleName="Admin", iamUserAccessToBilling="DENY"))

    (call,) = world.called("CreateAccount")
    assert call == {
        "Email": EMAIL,
        "AccountName": "Sandbox",
        "RoleName": "Admin",
        "IamUserAccessToBilling": "DENY",
        "Tags": [
            {"Key": "cost-centre", "Value": "4711"},
            {"Key": REQUEST_ID_TAG, "Value": REQUEST_ID},
        ],
    }
    (creation_id,) = world.organization.creations
    assert result == {
        "createAccountRequestId": creation_id,
        "state": "IN_PROGRESS",
        "accountId": None,
    }
    assert world.row(REQUEST_ID)["state"] == "CREATING"


def test_create_account_writes_its_intent_before_it_acts(world: World) -> None:
    accepted(world)

    create(world)

    order = [name for name, _ in world.calls]
    assert order.index("dynamodb:UpdateItem") < order.index("organizations:CreateAccount")


def test_create_account_run_twice_creates_once(world: World) -> None:
    accepted(world)

    first, second = create(world), create(world)

    assert first == second
    assert len(world.called("CreateAccount")) == 1


def test_create_account_announces_the_creation_again_when_it_could_not(world: World) -> None:
    accepted(world)
    world.refused_entries = 1

    with pytest.raises(ServiceUnavailable):
        create(world)
    create(world)

    assert [record["state"] for _, record in world.announced()] == ["CREATING", "CREATING"]
    assert len(world.called("CreateAccount")) == 1


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        ("TooManyRequestsException", None, CreationRefusedForNow),
        ("ConcurrentModificationException", None, CreationRefusedForNow),
        (
            "ConstraintViolationException",
            "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED",
            CreationRefusedForNow,
        ),
        ("FinalizingOrganizationException", None, CreationRefusedForNow),
        ("ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED", OperationRefused),
        ("ConstraintViolationException", "A_REASON_OF_NEXT_YEAR", OperationRefused),
        ("AccessDeniedException", None, OperationRefused),
        ("AWSOrganizationsNotInUseException", None, OperationRefused),
    ],
)
def test_create_account_refused_may_be_asked_again_without_a_look(
    world: World, code: str, reason: str | None, error: type[VendingError]
) -> None:
    accepted(world)
    world.organization.refuse("CreateAccount", code, reason)

    with pytest.raises(error) as refused:
        create(world)

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert refused.value.remedy
    assert "intent" not in world.row(REQUEST_ID)
    world.later(60)  # others create too, so the queue rests
    assert create(world)["state"] == "IN_PROGRESS"
    assert world.called("ListCreateAccountStatus") == []


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (EndpointConnectionError(endpoint_url=ENDPOINT), ServiceUnavailable),
        (NoCredentialsError(), OperationRefused),
    ],
    ids=["never connected", "no credentials"],
)
def test_create_account_that_was_never_sent_leaves_no_intent(
    world: World, failure: Exception, error: type[VendingError]
) -> None:
    accepted(world)
    world.organization.break_connection("CreateAccount", failure)

    with pytest.raises(error):
        create(world)

    assert "intent" not in world.row(REQUEST_ID)


def test_create_account_finished_in_its_first_answer_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    _answer_at_once(world, monkeypatch, State="SUCCEEDED", AccountId="000000000042")

    result = create(world)

    assert (result["state"], result["accountId"]) == ("SUCCEEDED", "000000000042")


def test_create_account_failed_in_its_first_answer_may_be_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)
    _answer_at_once(world, monkeypatch, State="FAILED", FailureReason="INVALID_ADDRESS")

    with pytest.raises(AccountCreationFailed) as failed:
        create(world)

    assert failed.value.reason == "INVALID_ADDRESS"
    assert not {"intent", "createAccountRequestId"} & world.row(REQUEST_ID).keys()


def test_create_account_of_a_request_that_has_its_account_asks_nothing(world: World) -> None:
    accepted(world)
    world.ledger.mark_account_created(REQUEST_ID, EXECUTION, account_id="000000000042")

    result = create(world)

    assert (result["state"], result["accountId"]) == ("SUCCEEDED", "000000000042")
    assert [name for name, _ in world.calls if name.startswith("organizations")] == []


@pytest.mark.parametrize("known", [True, False], ids=["taken over", "no row"])
def test_create_account_of_somebody_elses_request_creates_nothing(
    world: World, known: bool
) -> None:
    if known:
        accepted(world)

    with pytest.raises(ExecutionSuperseded) as superseded:
        create(world, executionArn=OTHER_EXECUTION)

    assert world.called("CreateAccount") == []
    assert (EXECUTION in superseded.value.message) == known


def test_intent_is_never_written_over_a_creation_that_is_known(world: World) -> None:
    accepted(world)
    create(world)
    intent = world.row(REQUEST_ID)["intent"]

    with pytest.raises(ConcurrentModification):
        world.ledger.record_intent(REQUEST_ID, EXECUTION, account_name="Sandbox", seen=intent)


def test_create_account_error_carries_code_reason_and_remedy_as_json(world: World) -> None:
    accepted(world)
    world.organization.refuse(
        "CreateAccount", "ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED"
    )

    with pytest.raises(OperationRefused) as refused:
        create(world)

    described = json.loads(str(refused.value))
    assert described.keys() == {"code", "reason", "message", "remedy", "owner", "wait"}
    assert described["reason"] == "ACCOUNT_NUMBER_LIMIT_EXCEEDED"
    assert "Service Quotas" in described["remedy"]


def _answer_at_once(world: World, monkeypatch: pytest.MonkeyPatch, **status: str) -> None:
    answer = {"CreateAccountStatus": {"Id": "car-00000042", **status}}
    monkeypatch.setitem(world.organization.answers, "CreateAccount", lambda **_: answer)


def test_creation_that_events_cannot_find_goes_on_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted(world)

    def refuse(*_: object) -> None:
        raise ConcurrentModification("no", remedy="none")

    with monkeypatch.context() as patched:
        patched.setattr(CreationPointers, "save", refuse)
        result = create(world)

    assert world.row(REQUEST_ID)["createAccountRequestId"] == result["createAccountRequestId"]
    assert world.ledger.creation_pointers.find(result["createAccountRequestId"]) is None


def test_creation_leaves_a_pointer_from_itself_to_its_request(world: World) -> None:
    accepted(world)
    creation_id = create(world)["createAccountRequestId"]

    pointer = world.ledger.creation_pointers.find(creation_id)

    assert pointer is not None
    assert (pointer.request_id, pointer.event_delay) == (REQUEST_ID, None)
