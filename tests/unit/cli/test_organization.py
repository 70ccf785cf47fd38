"""An organization's document in a file, and what is said of one in words meant for requests."""

from __future__ import annotations

from typing import Any

import pytest

from cli.input.documents import Document
from cli.input.organization import is_organization, of_setup
from vending.errors import catalogue

REQUEST = {"account": {"name": "Sandbox", "email": "sandbox@example.com"}}
EITHER: dict[str, Any] = {"serviceAccess": ["account.amazonaws.com"]}


def documents(*values: Any) -> list[Document]:
    return [Document(label="file", value=value) for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([EITHER], True), ([REQUEST], False), ([REQUEST, EITHER], False), ([EITHER, REQUEST], False)],
)
def test_document_beside_requests_is_one(values: list[Any], expected: bool) -> None:
    assert is_organization(documents(*values)) is expected


def test_mistake_in_the_text_does_not_change_what_the_document_is() -> None:
    mistake = Document(label="file", value=None, problems=("line 2: the key was given before",))

    assert is_organization([mistake, *documents(EITHER)])
    assert not is_organization([mistake, *documents(REQUEST)])
    assert not is_organization([mistake])


@pytest.mark.parametrize(
    ("remedy", "expected"),
    [
        ("Allow it; then submit the request again.", "Allow it; then run the setup again."),
        ("Submit the request again if it has given up.", "Run the setup again if it has given up."),
        ("Shorten it, and submit it again.", "Shorten it, and run the setup again."),
        (
            "Resume the request with `vend resume` and its id, or submit it again: it goes on.",
            "Run the setup again: it goes on.",
        ),
    ],
)
def test_remedy_of_a_setup_speaks_of_setups(remedy: str, expected: str) -> None:
    assert of_setup(remedy) == expected


def test_no_setup_is_advised_to_submit_anything_that_may_happen_to_it() -> None:
    remedies = {
        of_setup(catalogue.explain(code, reason).remedy)
        for code in ("AccessDeniedException", "ConstraintViolationException", "ServiceException")
        for reason in [None, *catalogue.codes()[code]]
    }

    assert [one for one in remedies if "submit" in one.lower() or "requestId" in one] == []
