"""Who asked and who decides, so that nobody approves their own request and nobody approves twice.

By the API a caller is known in person. Of an event only the account and the source are known, so
that all who share these are one, and so is everybody of that requester where the other side is.
Whoever starts executions by hand is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vending.authorization import principals
from vending.frozen import frozen


@frozen
class Identity:
    """One who asked or decides.

    Attributes:
        requester: what the request policy knows them as.
        person: what tells two of them apart; None where nothing does.
        is_in_person: whether nobody else of the requester can be behind it.
        name: how people know them.
    """

    requester: str
    person: str | None
    is_in_person: bool
    name: str

    @classmethod
    def of(cls, sender: Mapping[str, Any] | None, requested_by: str | None) -> Identity:
        """Whom a record's `sender` and `requestedBy` are about."""
        sender = sender or {}
        requester = str(sender.get("requester", ""))
        if sender.get("principal"):
            caller = requested_by or sender["principal"]
            person = principals.person_of(caller)
            return cls(requester=requester, person=person, is_in_person=True, name=caller)
        if sender.get("source"):
            person = f"{sender.get('account')}/{sender['source']}"
            name = f"{requester} ({person})"
            return cls(requester=requester, person=person, is_in_person=False, name=name)
        return cls(requester=requester, person=None, is_in_person=False, name=requester)

    def may_be(self, other: Identity) -> bool:
        """Whether both are, or may be, the same person."""
        if self.person is not None and self.person == other.person:
            return True
        is_certain = self.is_in_person and other.is_in_person
        return not is_certain and self.requester == other.requester
