"""How an account differs from the document of its last revision. Pure.

The same three-way merge as a change's decides what is ours: what the document names is to be as it
says. What no document ever named is somebody else's, and a difference only where the document says
that it is `authoritative`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from vending.frozen import frozen
from vending.organization.alternate_contacts import Content, content
from vending.organization.tags import reserved
from vending.request import ou_paths
from vending.request.contacts import AlternateContact
from vending.request.merge import surplus
from vending.request.validators import ATTACHED_BY_AWS

How = Literal["missing", "changed", "added"]


@frozen
class Live:
    """An account as AWS has it, as far as its document is compared with it.

    Attributes:
        unit: the names of the units that it is in, the topmost first; None: not looked at.
        policies: names of the attached ones, by type.
        contacts: what it has for each contact that was looked at; None where there is none.
    """

    name: str | None
    email: str | None
    unit: tuple[str, ...] | None
    tags: Mapping[str, str]
    policies: Mapping[str, set[str]]
    contacts: Mapping[str, Content | None]


@frozen
class Difference:
    """One thing that an account has otherwise than its document says.

    Attributes:
        what: the key of the document: account.name, account.email, organizationalUnit, tags,
            policies, contacts.
        name: which of them; None where there is one only.
        how: missing (the document has it, the account does not), changed, or added.
        expected: what the document says; None for addresses and contacts, which are kept out of
            events and logs.
        found: what the account has, likewise.
    """

    what: str
    name: str | None = None
    how: How = "changed"
    expected: str | None = None
    found: str | None = None

    def as_json(self) -> dict[str, str]:
        """As records and events carry it: without what is None."""
        values = {
            "what": self.what,
            "name": self.name,
            "how": self.how,
            "expected": self.expected,
            "found": self.found,
        }
        return {key: value for key, value in values.items() if value is not None}


def differences(
    document: Mapping[str, Any], live: Live, *, protected_tags: Sequence[str] = ()
) -> list[Difference]:
    """Everything that the account has otherwise, in the order of a request's keys.

    Args:
        document: the request of the last revision, normalised.
        live: the account.
        protected_tags: patterns of the keys that no request touches.
    """
    return [
        *_of_account(document.get("account", {}), live),
        *_of_unit(document.get("organizationalUnit"), live.unit),
        *_of_tags(document, live.tags, protected_tags),
        *_of_policies(document, live.policies),
        *_of_contacts(document, live.contacts),
    ]


def is_authoritative(document: Mapping[str, Any]) -> bool:
    """Whether nothing may be on the account that the document does not name."""
    return document.get("manage") == "authoritative"


def _of_account(account: Mapping[str, Any], live: Live) -> Iterator[Difference]:
    name, email = account.get("name"), account.get("email")
    if name is not None and name != live.name:
        yield Difference(what="account.name", expected=name, found=live.name)
    if email is not None and email.lower() != (live.email or "").lower():
        yield Difference(what="account.email")


def _of_unit(path: str | None, unit: tuple[str, ...] | None) -> Iterator[Difference]:
    if path is None or unit is None or ou_paths.split(path) == unit:
        return
    yield Difference(what="organizationalUnit", expected=path, found=ou_paths.join(unit))


def _of_tags(
    document: Mapping[str, Any], live: Mapping[str, str], protected: Sequence[str]
) -> Iterator[Difference]:
    wanted: Mapping[str, str] = document.get("tags", {})
    for key, value in sorted(wanted.items()):
        if key not in live:
            yield Difference(what="tags", name=key, how="missing", expected=value)
        elif live[key] != value:
            yield Difference(what="tags", name=key, expected=value, found=live[key])
    for key in surplus(
        live,
        wanted=wanted,
        given=(),
        authoritative=is_authoritative(document),
        reserved=reserved(live, protected),
    ):
        yield Difference(what="tags", name=key, how="added", found=live[key])


def _of_policies(document: Mapping[str, Any], live: Mapping[str, set[str]]) -> Iterator[Difference]:
    for kind, attached in sorted(live.items()):
        wanted = {one["name"] for one in document.get("policies", ()) if one["type"] == kind}
        for name in sorted(wanted - attached):
            yield Difference(what="policies", name=name, how="missing", expected=kind)
        for name in surplus(
            attached,
            wanted=wanted,
            given=(),
            authoritative=is_authoritative(document),
            reserved=list(ATTACHED_BY_AWS.values()),
        ):
            yield Difference(what="policies", name=name, how="added", found=kind)


def _of_contacts(
    document: Mapping[str, Any], live: Mapping[str, Content | None]
) -> Iterator[Difference]:
    wanted: Mapping[str, Any] = document.get("contacts", {})
    for name, has in live.items():
        if name not in wanted:
            if has is not None and is_authoritative(document):
                yield Difference(what="contacts", name=name, how="added")
        elif has is None:
            yield Difference(what="contacts", name=name, how="missing")
        elif has != content(AlternateContact.model_validate(wanted[name])):
            yield Difference(what="contacts", name=name)
