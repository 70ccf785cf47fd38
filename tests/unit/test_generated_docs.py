"""The generated pages say what the code says, and leave nothing open."""

from __future__ import annotations

import json
from pathlib import Path

from docs import generate
from vending.errors import catalogue

ROOT = Path(__file__).resolve().parents[2]


def test_generated_pages_are_up_to_date() -> None:
    pages = generate.pages()

    written = {page: page.read_text(encoding="utf-8") for page in pages}
    assert written == pages, "run `make docs`"


def test_operations_table_has_no_empty_cell() -> None:
    rows = [line for line in generate.operations_page().splitlines() if line.startswith("| ")]

    assert len(rows) > len(generate.calls())
    assert [row for row in rows if any(not cell.strip() for cell in row.split("|")[1:-1])] == []


def test_every_error_of_every_operation_is_covered() -> None:
    rows = [line.split("|") for line in generate.operations_page().splitlines()[12:]]

    for row in rows:
        covered, _, modelled = row[5].strip().partition("/")
        assert covered == modelled, row[1]


def test_errors_page_has_every_code_and_reason() -> None:
    text = generate.errors_page()

    for code, reasons in catalogue.codes().items():
        assert f"\n## {code}\n" in text
        assert all(f"\n### {code}/{reason}\n" in text for reason in reasons)


def test_measured_examples_exist() -> None:
    measured = json.loads((ROOT / "docs" / "example_calls.json").read_text())

    assert [
        run for run in measured if not (ROOT / "examples" / run.partition(",")[0]).is_file()
    ] == []
