"""What a plan found, and what is left of a request once its refused parts are taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vending.errors.aws_errors import translate_aws_errors
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, VendingError
from vending.organization.report import Report
from vending.request.account_request import AccountRequest
from vending.request.organization_setup import OrganizationSetup
from vending.request.policy import Policy

Document = TypeVar("Document", AccountRequest, OrganizationSetup)


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
            with translate_aws_errors():
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
    """The document without what is refused of each key: of a list those values, else the whole."""
    left: dict[str, Any] = {}
    for name, field_ in type(asked).model_fields.items():
        value, taken = getattr(asked, name), refused.get(str(field_.alias), ())
        if taken:
            left[name] = field_.get_default()
        if taken and isinstance(value, list):
            left[name] = [
                one for one in value if (one.name if isinstance(one, Policy) else one) not in taken
            ]
    if isinstance(asked, AccountRequest) and "organizationalUnits" in refused:
        left["organizational_unit"] = None
    return asked.model_copy(update=left)
