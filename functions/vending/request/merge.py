"""Three-way merge: what an account was given before, what it is to have, and what it has.

Pure. What a document names is put as it says, whoever changed it since. What an earlier document
named and this one does not is removed. What no document ever named is somebody else's, and stays,
unless the document says that it is `authoritative`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from vending.frozen import frozen

PolicyKey = tuple[str, str]
"""A policy as documents name it: its type and its name."""


@frozen
class Given:
    """What an account was given, or may have been, by name: so much of it is ours to remove."""

    tags: frozenset[str] = frozenset()
    policies: frozenset[PolicyKey] = frozenset()
    contacts: frozenset[str] = frozenset()

    def __or__(self, other: Given) -> Given:
        return Given(
            tags=self.tags | other.tags,
            policies=self.policies | other.policies,
            contacts=self.contacts | other.contacts,
        )

    def __sub__(self, other: Given) -> Given:
        return Given(
            tags=self.tags - other.tags,
            policies=self.policies - other.policies,
            contacts=self.contacts - other.contacts,
        )

    def __bool__(self) -> bool:
        return bool(self.tags or self.policies or self.contacts)

    def as_json(self) -> dict[str, Any]:
        """{tags, policies: [{type, name}], contacts}, each in order."""
        return {
            "tags": sorted(self.tags),
            "policies": [{"type": kind, "name": name} for kind, name in sorted(self.policies)],
            "contacts": sorted(self.contacts),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Given:
        """What `as_json` made."""
        return cls(
            tags=frozenset(stored.get("tags", ())),
            policies=frozenset((one["type"], one["name"]) for one in stored.get("policies", ())),
            contacts=frozenset(stored.get("contacts", ())),
        )


def given_by(document: Mapping[str, Any]) -> Given:
    """What the account of a normalised request is given by it."""
    return Given(
        tags=frozenset(document.get("tags", {})),
        policies=frozenset((one["type"], one["name"]) for one in document.get("policies", ())),
        contacts=frozenset(document.get("contacts", {})),
    )


def surplus(
    live: Collection[str],
    *,
    wanted: Collection[str],
    given: Collection[str],
    authoritative: bool = False,
    reserved: Collection[str] = (),
) -> list[str]:
    """Names of what an account has and is to have no longer, in order.

    Args:
        live: what it has.
        wanted: what it is to have.
        given: what it was given by documents before, or may have been.
        authoritative: whether what nobody gave it here goes, too.
        reserved: what stays in any case.
    """
    gone = set(live) if authoritative else set(live) & set(given)
    return sorted(gone - set(wanted) - set(reserved))


def same_document(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two normalised requests ask the same for their account, whatever made it.

    One without a name asks for no name: the account keeps the one that it has.
    """
    return not differences(one, other)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What a document changes in one before it, in words, for people to read."""
    lines = []
    name, new_name = _account_name(before), _account_name(after)
    if new_name is not None and name != new_name:
        lines.append(f"account name {name or 'as it was'} -> {new_name}")
    email, new_email = _account_email(before), _account_email(after)
    if new_email is not None and email != new_email:
        lines.append(f"email of the root user {'changed' if email else 'named'}")
    path, new_path = before.get("organizationalUnit"), after.get("organizationalUnit")
    if path != new_path:
        lines.append(f"organizational unit {path or 'as it was'} -> {new_path or 'as it is'}")
    lines += _by_name("tag", before.get("tags", {}), after.get("tags", {}))
    lines += _by_name("policy", _policies(before), _policies(after))
    lines += _by_name("contact", before.get("contacts", {}), after.get("contacts", {}))
    lines += _by_name(
        "service access",
        dict.fromkeys(before.get("serviceAccess", ())),
        dict.fromkeys(after.get("serviceAccess", ())),
        removed="no longer asked for",
    )
    lines += _by_name(
        "root access",
        dict.fromkeys(before.get("rootAccess", ())),
        dict.fromkeys(after.get("rootAccess", ())),
        removed="no longer asked for",
    )
    manage, now = before.get("manage", "merge"), after.get("manage", "merge")
    if manage != now:
        lines.append(f"manage {manage} -> {now}")
    return lines


def _account_name(document: Mapping[str, Any]) -> str | None:
    name: str | None = document.get("account", {}).get("name")
    return name


def _account_email(document: Mapping[str, Any]) -> str | None:
    email: str | None = document.get("account", {}).get("email")
    return email.lower() if email else None


def _policies(document: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{one['name']} ({one['type']})": one for one in document.get("policies", ())}


def _by_name(
    what: str, before: Mapping[str, Any], after: Mapping[str, Any], *, removed: str = "removed"
) -> list[str]:
    lines = [f"{what} {name} {removed}" for name in sorted(set(before) - set(after))]
    for name in sorted(after):
        if name not in before:
            lines.append(f"{what} {name} added")
        elif before[name] != after[name]:
            lines.append(f"{what} {name} changed")
    return lines
