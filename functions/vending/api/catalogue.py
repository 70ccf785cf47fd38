"""The error catalogue as the API shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vending.api import views
from vending.errors.catalogue import codes, explain


def errors() -> dict[str, Any]:
    """Every error, and every reason of one, in the order of the codes."""
    known = [
        explain(code, reason) for code, reasons in codes().items() for reason in (None, *reasons)
    ]
    return views.shown(views.ErrorCatalogue, {"errors": [asdict(one) for one in known]})
