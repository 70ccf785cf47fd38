"""TagResource: ensures an account's tags, the request id among them.

The request tag is the evidence by which a request recognises the account that AWS made for it. So
an account that is taken in again keeps the tag that it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization.tags import tags_of
from vending.request.fields import AccountId, TagKey, TagValue
from vending.request.validators import REQUEST_ID_TAG

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"organizations:ListTagsForResource", "organizations:TagResource"}


class TagResource(Payload):
    """The account and the tags it must have; others that it has stay as they are."""

    account_id: AccountId
    tags: dict[TagKey, TagValue]


def run(payload: TagResource, *, organizations: OrganizationsClient) -> Json:
    """{tagged: the keys that were missing or different, alreadyTagged: the others}.

    Implements TagResource of the AWS Organizations API reference.
    """
    present = tags_of(payload.account_id, organizations)
    first = present.get(REQUEST_ID_TAG, payload.request_id)
    wanted = {**payload.tags, REQUEST_ID_TAG: first}
    missing = {key: value for key, value in wanted.items() if present.get(key) != value}
    if missing:
        organizations.tag_resource(
            ResourceId=payload.account_id,
            Tags=[{"Key": key, "Value": value} for key, value in missing.items()],
        )
    return {"tagged": sorted(missing), "alreadyTagged": sorted(wanted.keys() - missing.keys())}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["tagged"]) or "already set"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for key in sorted([*result["tagged"], *result["alreadyTagged"]]):
        into.say(f"tag {key}", changed=key in result["tagged"])


def summary(record: Json) -> tuple[str, Any]:
    """The line of a request's result: a label, and nothing where the request asked for nothing."""
    tags = record["request"].get("tags") or {}
    return "tags", ", ".join(f"{key}={value}" for key, value in tags.items())


@operation(TagResource)
def handler(payload: TagResource) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
