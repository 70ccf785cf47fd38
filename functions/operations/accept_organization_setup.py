"""AcceptOrganizationSetup: validates an organization's document before anything is touched."""

from __future__ import annotations

from typing import Any

from vending import limits
from vending.errors import RequestInvalid
from vending.operation import Json, operation
from vending.organization_setup import parse
from vending.request import Model

CALLS: set[str] = set()


class AcceptOrganizationSetup(Model):
    """The raw document: anything that JSON can say, null where it is too large to be passed on.

    `size` is its bytes as JSON in ASCII.
    """

    document: Any = None
    size: int = 0


def run(payload: AcceptOrganizationSetup) -> Json:
    """{setup}: the document with its defaults filled; RequestInvalid with every problem."""
    if too_large := limits.too_large(payload.size):
        raise RequestInvalid(too_large)
    return {"setup": parse(payload.document).normalised()}


@operation(AcceptOrganizationSetup)
def handler(payload: AcceptOrganizationSetup) -> Json:
    """The Lambda entrance."""
    return run(payload)
