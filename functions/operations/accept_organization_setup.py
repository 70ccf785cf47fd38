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
    """The raw document: anything that JSON can say, null where it is too large to be passed on.

    `size` is its bytes as JSON in ASCII.
    """

    document: Any = None
    size: int = 0


def run(payload: AcceptOrganizationSetup) -> Json:
    """{setup}: the document with its defaults filled; RequestInvalid with every problem."""
    if too_large := validators.too_large(payload.size):
        raise RequestInvalid(too_large)
    return {"setup": parse(payload.document).normalised()}


def progress(_result: Json) -> str:
    """Nothing: what the document asks for shows in the steps that follow."""
    return ""


@operation(AcceptOrganizationSetup)
def handler(payload: AcceptOrganizationSetup) -> Json:
    """The Lambda entrance."""
    return run(payload)
