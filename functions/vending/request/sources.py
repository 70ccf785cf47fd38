"""The sources of an account: what each requires and forbids."""

from __future__ import annotations

from typing import Any

from vending.frozen import frozen
from vending.request import validators

_ONLY_AT_CREATION = ("roleName", "iamUserAccessToBilling")


@frozen
class SourceRules:
    """Keys of `account` that a source needs, needs one of, and has no use for."""

    requires: tuple[str, ...] = ()
    requires_one_of: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    only_if_given: tuple[str, ...] = ()
    """Keys without a default here: absent, they mean that the requester wants no such thing."""


SOURCES = {
    "new": SourceRules(requires=("name", "email"), forbids=("accountId",)),
    "new-govcloud": SourceRules(requires=("name", "email"), forbids=("accountId",)),
    "invited": SourceRules(
        requires_one_of=("accountId", "email"),
        forbids=("iamUserAccessToBilling",),
        only_if_given=("roleName",),
    ),
    "existing": SourceRules(requires=("accountId",), forbids=_ONLY_AT_CREATION),
}


def source_problems(raw: dict[str, Any]) -> list[str]:
    """Where the account's keys do not suit the source; silent where the source itself is wrong."""
    source, account = raw.get("source", "new"), raw.get("account")
    rules = SOURCES.get(source) if isinstance(source, str) else None
    if rules is None or not isinstance(account, dict):
        return []
    present = {key for key, value in account.items() if value is not None}
    problems = [
        f"account.{key}: is required for source '{source}'"
        for key in rules.requires
        if key not in present
    ]
    if rules.requires_one_of:
        given = present.intersection(rules.requires_one_of)
        names = " or ".join(rules.requires_one_of)
        if not given:
            problems.append(f"account: needs {names} for source '{source}'")
        elif len(given) > 1:
            problems.append(f"account: needs either {names} for source '{source}', not both")
    problems.extend(
        f"account.{key}: has no meaning for source '{source}'; leave it out"
        for key in rules.forbids
        if key in present
    )
    if source == "invited" and "roleName" in present and "accountId" not in present:
        problems.append(
            "account.roleName: needs account.accountId for source 'invited', because the role is "
            "assumed in that account"
        )
    name = account.get("name")
    if source == "new-govcloud" and isinstance(name, str):
        problems.extend(f"account.name: {text}" for text in validators.govcloud_account_name(name))
    return problems
