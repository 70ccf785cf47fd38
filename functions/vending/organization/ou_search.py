"""Where a path of organizational units leads to, looked up level by level without changing any."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.ledger.ou_path_cache import Unit
from vending.request import ou_paths, validators

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.ledger.ou_path_cache import OuPathCache


_ROOT = "r-"
"""How the ids of roots begin (AWS Organizations API reference, Root)."""


def is_root(target_id: str) -> bool:
    """Whether the id is a root's, and no unit's or account's."""
    return target_id.startswith(_ROOT)


def root_id(organizations: OrganizationsClient, units: OuPathCache) -> str:
    """The id of the organization's root, which `units` remembers; a unit in its place is not."""
    known = units.root_id()
    if known is None or not is_root(known):
        known = listed_root_id(organizations)
        units.put_root_id(known)
    return known


def listed_root_id(organizations: OrganizationsClient) -> str:
    """The id of the organization's root, from AWS."""
    for page in organizations.get_paginator("list_roots").paginate():
        for root in page.get("Roots", []):
            return root["Id"]
    words = explain("RootNotFound")
    raise OperationRefused(f"ListRoots: {words.what}", code=words.code, remedy=words.remedy)


def find(
    organizations: OrganizationsClient, parents: Sequence[str], names: Sequence[str]
) -> str | None:
    """The unit that is named below the last of the parents, if there is one.

    Raises:
        OperationRefused: there is none, but one that a person would take for it: below that parent,
            or, where its name has slashes, below any of the parents.
    """
    level = len(parents) - 1
    siblings = list(_children(organizations, parents[level]))
    for unit_id, name in siblings:
        if name == names[level]:
            return unit_id
    for above in range(level, -1, -1):
        there = siblings if above == level else list(_children(organizations, parents[above]))
        # What was found up to here is another unit: a twin reaches at least to what is missing.
        readings = {
            ou_paths.reading("/".join(names[above:end])): end
            for end in range(len(names), level, -1)
        }
        for unit_id, name in there:
            end = readings.get(ou_paths.reading(name))
            if end is not None:
                raise _similar(names, slice(above, end), unit_id, name)
    return None


def look_up(path: str, organizations: OrganizationsClient, units: OuPathCache) -> bool:
    """Whether the path leads to a unit, or to the root.

    OperationRefused where a unit on it is missing that reads like one that is there.

    What is found is remembered, so that CreateOrganizationalUnit need not search again.
    """
    names, parents = ou_paths.split(path), list[str]()
    for level, name in enumerate(names):
        here = ou_paths.join(names[: level + 1])
        unit = units.get(here)
        known = parents[-1:] or ([unit.parent_id] if unit else [])  # the root is what it was
        if unit is None or not _stands(unit, known[0], name, organizations, units):
            if units.was_missing_lately(path):
                return False
            parents = parents or [root_id(organizations, units)]
            unit_id = find(organizations, parents, names)
            if unit_id is None:
                units.put_missing(path)
                return False
            unit = Unit(id=unit_id, parent_id=parents[-1])
            units.put(here, unit)
        elif not units.was_seen_lately(unit):
            units.put(here, unit)
        parents = [*(parents or [unit.parent_id]), unit.id]
    return True


def _stands(
    unit: Unit, parent_id: str, name: str, organizations: OrganizationsClient, units: OuPathCache
) -> bool:
    if unit.parent_id == parent_id and units.was_seen_lately(unit):
        return True
    return still_stands(organizations, unit, parent_id, name)


def still_stands(organizations: OrganizationsClient, unit: Unit, parent_id: str, name: str) -> bool:
    """Whether a unit that is remembered is there under its name, as its parent is known to be."""
    if unit.parent_id != parent_id:
        return False
    try:
        seen = organizations.describe_organizational_unit(OrganizationalUnitId=unit.id)
    except organizations.exceptions.OrganizationalUnitNotFoundException:
        return False
    return seen["OrganizationalUnit"].get("Name") == name


def _children(organizations: OrganizationsClient, parent_id: str) -> Iterator[tuple[str, str]]:
    """(id, name) of every unit directly below a parent."""
    pages = organizations.get_paginator("list_organizational_units_for_parent")
    for page in pages.paginate(ParentId=parent_id):
        for unit in page.get("OrganizationalUnits", []):
            yield unit["Id"], unit["Name"]


def _similar(names: Sequence[str], part: slice, unit_id: str, name: str) -> OperationRefused:
    """The refusal of names[part], which reads like the existing unit `name`."""
    above, below = names[: part.start], names[part.stop :]
    existing = ou_paths.join([*above, name])
    meant = ou_paths.join([*above, name, *below])
    asked = ou_paths.join(names)
    if validators.organizational_unit(meant):
        right = "/".join(names[part])
        path = ou_paths.join([*above, right, *below])
        again = (
            "submit the request again."
            if path == asked
            else f"write {path} and submit the request again."
        )
        remedy = (
            "No path can name the existing unit. Rename it, with `aws organizations "
            f"update-organizational-unit --organizational-unit-id {unit_id} --name "
            f"{shlex.quote(right)}` if it is the one that you mean; then {again}"
        )
    else:
        remedy = (
            f"If you mean the existing unit, write {ou_paths.quote(meant)} and submit the request "
            "again. Otherwise rename the existing unit, then submit the request again."
        )
    return OperationRefused(
        f"CreateOrganizationalUnit: {ou_paths.quote(asked)} does not exist, but reads like "
        f"{ou_paths.quote(existing)} ({unit_id}), which does.",
        code="SimilarOrganizationalUnit",
        remedy=remedy,
    )
