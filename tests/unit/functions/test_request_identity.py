"""What makes two requests ask for the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_contact
from tests.unit.functions.payloads import EMAIL, a_request
from vending.request.account_request import best_effort_request_id, parse


def test_request_id_is_derived_from_the_email_whatever_its_case() -> None:
    first = parse({"account": {"name": "a", "email": "Team@Example.com"}})
    second = parse({"account": {"name": "b", "email": "team@example.com"}})

    assert first.request_id == second.request_id
    assert first.request_id.startswith("r-")
    assert len(first.request_id) == 22
    assert "team" not in first.request_id


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"requestId": "mine"}, "mine"),
        ({"requestId": "not mine"}, None),
        ({"requestId": 7, "account": {"accountId": "000000000042"}}, "a-000000000042"),
        ({"source": "existing", "account": {"accountId": "000000000042"}}, "a-000000000042"),
        ({"source": "existing", "account": {"accountId": "42"}}, None),
        ({"source": {}, "account": {"accountId": []}}, None),
        ({"account": {"email": ""}}, None),
        ({"account": "x"}, None),
        ("text", None),
    ],
    ids=str,
)
def test_request_id_of_a_bad_request_is_what_can_be_had(raw: Any, expected: str | None) -> None:
    assert best_effort_request_id(raw) == expected


def test_request_id_of_a_bad_request_is_that_of_the_mended_one() -> None:
    bad = {"account": {"name": "x" * 51, "email": EMAIL}}
    mended = {"account": {"name": "x", "email": EMAIL}}

    assert best_effort_request_id(bad) == parse(mended).request_id


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"requestId": "other"}, True),
        ({"requestedBy": "somebody else"}, True),
        ({"account": {"name": "Sandbox", "email": EMAIL.upper()}}, True),
        ({"serviceAccess": ["ram.amazonaws.com", "guardduty.amazonaws.com"]}, True),
        ({"source": "new"}, True),
        ({"account": {"name": "Sandbox", "email": EMAIL, "roleName": "Admin"}}, False),
        ({"tags": {}}, False),
        ({"organizationalUnit": "/"}, False),
        ({"rootAccess": []}, False),
        ({"contacts": {}}, True),
        ({"contacts": {"billing": None}}, True),
        ({"contacts": {"billing": a_contact("Billing")}}, False),
    ],
    ids=str,
)
def test_fingerprint_is_that_of_what_is_asked_for(changes: dict[str, Any], same: bool) -> None:
    request = a_request(serviceAccess=["guardduty.amazonaws.com", "ram.amazonaws.com"])

    assert (parse(request).fingerprint() == parse(request | changes).fingerprint()) == same


def test_fingerprint_that_is_in_a_ledger_stays_what_it_is() -> None:
    request = {"account": {"name": "Sandbox", "email": "Team@example.com"}, "tags": {"a": "b"}}

    assert parse(request).fingerprint() == (
        "f7966b00e5656e554cd1407a205ec8425144288ca06786b68cb256905cfa53e4"
    )
