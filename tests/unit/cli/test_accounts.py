"""The inventory: accounts, each once, from whatever the ledger has of them."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.aws import stack as stack_module
from cli.commands.accounts import age
from cli.main import main
from tests.unit.cli.fakes import FakeStack, a_record

FIRST, SECOND, THIRD = "123456789012", "222222222222", "333333333333"


@pytest.fixture
def stack(stack: FakeStack) -> FakeStack:
    """The stack that the command finds, with three accounts: changed, recorded, and closed."""
    stack.put(a_record(requestedBy="payments", accountId=FIRST))
    put_record(stack, FIRST, revision=2)
    recorded = a_record(
        request_id=f"a-{SECOND}", accountId=SECOND, accountName="By hand", executionArn=None
    )
    recorded["request"] = {"account": {"accountId": SECOND}, "source": "existing"}
    stack.put(recorded)
    stack.ledger.kept[f"retirement#{THIRD}"] = {
        "pk": f"retirement#{THIRD}",
        "accountId": THIRD,
        "accountName": "Over",
        "state": "CLOSED",
        "sender": {"requester": "administrator"},
        "requestedAt": "2026-11-01T00:00:00.000Z",
        "updatedAt": "2026-11-21T00:00:00.000Z",
    }
    return stack


def put_record(stack: FakeStack, account_id: str, *, revision: int, **changes: Any) -> None:
    """An account's record, and all of its revisions."""
    request = a_record()["request"]
    for number in range(1, revision + 1):
        stack.ledger.kept[f"revision#{account_id}#{number}"] = {
            "pk": f"revision#{account_id}#{number}",
            "accountId": account_id,
            "revision": number,
            "document": request,
            "changes": ["tag team changed"] if number > 1 else [],
            "requestId": "r-sandbox",
            "requestedBy": f"person {number}",
            "at": f"2026-11-2{number}T12:00:00.000Z",
        }
    stack.ledger.kept[f"record#{account_id}"] = {
        "pk": f"record#{account_id}",
        "accountId": account_id,
        "state": "ACTIVE",
        "revision": revision,
        "document": request,
        "requestId": "r-sandbox",
        "given": {},
        "updatedAt": "2026-11-22T12:00:00.000Z",
        **changes,
    }


def listed(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["accounts", "--json", *words]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_accounts_are_listed_once_whichever_way_they_came(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    changed, recorded, closed = listed(capsys)

    assert changed == {
        "accountId": FIRST,
        "name": "Sandbox",
        "state": "ACTIVE",
        "organizationalUnit": "/Workloads/Sandbox",
        "owner": "payments",
        "revision": 2,
        "drift": 0,
        "requestedAt": "2026-11-20T12:00:00.000Z",
        "updatedAt": "2026-11-22T12:00:00.000Z",
        "requestId": "r-sandbox",
    }
    assert (recorded["name"], recorded["state"], recorded["revision"]) == (
        "By hand",
        "ACTIVE",
        None,
    )
    assert (closed["name"], closed["state"], closed["owner"]) == ("Over", "CLOSED", "administrator")


def test_change_that_is_under_way_leaves_its_account_in_the_list(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.put(a_record("BASELINING", requestedBy="payments", accountId=FIRST))

    (account,) = listed(capsys, "--name", "sand*")

    assert (account["accountId"], account["owner"], account["revision"]) == (FIRST, "payments", 2)


def test_account_that_came_back_after_it_had_departed_is_active(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    put_record(stack, THIRD, revision=1, updatedAt="2026-11-22T00:00:00.000Z")

    assert [one["state"] for one in listed(capsys)] == ["ACTIVE"] * 3


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--state", "closed"], [THIRD]),
        (["--ou", "/Workloads"], [FIRST]),
        (["--ou", "/Work"], []),
        (["--ou", "/Workloads/Sandbox/Deep"], []),
        (["--ou", "/"], [FIRST]),
        (["--owner", "PAY*"], [FIRST]),
        (["--name", "*a*"], [FIRST, SECOND]),
        (["--owner", "payments", "--state", "CLOSED"], []),
    ],
    ids=str,
)
def test_accounts_are_filtered(
    words: list[str],
    expected: list[str],
    stack: FakeStack,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert [one["accountId"] for one in listed(capsys, *words)] == expected


@pytest.mark.parametrize(
    "words", [["--state", "GONE"], ["--ou", "Workloads"], ["--csv", "--json"]], ids=str
)
def test_filter_that_can_mean_nothing_is_refused(
    words: list[str], stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accounts", *words]) == 2


def test_accounts_are_a_table_or_csv(stack: FakeStack, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts"]) == 0
    header, first, *_ = capsys.readouterr().out.splitlines()
    assert main(["accounts", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))

    assert header.split() == [
        *("ACCOUNT", "NAME", "STATE", "ORGANIZATIONAL", "UNIT", "OWNER", "REV", "DRIFT", "AGE")
    ]
    assert first.split()[:6] == [FIRST, "Sandbox", "ACTIVE", "/Workloads/Sandbox", "payments", "2"]
    assert [row["accountId"] for row in rows] == [FIRST, SECOND, THIRD]
    assert rows[1]["organizationalUnit"] == ""


def test_account_that_others_have_changed_is_marked(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    differences = [{"what": "tags", "name": "team", "how": "missing"}]
    drift = {"at": "2026-11-23T00:00:00.000Z", "differences": differences}
    put_record(stack, FIRST, revision=1, drift=drift)

    (drifted,) = listed(capsys, "--drifted")
    assert main(["status", FIRST]) == 0
    out = capsys.readouterr().out

    assert (drifted["accountId"], drifted["drift"]) == (FIRST, 1)
    assert f"Next  vend drift {FIRST}" in out


def test_no_account_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = FakeStack()
    monkeypatch.setattr(stack_module.Stack, "from_environment", classmethod(lambda _cls: empty))

    assert main(["accounts"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "The ledger has no account yet\n")


def test_status_of_an_account_is_the_history_of_its_revisions(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", FIRST]) == 0
    out = capsys.readouterr().out
    assert main(["status", FIRST, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)

    assert out.startswith(f"ACTIVE  Sandbox  {FIRST}")
    assert out.index("Revision 2  2026-11-22 12:00 UTC  by person 2") < out.index("Revision 1")
    assert "  tag team changed" in out
    assert [one["revision"] for one in shown["revisions"]] == [2, 1]
    assert shown["retirement"] is None


@pytest.mark.parametrize("request_id", [f"a-{SECOND}", "r-other"])
def test_status_of_an_account_of_an_earlier_release_has_its_first_revision(
    request_id: str, stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    del stack.ledger.requests[f"a-{SECOND}"]
    stack.put(a_record(request_id=request_id, accountId=SECOND, requestedBy="payments"))

    assert main(["status", SECOND, "--json"]) == 0
    (first,) = json.loads(capsys.readouterr().out)["revisions"]

    assert (first["revision"], first["requestedBy"]) == (1, "payments")


def test_status_of_an_account_without_requests_says_so(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", THIRD]) == 0
    out = capsys.readouterr().out

    assert "No request was carried out for this account" in out
    assert "Retirement" in out


def test_status_of_an_unknown_account_points_to_the_lists(
    stack: FakeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "999999999999"]) == 1
    err = capsys.readouterr().err
    assert "vend accounts" in err


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-11-29T11:59:30.000Z", "0m"),
        ("2026-11-29T11:01:00.000Z", "59m"),
        ("2026-11-28T12:30:00.000Z", "23h"),
        ("2026-11-01T12:00:00.000Z", "28d"),
        ("2026-11-29T12:00:09.000Z", "0m"),
        (None, "-"),
    ],
)
def test_age_is_said_in_one_unit(since: str | None, expected: str) -> None:
    assert age(since, datetime(2026, 11, 29, 12, tzinfo=UTC)) == expected
