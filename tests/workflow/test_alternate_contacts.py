"""Alternate contacts: set once the organization trusts Account Management, and read by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded import lambda_runtime
from infra.account_vending_stack import OPERATIONS
from tests.builders import a_contact, a_request
from tests.workflow.test_existing_account import an_account

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

CONTACTS = {"billing": a_contact("Billing"), "security": a_contact("Security")}


def test_new_account_gets_its_contacts_after_the_trust_that_its_request_asks_for(
    vending: Vending,
) -> None:
    request = a_request(contacts=CONTACTS)

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert vending.contacts(ended.output["accountId"]) == CONTACTS
    row = vending.row(request["requestId"])
    assert row is not None
    assert row["request"]["contacts"] == CONTACTS
    assert vending.calls("account", "PutAlternateContact") == 2
    logged = "".join(line for name in OPERATIONS for line in lambda_runtime.logs(name))
    assert "done" in logged
    for contact in CONTACTS.values():
        assert contact["email"] not in logged
        assert contact["phone"] not in logged


@pytest.mark.slow
def test_request_for_no_contacts_does_not_come_to_the_step(vending: Vending) -> None:
    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert "PutAlternateContact" not in vending.states_entered(ended.arn)


def test_contacts_without_trust_are_refused_before_there_is_an_account(vending: Vending) -> None:
    ended = vending.run(a_request(contacts=CONTACTS, serviceAccess=[]))

    assert ended.error == "RequestInvalid"
    assert "contacts: " in ended.cause["message"]
    assert vending.accounts() == []


def test_existing_account_is_refused_without_trust_until_the_request_asks_for_it(
    vending: Vending,
) -> None:
    account_id = an_account(vending)
    request = a_request(
        source="existing",
        account={"accountId": account_id},
        contacts=CONTACTS,
        serviceAccess=[],
    )

    failed = vending.run(request)
    corrected = vending.run(request | {"serviceAccess": ["account.amazonaws.com"]})

    assert failed.error == "RequestInvalid", failed
    assert "serviceAccess" in failed.cause["message"]
    assert corrected.status == "SUCCEEDED", corrected
    assert vending.contacts(account_id) == CONTACTS


def test_contact_that_somebody_changed_is_put_back_and_the_others_are_left(
    vending: Vending,
) -> None:
    account_id = vending.run(a_request(contacts=CONTACTS)).output["accountId"]
    vending.account.delete_alternate_contact(AccountId=account_id, AlternateContactType="BILLING")
    before = vending.calls("account", "PutAlternateContact")
    again = a_request(source="existing", account={"accountId": account_id}, contacts=CONTACTS)

    ended = vending.run(again)

    assert ended.status == "SUCCEEDED", ended
    assert vending.contacts(account_id) == CONTACTS
    assert vending.calls("account", "PutAlternateContact") == before + 1
