"""DeleteAlternateContact: contacts that a request before set go, those of others stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_contact
from tests.unit.functions.payloads import ACCOUNT_ID, REQUEST_ID, made
from tests.unit.functions.world import World
from vending.aws import clients
from vending.errors.exceptions import VendingError


@pytest.fixture
def reached(world: World) -> World:
    """An account with a billing and a security contact."""
    made(world)
    clients.organizations().enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    contacts = {name: a_contact(name.capitalize()) for name in ("billing", "security")}
    world.call("PutAlternateContact", requestId=REQUEST_ID, accountId=ACCOUNT_ID, contacts=contacts)
    world.calls.clear()
    return world


def delete(world: World, **changes: Any) -> Any:
    payload: dict[str, Any] = {
        "requestId": REQUEST_ID,
        "accountId": ACCOUNT_ID,
        "given": ["billing", "operations"],
        "wanted": [],
    }
    return world.call("DeleteAlternateContact", **(payload | changes))


def contacts(world: World) -> set[str]:
    account, found = clients.account(), set()
    for kind in ("BILLING", "OPERATIONS", "SECURITY"):
        try:
            account.get_alternate_contact(AccountId=ACCOUNT_ID, AlternateContactType=kind)
        except account.exceptions.ResourceNotFoundException:
            continue
        found.add(kind)
    world.calls.clear()
    return found


def test_delete_alternate_contact_deletes_what_was_set_before(reached: World) -> None:
    first, second = delete(reached), delete(reached)

    assert (first, second) == ({"deleted": ["billing"]}, {"deleted": []})
    assert contacts(reached) == {"SECURITY"}


def test_delete_alternate_contact_without_anything_to_delete_calls_nothing(world: World) -> None:
    assert delete(world, given=[]) == {"deleted": []}
    assert world.calls == []


def test_contact_that_aws_does_not_delete_is_not_called_deleted(reached: World) -> None:
    reached.organization.refuse("DeleteAlternateContact", "ResourceNotFoundException")

    with pytest.raises(VendingError):
        delete(reached)

    assert contacts(reached) == {"BILLING", "SECURITY"}


def test_contact_that_somebody_deleted_meanwhile_is_passed_over(reached: World) -> None:
    def by_hand() -> None:
        clients.account().delete_alternate_contact(
            AccountId=ACCOUNT_ID, AlternateContactType="BILLING"
        )

    reached.organization.before("DeleteAlternateContact", by_hand)

    assert delete(reached) == {"deleted": []}
    assert contacts(reached) == {"SECURITY"}


def test_authoritative_request_deletes_every_contact_that_it_does_not_name(
    reached: World,
) -> None:
    deleted = delete(reached, given=[], wanted=["billing"], authoritative=True)

    assert deleted == {"deleted": ["security"]}
    assert contacts(reached) == {"BILLING"}
