"""Tags on accounts, units, the root and policies.

API reference: TagResource, UntagResource, ListTagsForResource.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from embedded.organizations.errors import (
    OrganizationsError,
    constraint_violation,
    invalid_input,
)
from embedded.organizations.paging import page
from embedded.organizations.quotas import LIMITS
from embedded.organizations.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Tags(Service):
    """What can be tagged, and how."""

    def tag_resource(self, **request: Any) -> None:
        """Add or overwrite tags: all or none of them."""
        resource = self._taggable(request["ResourceId"])
        resource.tags = merged(resource.tags, request["Tags"])

    def untag_resource(self, **request: Any) -> None:
        """Remove tags; keys that are not there are passed over."""
        resource = self._taggable(request["ResourceId"])
        _refuse_system_keys(request["TagKeys"])
        for key in request["TagKeys"]:
            resource.tags.pop(key, None)

    def list_tags_for_resource(self, **request: Any) -> dict[str, Any]:
        """All tags that a resource may have fit one answer, so that no further page is promised."""
        resource = self._taggable(request["ResourceId"])
        tags = [{"Key": key, "Value": value} for key, value in resource.tags.items()]
        whole = {**request, "MaxResults": LIMITS.tags}
        return page("ListTagsForResource", "Tags", tags, whole)

    def _taggable(self, resource_id: str) -> Any:
        policies = (one for one in self.state.policies if one.id == resource_id)
        resource = self.state.entity(resource_id) or next(policies, None)
        if resource is None:
            raise OrganizationsError("TargetNotFoundException")
        return resource


def merged(present: Mapping[str, str], tags: list[dict[str, str]]) -> dict[str, str]:
    """`present` with `tags` put over it.

    Raises:
        OrganizationsError: a key given twice, a reserved key, more tags than a resource may have.
    """
    keys = [tag["Key"] for tag in tags]
    _refuse_system_keys(keys)
    if len(set(keys)) < len(keys):
        raise invalid_input("DUPLICATE_TAG_KEY")
    result = {**present, **{tag["Key"]: tag["Value"] for tag in tags}}
    if len(result) > LIMITS.tags:
        raise constraint_violation("MAX_TAG_LIMIT_EXCEEDED")
    return result


def _refuse_system_keys(keys: Iterable[str]) -> None:
    if any(re.match("aws:", key, re.IGNORECASE) for key in keys):
        raise invalid_input("INVALID_SYSTEM_TAGS_PARAMETER")
