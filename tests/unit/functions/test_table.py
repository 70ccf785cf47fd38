"""The table: items as they were written, and what stands in the way of a write."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr

from tests.unit.functions.world import World
from vending.errors.exceptions import ConcurrentModification
from vending.ledger import keys
from vending.ledger.rows import record_of
from vending.ledger.table import IS_NEW, ConditionFailed, Put, Table, Update, as_expected

PK = keys.request("r-1")


@pytest.fixture
def table(world: World) -> Table:
    return world.ledger.table


def test_item_reads_back_as_it_was_written(table: Table) -> None:
    item: dict[str, Any] = {
        "pk": PK,
        "text": "",
        "whole": 3,
        "fraction": Decimal("0.1"),
        "nested": {"list": [1, {"yes": True}], "none": None},
        "bytes": b"\x00\x01",
    }

    table.put(Put(item=item))

    assert table.get(PK, consistent=True) == item
    assert table.get(keys.request("another")) is None


def test_write_whose_condition_fails_shows_what_is_there(table: Table) -> None:
    table.put(Put(item={"pk": PK, "owner": "first"}))
    second = {"pk": PK, "owner": "second"}

    with pytest.raises(ConditionFailed) as put:
        table.put(Put(item=second, condition=IS_NEW))
    with pytest.raises(ConditionFailed) as unseen:
        table.put(Put(item=second, condition=IS_NEW, returns_found=False))
    with pytest.raises(ConditionFailed) as update:
        table.update(
            Update(pk=PK, values={"a": 1}, condition=as_expected({"owner": None, "a": None}))
        )

    assert put.value.found == update.value.found == {"pk": PK, "owner": "first"}
    assert unseen.value.found is None
    assert isinstance(put.value.refusal, ConcurrentModification)
    assert put.value.refusal.code == "ConditionalCheckFailedException"


def test_update_sets_and_removes_and_leaves_what_is_none(table: Table) -> None:
    table.put(Put(item={"pk": PK, "kept": 1, "changed": 1, "removed": 1}))
    update = Update(
        pk=PK,
        values={"kept": None, "changed": 2, "new": "x"},
        remove=["removed"],
        condition=as_expected({"changed": 1, "new": None}),
    )

    after = table.update(update)

    assert after == {"pk": PK, "kept": 1, "changed": 2, "new": "x"} == table.get(PK)


def test_delete_shows_whether_its_condition_held(table: Table) -> None:
    table.put(Put(item={"pk": PK, "owner": "first"}))

    assert not table.delete(PK, Attr("owner").eq("second"))
    assert table.get(PK)
    assert table.delete(PK, Attr("owner").eq("first"))
    assert table.get(PK) is None


def test_transaction_is_made_as_a_whole_or_says_by_name_what_stood_in_its_way(
    table: Table,
) -> None:
    lock = keys.account_lock("111122223333")
    table.put(Put(item={"pk": lock, "owner": "first"}))
    writes = {
        "claim": Put(item={"pk": PK}, condition=IS_NEW),
        "lock": Put(item={"pk": lock, "owner": "second"}, condition=IS_NEW),
    }

    cancelled = table.transact(writes)

    assert list(cancelled) == ["lock"]
    assert cancelled["lock"].code == "ConditionalCheckFailed"
    assert cancelled["lock"].found == {"pk": lock, "owner": "first"}
    assert table.get(PK) is None

    table.delete(lock, Attr("owner").eq("first"))

    assert table.transact(writes) == {}
    assert table.get(PK) == {"pk": PK}


def test_rows_of_a_state_come_oldest_first_and_from_a_moment_on(table: Table) -> None:
    for number, state in enumerate(("VENDED", "FAILED", "VENDED", "VENDED")):
        at = f"2026-01-0{9 - number}"
        table.put(Put(item={"pk": keys.request(str(number)), "state": state, "updatedAt": at}))

    found = [item["updatedAt"] for item in table.query_by_state("VENDED")]
    recent = [item["updatedAt"] for item in table.query_by_state("VENDED", since="2026-01-07")]

    assert found == ["2026-01-06", "2026-01-07", "2026-01-09"]
    assert recent == ["2026-01-07", "2026-01-09"]


def test_keys_name_no_email() -> None:
    email = "Owner@example.com"

    assert email.lower() not in (keys.email_lock(email) + keys.invited(email)).lower()
    assert keys.email_lock(email) == keys.email_lock(email.lower())
    assert keys.invited("111122223333") == "invited#111122223333"


def test_error_of_a_row_that_an_earlier_version_wrote_has_its_keys_of_today(world: World) -> None:
    stored = {"code": "Throttled", "turn": "retry", "wait": 5}
    row = {"pk": PK, "requestId": "r-1", "state": "FAILED", "updatedAt": "2026", "error": stored}
    world.ledger.table.put(Put(item=row))

    assert record_of(world.row("r-1"))["error"] == {
        "code": "Throttled",
        "owner": "retry",
        "wait": 5,
    }
    assert record_of(next(world.ledger.query_by_state("FAILED")))["error"]["owner"] == "retry"
