"""PutAlternateContact looks, and acts only where a contact differs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations import put_alternate_contact as step
from tests.builders import a_contact
from tests.unit.functions.payloads import EMAIL, REQUEST_ID
from tests.unit.functions.world import World
from vending.aws import clients
from vending.errors.exceptions import (
    AccessDenied,
    OperationRefused,
    ServiceUnavailable,
    Throttled,
)
from vending.organization.report import Report

TRUST = "account.amazonaws.com"
BOTH = {"billing": a_contact("Billing"), "security": a_contact("Security")}


@pytest.fixture
def account_id(world: World) -> str:
    """A member of an organization that trusts Account Management."""
    world.organization.service_access.add(TRUST)
    return world.organization.add_account(email=EMAIL)


def put(world: World, account_id: str, **contacts: Any) -> dict[str, Any]:
    result: dict[str, Any] = world.call(
        "PutAlternateContact", requestId=REQUEST_ID, accountId=account_id, contacts=contacts
    )
    return result


def contact_of(account_id: str, kind: Any) -> dict[str, Any]:
    answer = clients.account().get_alternate_contact(
        AccountId=account_id, AlternateContactType=kind
    )
    return dict(answer["AlternateContact"])


def puts(world: World) -> list[str]:
    return [call["AlternateContactType"] for call in world.called("PutAlternateContact")]


def test_contacts_that_an_account_lacks_are_put(world: World, account_id: str) -> None:
    result = put(world, account_id, **BOTH)

    assert result == {"set": ["billing", "security"], "alreadySet": []}
    assert contact_of(account_id, "BILLING") == {
        "AlternateContactType": "BILLING",
        "Name": "Billing",
        "Title": "Team",
        "EmailAddress": "billing@example.com",
        "PhoneNumber": "+1 555 0100",
    }
    assert puts(world) == ["BILLING", "SECURITY"]


def test_contacts_put_twice_are_put_once(world: World, account_id: str) -> None:
    put(world, account_id, **BOTH)
    world.calls.clear()

    second = put(world, account_id, **BOTH)

    assert second == {"set": [], "alreadySet": ["billing", "security"]}
    assert puts(world) == []


@pytest.mark.parametrize("key", ["name", "title", "email", "phone"])
def test_contact_that_differs_in_one_text_alone_is_put(
    world: World, account_id: str, key: str
) -> None:
    put(world, account_id, **BOTH)
    world.calls.clear()
    other = {"name": "Others", "title": "Chief", "email": "o@example.com", "phone": "0"}

    result = put(world, account_id, **{**BOTH, "billing": BOTH["billing"] | {key: other[key]}})

    assert result == {"set": ["billing"], "alreadySet": ["security"]}
    assert puts(world) == ["BILLING"]


def test_contact_with_spaces_around_it_is_the_contact_without(
    world: World, account_id: str
) -> None:
    put(world, account_id, **BOTH)
    world.calls.clear()
    spaced = {key: f" {text} " for key, text in BOTH["billing"].items()}

    result = put(world, account_id, billing=spaced)

    assert result == {"set": [], "alreadySet": ["billing"]}


def test_contact_that_is_not_asked_for_stays(world: World, account_id: str) -> None:
    put(world, account_id, **BOTH)

    put(world, account_id, operations=a_contact("Operations"))

    assert contact_of(account_id, "SECURITY")["Name"] == "Security"


def test_put_whose_answer_is_lost_is_found_when_it_is_run_again(
    world: World, account_id: str
) -> None:
    world.organization.lose_answer("PutAlternateContact")
    with pytest.raises(ServiceUnavailable):
        put(world, account_id, **BOTH)

    again = put(world, account_id, **BOTH)

    assert again == {"set": ["security"], "alreadySet": ["billing"]}


@pytest.mark.parametrize("operation", ["GetAlternateContact", "PutAlternateContact"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyRequestsException", Throttled),
        ("InternalServerException", ServiceUnavailable),
        ("AccessDeniedException", AccessDenied),
        ("ValidationException", OperationRefused),
    ],
)
def test_errors_of_account_management_are_distinguished(
    world: World, account_id: str, operation: str, code: str, kind: type[Exception]
) -> None:
    world.organization.refuse(operation, code)

    with pytest.raises(kind) as refused:
        put(world, account_id, **BOTH)

    assert type(refused.value) is kind
    assert json.loads(str(refused.value))["code"] == code


def test_denial_without_trusted_access_says_how_to_get_it(world: World, account_id: str) -> None:
    world.organization.service_access.discard(TRUST)

    with pytest.raises(AccessDenied) as refused:
        put(world, account_id, **BOTH)

    error = json.loads(str(refused.value))
    assert "list that in the request's serviceAccess" in error["remedy"]
    assert "account:GetAlternateContact" in error["remedy"]


def test_message_that_may_quote_a_contact_is_left_out(world: World, account_id: str) -> None:
    world.organization.refuse(
        "PutAlternateContact",
        "ValidationException",
        "fieldValidationFailed",
        message="+1 555 0100 is no number",
    )

    with pytest.raises(OperationRefused) as refused:
        put(world, account_id, **BOTH)

    error = json.loads(str(refused.value))
    assert "555" not in str(refused.value)
    assert error["message"] == (
        "PutAlternateContact: AWS Account Management did not accept a contact."
    )
    assert "contacts" in error["remedy"]


def test_contacts_stay_out_of_logs_and_results(
    world: World, account_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.organization.refuse("PutAlternateContact", "ValidationException")
    with pytest.raises(OperationRefused):
        put(world, account_id, **BOTH)

    result = put(world, account_id, **BOTH)

    logged = caplog.text
    assert "done" in logged
    for text in ("billing@example.com", "+1 555 0100", "Team"):
        assert text not in logged
        assert text not in json.dumps(result)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"set": ["billing", "security"], "alreadySet": []}, "billing, security"),
        ({"set": [], "alreadySet": ["billing"]}, "already set"),
    ],
)
def test_progress_names_the_kinds_alone(result: dict[str, list[str]], expected: str) -> None:

    assert step.progress(result) == expected


def test_plan_and_result_name_the_kinds_alone() -> None:

    report = Report()
    step.report({"set": ["billing"], "alreadySet": ["security"]}, report)

    assert (report.changes, report.already_there) == (["billing contact"], ["security contact"])
    assert step.summary({"request": {"contacts": BOTH}}) == ("contacts", "billing, security")
    assert step.summary({"request": {}}) == ("contacts", "")
