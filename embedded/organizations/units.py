"""The tree of an organization: its root and organizational units.

API reference: ListRoots, ListParents, ListChildren, ListOrganizationalUnitsForParent,
Create-, Describe-, Update- and DeleteOrganizationalUnit.
"""

from __future__ import annotations

from typing import Any

from moto.organizations.models import FakeOrganizationalUnit

from embedded.organizations.errors import OrganizationsError, constraint_violation
from embedded.organizations.paging import page
from embedded.organizations.quotas import LIMITS
from embedded.organizations.service import Service
from embedded.organizations.tags import merged


class Units(Service):
    """Where accounts are put. The state's `ou` holds the root and all units, as in moto."""

    def list_roots(self, **request: Any) -> dict[str, Any]:
        """The one root."""
        return page("ListRoots", "Roots", [self.state.root.describe()], request)

    def list_parents(self, **request: Any) -> dict[str, Any]:
        """The one parent of an account or OU."""
        child = self.state.entity(request["ChildId"])
        if child is None or child.id == self.state.root.id:
            raise OrganizationsError("ChildNotFoundException")
        parent = self.state.container(child.parent_id, "ParentNotFoundException")
        return page("ListParents", "Parents", [{"Id": parent.id, "Type": parent.type}], request)

    def list_children(self, **request: Any) -> dict[str, Any]:
        """The accounts or the OUs directly in a root or OU."""
        parent = self.state.container(request["ParentId"], "ParentNotFoundException")
        kind = request["ChildType"]
        children = self.state.accounts if kind == "ACCOUNT" else self._units()
        entries = [{"Id": one.id, "Type": kind} for one in children if one.parent_id == parent.id]
        return page("ListChildren", "Children", entries, request)

    def list_organizational_units_for_parent(self, **request: Any) -> dict[str, Any]:
        """The OUs directly in a root or OU."""
        parent = self.state.container(request["ParentId"], "ParentNotFoundException")
        units = [self._unit_shape(unit) for unit in self._units() if unit.parent_id == parent.id]
        return page("ListOrganizationalUnitsForParent", "OrganizationalUnits", units, request)

    def create_organizational_unit(self, **request: Any) -> dict[str, Any]:
        """Create an OU.

        Raises:
            OrganizationsError: ParentNotFoundException; DuplicateOrganizationalUnitException for a
                name the parent has; ConstraintViolationException for depth, number or tags.
        """
        parent = self.state.container(request["ParentId"], "ParentNotFoundException")
        tags = request.get("Tags", [])
        merged({}, tags)
        self._refuse_duplicate(request["Name"], parent.id)
        if self._depth(parent) >= LIMITS.organizational_unit_depth:
            raise constraint_violation("OU_DEPTH_LIMIT_EXCEEDED")
        if len(self._units()) >= self.state.settings.ou_limit:
            raise constraint_violation("OU_NUMBER_LIMIT_EXCEEDED")
        unit = FakeOrganizationalUnit(
            self.state.org, Name=request["Name"], ParentId=parent.id, Tags=tags
        )
        self.state.ou.append(unit)
        self.state.attach_default_policies(unit)
        return {"OrganizationalUnit": self._unit_shape(unit)}

    def describe_organizational_unit(self, **request: Any) -> dict[str, Any]:
        """The OU, or OrganizationalUnitNotFoundException."""
        return {"OrganizationalUnit": self._unit_shape(self._unit(request))}

    def update_organizational_unit(self, **request: Any) -> dict[str, Any]:
        """Rename an OU; its siblings' names are taken."""
        unit = self._unit(request)
        if request.get("Name", unit.name) != unit.name:
            self._refuse_duplicate(request["Name"], unit.parent_id)
            unit.name = request["Name"]
        return {"OrganizationalUnit": self._unit_shape(unit)}

    def delete_organizational_unit(self, **request: Any) -> None:
        """Delete an OU that holds nothing."""
        unit = self._unit(request)
        if any(one.parent_id == unit.id for one in (*self.state.accounts, *self._units())):
            raise OrganizationsError("OrganizationalUnitNotEmptyException")
        self.state.ou.remove(unit)

    def _units(self) -> list[Any]:
        return [unit for unit in self.state.ou if unit.parent_id is not None]

    def _unit(self, request: dict[str, Any]) -> Any:
        return self.state.container(
            request["OrganizationalUnitId"], "OrganizationalUnitNotFoundException"
        )

    def _depth(self, container: Any) -> int:
        """Levels below the root: 0 for the root itself."""
        # An OU's path is organization, root, units and an empty end.
        return 0 if container.parent_id is None else self.state.path(container).count("/") - 2

    def _refuse_duplicate(self, name: str, parent_id: str) -> None:
        if any(unit.name == name and unit.parent_id == parent_id for unit in self._units()):
            raise OrganizationsError("DuplicateOrganizationalUnitException")

    def _unit_shape(self, unit: Any) -> dict[str, Any]:
        return {"Id": unit.id, "Arn": unit.arn, "Name": unit.name, "Path": self.state.path(unit)}
