"""What one document of an account has other than another, key by key with both values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict


class Difference(TypedDict):
    """One key of a document; None where a document does not have it."""

    key: str
    before: Any
    after: Any


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What changes, as `vending.request.merge.differences` counts it, in the order of the keys.

    Args:
        before: a normalised request; empty for an account without one.
        after: another.
    """
    old, new = dict(_flat(before)), dict(_flat(after))
    for key in ("account.name", "account.email"):
        if key not in new:  # it keeps the one that it has
            old.pop(key, None)
    return [
        {"key": key, "before": old.get(key), "after": new.get(key)}
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    account = document.get("account", {})
    if account.get("name") is not None:
        yield "account.name", account["name"]
    if account.get("email") is not None:
        yield "account.email", account["email"].lower()
    if document.get("organizationalUnit") is not None:
        yield "organizationalUnit", document["organizationalUnit"]
    for key, value in document.get("tags", {}).items():
        yield f"tags.{key}", value
    for policy in document.get("policies", ()):
        yield f"policies.{policy['name']}", policy
    for kind, contact in document.get("contacts", {}).items():
        yield f"contacts.{kind}", contact
    for key in ("serviceAccess", "rootAccess"):
        for each in document.get(key, ()):
            yield f"{key}.{each}", True
    if document.get("manage", "merge") != "merge":
        yield "manage", document["manage"]
