"""What a CloudFormation resource type is to the embedded AWS: the base of all in `resources`.

A type names the properties it understands; a template with any other is refused. It acts on moto's
backends directly, as moto's own types do, so what it makes is what any client then sees.
"""

from __future__ import annotations

import abc
import string
from typing import Any, ClassVar

from moto.cloudformation.exceptions import ValidationError
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from embedded.core.frozen import frozen

Properties = dict[str, Any]

_SUFFIX_LENGTH = 12
_SUFFIX_CHARACTERS = string.ascii_letters + string.digits


@frozen
class Place:
    """Where a stack's resources are made."""

    account_id: str
    region: str
    partition: str
    stack_name: str
    stack_id: str
    role_arn: str | None = None
    """The role that CloudFormation acts by; None: it acts as its caller."""


class Refused(Exception):
    """Why a resource failed, in CloudFormation's own words."""


class Resource(abc.ABC):
    """One resource of a stack. Subclasses implement `create`, `update` and `delete`.

    `properties` are the resolved ones: no intrinsic function is left in them.
    """

    type: ClassVar[str]
    understood: ClassVar[frozenset[str]]
    """Dotted paths; everything below a path is taken as it is, lists are looked through."""
    attribute_names: ClassVar[frozenset[str]] = frozenset()
    """What Fn::GetAtt may ask for."""
    replaced_by: ClassVar[frozenset[str]] = frozenset()
    """Properties whose change needs a new resource ("Update requires: Replacement")."""
    is_free_form: ClassVar[bool] = False
    """Whether any properties and any attributes are understood."""
    is_deleted_unmade: ClassVar[bool] = False
    """Whether a rollback deletes one whose creation failed, and updates one whose update did."""
    name_property: ClassVar[str] = ""
    name_length: ClassVar[int] = 64
    """How long this type's generated names may be."""

    def __init__(self, *, logical_id: str, properties: Properties, place: Place) -> None:
        self.logical_resource_id = logical_id
        self.physical_resource_id = ""
        self.cf_resource_type = self.type  # moto's name for it
        self.properties = properties
        self.place = place
        self.attributes: dict[str, Any] = {}
        self.deletion_policy = "Delete"
        self.update_replace_policy = "Delete"
        self.status = "CREATE_IN_PROGRESS"
        self.status_reason: str | None = None
        self.timestamp = utcnow()

    @abc.abstractmethod
    def create(self) -> None:
        """Make it; sets `physical_resource_id` and `attributes`. Any exception is why it failed."""

    def adopt(self) -> bool:
        """Take over the resource that has this one's name; whether there is one.

        Nothing of it is changed ("Import AWS resources into a CloudFormation stack", user guide).
        """
        return False

    @abc.abstractmethod
    def update(self, before: Properties) -> None:
        """Change it in place from `before` to `self.properties`."""

    @abc.abstractmethod
    def delete(self) -> None:
        """Remove it."""

    def change(self, properties: Properties) -> None:
        """Update it in place to `properties`; unchanged when that fails half-way at the start."""
        before, self.properties = self.properties, properties
        try:
            self.update(before)
        except Exception:
            self.properties = before
            raise

    def needs_replacement(self, properties: Properties) -> bool:
        """Whether the way to `properties` is a new resource."""
        return any(self.properties.get(name) != properties.get(name) for name in self.replaced_by)

    def get_cfn_attribute(self, name: str) -> Any:
        """The value of Fn::GetAtt."""
        if name not in self.attributes:
            raise ValidationError(
                message=f"Template error: resource {self.logical_resource_id} does not support"
                f" attribute type {name} in Fn::GetAtt"
            )
        return self.attributes[name]

    def is_created(self) -> bool:
        """Whether it is ready; moto asks, and here creation is synchronous."""
        return True

    def name(self) -> str:
        """The name that the template gives, or one as CloudFormation generates it."""
        given = self.properties.get(self.name_property)
        if given:
            return str(given)
        return generated_name(
            self.place.stack_name, self.logical_resource_id, length=self.name_length
        )

    def tags(self) -> dict[str, str]:
        """The `Tags` property as a plain mapping."""
        return {tag["Key"]: tag["Value"] for tag in self.properties.get("Tags", [])}


def generated_name(*parts: str, length: int) -> str:
    """`<stack>-<logical id>-<random>`, its last-but-one part cut so that the name fits."""
    suffix = "".join(mock_random.choices(_SUFFIX_CHARACTERS, k=_SUFFIX_LENGTH))
    *first, last = parts
    room = length - sum(len(part) + 1 for part in first) - _SUFFIX_LENGTH - 1
    return "-".join([*first, last[:room], suffix])


def names(text: str) -> frozenset[str]:
    """A set of names or property paths from a readable list."""
    return frozenset(text.split())
