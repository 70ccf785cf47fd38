"""Rows of earlier releases, read as those of today."""

from __future__ import annotations

from typing import Any

from tests.unit.functions.payloads import REQUEST_ID, accepted
from tests.unit.functions.world import World
from vending.ledger import keys, rows
from vending.ledger.rows import SCHEMA_VERSION, record_of, row_of
from vending.ledger.table import Put

OF_VERSION_1: dict[str, Any] = {
    "pk": keys.request("old"),
    "requestId": "old",
    "state": "FAILED",
    "executionArn": "arn:aws:states:us-east-1:111111111111:execution:account-vending:old",
    "error": {"code": "Throttled", "message": "m", "remedy": "r", "turn": "retry"},
    "requestedAt": "2026-11-01T00:00:00.000Z",
    "updatedAt": "2026-11-01T00:00:00.000Z",
}
"""As the first release wrote it: without a version."""


def test_row_that_is_made_today_carries_the_version(world: World) -> None:
    accepted(world)

    assert world.row(REQUEST_ID)["schemaVersion"] == SCHEMA_VERSION


def test_row_without_a_version_is_read_as_one_of_today(world: World) -> None:
    world.ledger.table.put(Put(item=OF_VERSION_1))

    row = world.row("old")

    assert row["error"] == {"code": "Throttled", "message": "m", "remedy": "r", "owner": "retry"}
    assert {key: row[key] for key in OF_VERSION_1 if key != "error"} == {  # type: ignore[literal-required]
        key: value for key, value in OF_VERSION_1.items() if key != "error"
    }


def test_row_of_an_earlier_release_that_a_later_one_wrote_into_is_left_as_it_is() -> None:
    error = {"code": "Throttled", "message": "m", "remedy": "r", "owner": "retry"}

    assert row_of(OF_VERSION_1 | {"error": error})["error"] == error


def test_row_of_today_goes_through_no_migration() -> None:
    row = OF_VERSION_1 | {"schemaVersion": SCHEMA_VERSION}

    assert row_of(row) == row


def test_row_of_a_later_release_is_read_as_it_is() -> None:
    """After a deployment that was rolled back."""
    row = OF_VERSION_1 | {"schemaVersion": SCHEMA_VERSION + 1, "later": "x"}

    assert row_of(row) == row


def test_every_version_before_todays_has_a_migration() -> None:
    assert set(rows._MIGRATIONS) == set(range(1, SCHEMA_VERSION))


def test_version_is_nobodys_but_the_tables(world: World) -> None:
    accepted(world)

    assert record_of(world.row(REQUEST_ID)).keys().isdisjoint({"schemaVersion", "deleteAt"})
