"""`vend drift`: what the ledger keeps of accounts that others changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.aws import stack as stack_module
from cli.main import main
from vending.ledger import keys
from vending.ledger.items import to_dynamodb

TABLE = "ledger"
FIRST, SECOND, THIRD = "100000000001", "100000000002", "100000000003"
CHANGED = {"what": "tags", "name": "team", "how": "changed", "expected": "a", "found": "b"}


class Ledger:
    """A stack that has nothing but its ledger."""

    table_name = TABLE

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]

    def put(self, **item: Any) -> None:
        """Put an item as it is."""
        self.client("dynamodb").put_item(TableName=TABLE, Item=to_dynamodb(item))

    def account(self, account_id: str, *differences: dict[str, str], **more: Any) -> None:
        """An account's record, with its differences where it has any."""
        drift = {"at": "2026-11-28T10:00:00.000Z", "differences": differences, "unreported": []}
        values: dict[str, Any] = {
            "state": "ACTIVE",
            "updatedAt": "2026-11-20T10:00:00.000Z",
            "requestId": f"r-{account_id}",
            "revision": 2,
            "document": {"account": {"accountId": account_id}},
            **({"drift": {**drift, "differences": list(differences)}} if differences else {}),
        }
        self.put(pk=keys.account_record(account_id), accountId=account_id, **(values | more))


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    with mock_aws():
        made = Ledger()
        made.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"}
                for name in ("pk", "state", "updatedAt")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": keys.BY_STATE,
                    "KeySchema": [
                        {"AttributeName": "state", "KeyType": "HASH"},
                        {"AttributeName": "updatedAt", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        monkeypatch.setattr(stack_module.Stack, "from_environment", classmethod(lambda _cls: made))
        yield made


def test_accounts_that_have_drifted_are_shown_with_what_was_changed(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.put(pk=keys.ACCOUNTS_COMPARED, endedAt=1_795_860_000)
    ledger.account(SECOND, CHANGED, {"what": "contacts", "name": "billing", "how": "missing"})
    ledger.account(FIRST, {"what": "account.email", "how": "changed"})
    ledger.account(THIRD)
    ledger.put(
        pk=keys.retirement(THIRD),
        accountId=THIRD,
        state="ACTIVE",
        updatedAt="2026-11-20T10:00:00.000Z",
    )

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
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.account(FIRST)

    assert main(["drift"]) == 0
    assert "No comparison has been completed yet" in capsys.readouterr().err


def test_json_is_for_scripts(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    ledger.account(FIRST, CHANGED)
    ledger.account(SECOND, CHANGED)

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
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.account(FIRST)

    assert main(["drift", FIRST, SECOND]) == 1
    assert f"no document of {SECOND}" in capsys.readouterr().err


def test_account_id_that_is_none_is_bad_usage(ledger: Ledger) -> None:
    assert ledger.table_name
    assert main(["drift", "sandbox"]) == 2
