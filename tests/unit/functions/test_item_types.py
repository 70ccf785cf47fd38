from __future__ import annotations

import ast
from pathlib import Path

import pytest

from vending.ledger import item_types, rows
from vending.retirement import rows as retirement_rows

FUNCTIONS = Path(__file__).resolve().parents[3] / "functions"


@pytest.mark.parametrize(
    ("fields", "record"),
    [
        (rows.RECORD_FIELDS, item_types.Record),
        (retirement_rows.RECORD_FIELDS, item_types.RetirementRecord),
    ],
)
def test_record_has_the_fields_of_its_type(fields: tuple[str, ...], record: type) -> None:
    assert fields == tuple(record.__annotations__)


def test_types_of_items_are_imported_when_types_are_checked_alone() -> None:
    imported_at_run_time = [
        path
        for path in FUNCTIONS.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and node.module == item_types.__name__
    ]

    assert not imported_at_run_time
