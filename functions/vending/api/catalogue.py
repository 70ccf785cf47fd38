"""The error catalogue as the API shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vending.api import views
from vending.errors.catalogue import every


def errors() -> dict[str, Any]:
    """Every error, and every reason of one, in the order of the codes."""
    return views.shown(views.ErrorCatalogue, {"errors": [asdict(one) for one in every()]})
