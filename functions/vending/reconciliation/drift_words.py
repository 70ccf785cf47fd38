"""A difference between an account and its document, in words, for people to read."""

from __future__ import annotations

from collections.abc import Mapping

_WHAT = {
    "account.name": "account name",
    "account.email": "email of the root user",
    "organizationalUnit": "organizational unit",
    "tags": "tag",
    "policies": "policy",
    "contacts": "contact",
}


def sentence(difference: Mapping[str, str]) -> str:
    """The difference, as `drift.Difference.as_json` has it."""
    what = _WHAT.get(difference["what"], difference["what"])
    subject = f"{what} {difference['name']}" if "name" in difference else what
    if difference["how"] == "missing":
        return f"{subject} is missing"
    if difference["how"] == "added":
        return f"{subject} was added, and the document is authoritative"
    if "found" not in difference:
        return f"{subject} was changed"
    return f"{subject} is {difference['found']}, not {difference['expected']}"
