"""The examples stay true: valid where they should be, wrong where they should be, all explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli.input import documents
from cli.input.organization import document_of
from cli.input.validation import validated
from cli.output.failure import InputError
from embedded.core.faults import Faults
from tests.unit.cli.fakes import PROJECT
from vending.request.account_request import parse
from vending.request.organization_setup import schema

EXAMPLES = PROJECT / "examples"
INVALID = EXAMPLES / "requests" / "invalid.yaml"
REQUESTS = sorted(set((EXAMPLES / "requests").iterdir()) - {INVALID})
FAULTS = sorted((EXAMPLES / "faults").iterdir())
FUNCTIONS = sorted(
    "".join(word.capitalize() for word in path.stem.split("_"))
    for path in (PROJECT / "functions" / "operations").glob("[a-z]*.py")
)


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", REQUESTS, ids=name)
def test_example_request_is_valid(path: Path) -> None:
    assert validated(documents.read(str(path)))


def test_example_requests_stand_for_different_accounts() -> None:
    ids = [one.request_id for path in REQUESTS for one in validated(documents.read(str(path)))]

    assert len(ids) == len(set(ids))


def test_example_organization_is_valid_and_asks_for_everything() -> None:
    document = document_of(documents.read(str(EXAMPLES / "organization.yaml")))

    left_out = {"forcedServiceAccess"}
    assert {*document, *left_out} == set(schema()["properties"])


def test_invalid_example_shows_a_mistake_in_every_part_of_a_request() -> None:
    with pytest.raises(InputError) as refused:
        validated(documents.read(str(INVALID)))

    for where in (
        "account.name",
        "account.email",
        "account.roleName",
        "organizationalUnit",
        "tags['aws:created-by']",
        "tags['cost-center']",
        "serviceAccess[0]",
        "rootAccess[0]",
        "color",
    ):
        assert re.search(rf"  line \d+: {re.escape(where)}: ", refused.value.what), where


def test_example_event_asks_for_a_valid_account_on_our_bus() -> None:
    entries = json.loads((EXAMPLES / "events" / "account_requested.json").read_text())

    for entry in entries:
        assert entry["EventBusName"] == "account-vending"
        assert entry["DetailType"] == "AccountRequested"
        assert parse(json.loads(entry["Detail"]))


@pytest.mark.parametrize("path", FAULTS, ids=name)
def test_example_faults_can_be_followed(path: Path) -> None:
    Faults.load(path, functions=FUNCTIONS)


def test_every_example_is_explained_and_every_explained_one_exists() -> None:
    text = (EXAMPLES / "README.md").read_text()
    files = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.glob("*/*")}

    assert {file for file in files if f"`{file}`" not in text} == set()
    named = {word for word in text.split("`")[1::2] if word.count("/") == 1 and "." in word}
    assert named <= files
