"""AcceptOrganizationSetup: validates an organization's document before anything is touched."""

from __future__ import annotations

from typing import Any

from vending.operation import Json, operation
from vending.organization_setup import parse
from vending.request import Model

CALLS: set[str] = set()


class AcceptOrganizationSetup(Model):
    """The raw document: anything that JSON can say."""

    document: Any = None


def run(payload: AcceptOrganizationSetup) -> Json:
    """{setup}: the document with its defaults filled; RequestInvalid with every problem."""
    return {"setup": parse(payload.document).normalised()}


@operation(AcceptOrganizationSetup)
def handler(payload: AcceptOrganizationSetup) -> Json:
    """The Lambda entrance."""
    return run(payload)
