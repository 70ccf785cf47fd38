"""Whether a request is within what its requester may ask for: every rule that it breaks, by name.

Pure: what has to be looked up, which is where an account stands at present, is passed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vending.authorization.policy_requesters import Protected, Requester
from vending.errors.exceptions import RequestNotAllowed
from vending.request import ou_paths
from vending.request.patterns import matches
from vending.request.validators import shown

if TYPE_CHECKING:
    from vending.request.account_request import AccountRequest

Unit = tuple[str, ...]
"""The names on the path to an organizational unit; none for the root."""

ROOT: Unit = ()

REMEDY = (
    "Submit the request again with what the request policy grants to you, or once whoever operates "
    "account vending has changed it; nothing was done."
)


def ensure_allowed(
    request: AccountRequest,
    *,
    name: str,
    requester: Requester | None,
    protected: Protected,
) -> None:
    """RequestNotAllowed with every rule that the request breaks.

    Args:
        request: what is asked for.
        name: of the requester.
        requester: what it may ask for; None where only what is protected limits it.
        protected: what no request touches.
    """
    broken = list(_of_protected(request, protected))
    if requester is not None and not requester.may_request:
        broken.append(_may_not_request(name))
    elif requester is not None:
        broken += _of_requester(request, f"requesters.{name}", requester)
    if broken:
        raise RequestNotAllowed(broken, remedy=REMEDY)


def ensure_email_allowed(email: str, *, name: str, requester: Requester | None) -> None:
    """RequestNotAllowed where the requester may not give an account this email.

    Args:
        email: of the root user of an account that has another one.
        name: of the requester.
        requester: what it may ask for; None where only what is protected limits it.
    """
    if requester is not None and (
        broken := list(_of_email(email, f"requesters.{name}", requester))
    ):
        raise RequestNotAllowed(broken, remedy=REMEDY)


def ensure_place_allowed(
    account_id: str,
    unit: Unit,
    *,
    name: str,
    requester: Requester | None,
    protected: Protected,
    is_own: bool,
) -> None:
    """RequestNotAllowed where the account may not be touched where it stands.

    Args:
        account_id: of a member of the organization.
        unit: where it is at present.
        name: of the requester.
        requester: what it may ask for; None where only what is protected limits it.
        protected: what no request touches.
        is_own: whether this request made the account, which therefore may be in the root yet.
    """
    broken = list(_of_protected_place(account_id, unit, protected))
    place = shown(ou_paths.join(unit))
    is_new = is_own and unit == ROOT
    if requester is not None and not is_new and not _in_any(unit, requester.organizational_units):
        broken.append(
            f"account: {account_id} is in {place}, which requesters.{name}.organizationalUnits "
            "does not grant"
        )
    if broken:
        raise RequestNotAllowed(broken, remedy=REMEDY)


def ensure_retirement_allowed(
    account_id: str, unit: Unit, *, name: str, requester: Requester | None, protected: Protected
) -> None:
    """RequestNotAllowed where the account may not be retired from where it stands, or back there.

    Args:
        account_id: of a member of the organization.
        unit: where it is, or was before it was suspended.
        name: of the requester.
        requester: what it may ask for; None where only what is protected limits it.
        protected: what no request touches.
    """
    broken = list(_of_protected_place(account_id, unit, protected))
    if requester is not None and not _in_any(unit, requester.retire):
        granted = ", ".join(requester.retire) or "none"
        broken.append(
            f"account: {account_id} is in {shown(ou_paths.join(unit))}, which "
            f"requesters.{name}.retire does not grant; it grants {granted}"
        )
    if broken:
        raise RequestNotAllowed(broken, remedy=REMEDY)


def _may_not_request(name: str) -> str:
    return f"sender: requesters.{name}.roles has no role that asks for anything"


def _of_protected_place(account_id: str, unit: Unit, protected: Protected) -> Iterator[str]:
    if account_id in protected.accounts:
        yield f"account: {account_id} is protected (protected.accounts)"
    if _in_any(unit, protected.organizational_units):
        yield (
            f"account: {account_id} is in {shown(ou_paths.join(unit))}, which is protected "
            "(protected.organizationalUnits)"
        )


def needs_place(requester: Requester | None, protected: Protected) -> bool:
    """Whether where an account stands makes a difference."""
    return requester is not None or bool(protected.organizational_units or protected.accounts)


def is_within(unit: Unit, pattern: str) -> bool:
    """Whether a unit is the pattern's, or below it; `/` is the root alone, `/*` is everywhere."""
    if pattern == "/*":
        return True
    names = ou_paths.split(pattern)
    return unit == names if not names else unit[: len(names)] == names


def _of_protected(request: AccountRequest, protected: Protected) -> Iterator[str]:
    account_id = request.account.account_id
    if account_id is not None and account_id in protected.accounts:
        yield f"account.accountId: {account_id} is protected (protected.accounts)"
    unit = wanted_unit(request)
    if unit is not None and reads_within(unit, protected.organizational_units):
        yield (
            f"organizationalUnit: {shown(ou_paths.join(unit))} is protected "
            "(protected.organizationalUnits)"
        )
    for key in request.tags:
        if any(matches(key.casefold(), one.casefold()) for one in protected.tags):
            yield f"tags[{shown(key)}]: is protected (protected.tags)"


def _of_requester(request: AccountRequest, rule: str, requester: Requester) -> Iterator[str]:
    content = request.normalised()
    account = content["account"]
    if request.source not in requester.sources:
        yield f"source: {rule}.sources does not grant '{request.source}'"
    yield from _of_unit(request, rule, requester)
    named: Sequence[tuple[str, str, str | None, Sequence[str]]] = (
        ("accountId", "accountIds", account.get("accountId"), requester.account_ids),
        ("name", "accountNames", account.get("name"), requester.account_names),
        ("roleName", "roleNames", account.get("roleName"), requester.role_names),
    )
    for key, its_rule, value, patterns in named:
        if value is not None and not _any_matches(value, patterns):
            yield f"account.{key}: {rule}.{its_rule} does not grant {shown(value)}"
    if request.source != "existing":  # which may name the one that its account has
        yield from _of_email(account.get("email"), rule, requester)
    yield from _of_tags(request, rule, requester)
    yield from _of_organization(request, rule, requester)


def _of_email(email: str | None, rule: str, requester: Requester) -> Iterator[str]:
    patterns = [pattern.lower() for pattern in requester.emails]
    if email is not None and not _any_matches(email.lower(), patterns):
        granted = f" ({', '.join(requester.emails)})" if requester.emails else ""
        yield f"account.email: is none that {rule}.emails grants{granted}"


def _of_organization(request: AccountRequest, rule: str, requester: Requester) -> Iterator[str]:
    for index, policy in enumerate(request.policies):
        if not _any_matches(policy.name, requester.policies):
            yield f"policies[{index}]: {rule}.policies does not grant {shown(policy.name)}"
        if policy.content is not None:
            yield f"policies[{index}].content: is for administrators; policies are named"
    for index, service in enumerate(request.service_access):
        if not _any_matches(service, requester.service_access):
            yield f"serviceAccess[{index}]: {rule}.serviceAccess does not grant {shown(service)}"
    if request.manage == "authoritative":
        yield "manage: authoritative is for administrators: it removes what others set"
    if not requester.contacts and request.contacts.model_fields_set:
        yield f"contacts: {rule}.contacts does not grant them"
    for index, feature in enumerate(request.root_access):
        if feature not in requester.root_access:
            yield f"rootAccess[{index}]: {rule}.rootAccess does not grant {feature}"


def _of_unit(request: AccountRequest, rule: str, requester: Requester) -> Iterator[str]:
    unit = wanted_unit(request)
    if unit is not None and not _in_any(unit, requester.organizational_units):
        where = shown(ou_paths.join(unit)) if request.organizational_unit else "the root"
        granted = ", ".join(requester.organizational_units) or "none"
        yield (
            f"organizationalUnit: {rule}.organizationalUnits does not grant {where}; "
            f"it grants {granted}"
        )


def _of_tags(request: AccountRequest, rule: str, requester: Requester) -> Iterator[str]:
    tags = requester.tags
    for key in tags.required:
        if key not in request.tags:
            yield f"tags[{shown(key)}]: is required ({rule}.tags.required)"
    for key, value in request.tags.items():
        if any(matches(key.casefold(), one.casefold()) for one in tags.forbidden):
            yield f"tags[{shown(key)}]: is forbidden ({rule}.tags.forbidden)"
            continue
        required = tags.required.get(key)
        lists = (
            [required]
            if required is not None
            else [values for pattern, values in tags.allowed.items() if matches(key, pattern)]
        )
        if not lists:
            yield f"tags[{shown(key)}]: {rule}.tags does not grant it"
        elif not any(_any_matches(value, values) for values in lists):
            yield f"tags[{shown(key)}]: {rule}.tags does not grant the value {shown(value)}"


def wanted_unit(request: AccountRequest) -> Unit | None:
    """Where the account is to be; None where it stays where it is, which is looked at."""
    path = request.organizational_unit
    if path is not None:
        return ou_paths.split(path)
    return None if request.source == "existing" else ROOT


def _in_any(unit: Unit, patterns: Sequence[str]) -> bool:
    return any(is_within(unit, pattern) for pattern in patterns)


def reads_within(unit: Unit, patterns: Sequence[str]) -> bool:
    """As `_in_any`, for units that may not exist yet: also what only reads like a protected one."""
    read = tuple(ou_paths.reading(name) for name in unit)
    return _in_any(unit, patterns) or any(
        is_within(read, ou_paths.join(map(ou_paths.reading, ou_paths.split(pattern))))
        for pattern in patterns
        if pattern != "/*"
    )


def _any_matches(text: str, patterns: Sequence[str]) -> bool:
    return any(matches(text, pattern) for pattern in patterns)
