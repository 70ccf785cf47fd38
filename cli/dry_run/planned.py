"""What a plan found, and what is left of a request once its refused parts are taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vending.errors.aws_errors import translating
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, VendingError
from vending.organization.report import Report
from vending.request.account_request import AccountRequest, Policy
from vending.request.contacts import Contacts
from vending.request.organization_setup import OrganizationSetup

Document = TypeVar("Document", AccountRequest, OrganizationSetup)

_FIELDS = {
    "policies": "policies",
    "policyTypes": "policy_types",
    "rootAccess": "root_access",
    "serviceAccess": "service_access",
}
"""Lists from which a plan takes out what is refused, by their key and their attribute."""


@dataclass(kw_only=True)
class Planned(Report):
    """What would be changed, what is there already, and what would be refused."""

    problems: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, code: str, reason: str | None, message: str) -> None:
        """Add a refusal, with the catalogue's remedy."""
        remedy = explain(code, reason).remedy
        refused = OperationRefused(message, code=code, reason=reason, remedy=remedy)
        self.problems.append(refused.as_dict())

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Note a refusal and go on: a plan lists all of them."""
        try:
            with translating():
                yield
        except VendingError as error:
            self.problems.append(error.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "changes": self.changes,
            "alreadyThere": self.already_there,
            "warnings": self.warnings,
            "problems": self.problems,
        }


def without(asked: Document, refused: Mapping[str, Collection[str]]) -> Document:
    """The document without the refused values of each key."""
    left: dict[str, Any] = {
        name: [
            one
            for one in getattr(asked, name)
            if (one.name if isinstance(one, Policy) else one) not in refused.get(key, ())
        ]
        for key, name in _FIELDS.items()
        if hasattr(asked, name)
    }
    if isinstance(asked, AccountRequest) and "organizationalUnits" in refused:
        left["organizational_unit"] = None
    if isinstance(asked, AccountRequest) and "contacts" in refused:
        left["contacts"] = Contacts()
    return asked.model_copy(update=left)
