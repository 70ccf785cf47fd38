"""AcceptOrganizationSetup: validates an organization's document before anything is touched."""

from __future__ import annotations

from typing import Any

from vending.errors.exceptions import RequestInvalid
from vending.handler.operation import Json, operation
from vending.model import Model
from vending.request import validators
from vending.request.organization_setup import parse

CALLS: set[str] = set()


class AcceptOrganizationSetup(Model):
    """The raw document: anything that JSON can say, null where it is too large or too deep.

    `size` is its bytes as JSON in ASCII, `too_deep` whether it is nested beyond the bounds.
    """

    document: Any = None
    size: int = 0
    too_deep: bool = False


def run(payload: AcceptOrganizationSetup) -> Json:
    """{setup}: the document with its defaults filled; RequestInvalid with every problem."""
    if beyond := validators.beyond(payload.size, too_deep=payload.too_deep):
        raise RequestInvalid(beyond)
    return {"setup": parse(payload.document).normalised()}


def progress(_result: Json) -> str:
    """Nothing: what the document asks for shows in the steps that follow."""
    return ""


@operation(AcceptOrganizationSetup)
def handler(payload: AcceptOrganizationSetup) -> Json:
    """The Lambda entrance."""
    return run(payload)
