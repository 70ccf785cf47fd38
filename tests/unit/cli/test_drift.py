"""`vend drift`: what the ledger keeps of accounts that others changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.main import main
from tests.unit.cli.fakes import FakeStack
from vending.ledger import keys

FIRST, SECOND, THIRD = "100000000001", "100000000002", "100000000003"
CHANGED = {"what": "tags", "name": "team", "how": "changed", "expected": "a", "found": "b"}


def account(stack: FakeStack, account_id: str, *differences: dict[str, str]) -> None:
    """An account's record, with its differences where it has any."""
    drift: dict[str, Any] = {"at": "2026-11-28T10:00:00.000Z", "unreported": []}
    pk = keys.account_record(account_id)
    stack.ledger.kept[pk] = {
        "pk": pk,
        "accountId": account_id,
        "state": "ACTIVE",
        "requestId": f"r-{account_id}",
        "revision": 2,
        "document": {"account": {"accountId": account_id}},
        **({"drift": {**drift, "differences": list(differences)}} if differences else {}),
    }


def test_accounts_that_have_drifted_are_shown_with_what_was_changed(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.ledger.kept[keys.ACCOUNTS_COMPARED] = {"endedAt": 1_795_860_000}
    account(stack, SECOND, CHANGED, {"what": "contacts", "name": "billing", "how": "missing"})
    account(stack, FIRST, {"what": "account.email", "how": "changed"})
    account(stack, THIRD)
    undone = {"pk": keys.retirement(THIRD), "accountId": THIRD, "state": "ACTIVE"}
    stack.ledger.kept[keys.retirement(THIRD)] = undone

    assert main(["drift"]) == 1

    out, err = capsys.readouterr()
    assert out.splitlines() == [
        f"{FIRST}  r-{FIRST}, revision 2, since 2026-11-28T10:00:00.000Z",
        "  email of the root user was changed",
        "",
        f"{SECOND}  r-{SECOND}, revision 2, since 2026-11-28T10:00:00.000Z",
        "  tag team is b, not a",
        "  contact billing is missing",
        "",
    ]
    assert err == "2 accounts have drifted (last compared 2026-11-28T10:00:00.000Z)\n"


def test_nothing_that_has_drifted_is_exit_status_zero(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    account(stack, FIRST)

    assert main(["drift"]) == 0
    assert "No comparison has been completed yet" in capsys.readouterr().err


def test_json_is_for_scripts(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    account(stack, FIRST, CHANGED)
    account(stack, SECOND, CHANGED)

    assert main(["drift", FIRST, "--json"]) == 1

    assert json.loads(capsys.readouterr().out) == {
        "comparedAt": None,
        "accounts": [
            {
                "accountId": FIRST,
                "requestId": f"r-{FIRST}",
                "revision": 2,
                "since": "2026-11-28T10:00:00.000Z",
                "differences": [CHANGED],
            }
        ],
    }


def test_account_without_a_document_is_named(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    account(stack, FIRST)

    assert main(["drift", FIRST, SECOND]) == 1
    assert f"no document of {SECOND}" in capsys.readouterr().err


def test_account_id_that_is_none_is_bad_usage(stack: FakeStack) -> None:
    assert not stack.ledger.requests
    assert main(["drift", "sandbox"]) == 2
