"""The tags of an account, and which of them no request removes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from vending.request.patterns import matches
from vending.request.validators import REQUEST_ID_TAG

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

_OF_AWS = "aws:*"


def tags_of(account_id: str, organizations: OrganizationsClient) -> dict[str, str]:
    """Every tag of the account. AWS Organizations API reference, ListTagsForResource."""
    pages = organizations.get_paginator("list_tags_for_resource")
    return {
        tag["Key"]: tag["Value"]
        for page in pages.paginate(ResourceId=account_id)
        for tag in page.get("Tags", [])
    }


def reserved(keys: Iterable[str], protected: Sequence[str]) -> list[str]:
    """Those of the keys that stay in any case: AWS's own, the request's, and protected ones.

    Args:
        keys: keys of tags.
        protected: patterns of keys that no request touches, compared without regard to case.
    """
    patterns = [one.casefold() for one in (_OF_AWS, *protected)]
    return [
        key
        for key in keys
        if key == REQUEST_ID_TAG or any(matches(key.casefold(), one) for one in patterns)
    ]
