"""UntagResource: removes the tags that an account was given before and is to have no longer.

Of its other tags it removes those that the request does not name, where the request is
authoritative; never AWS's own, and never the one by which a request recognises its account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from vending.aws import clients
from vending.handler.operation import Json, Payload, operation
from vending.organization.tags import reserved, tags_of
from vending.request.fields import AccountId, TagKey
from vending.request.merge import surplus

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"organizations:ListTagsForResource", "organizations:UntagResource"}


class UntagResource(Payload):
    """The account, the keys that it was given before, and those that it is to have.

    `protected` are patterns of keys that no request touches.
    """

    account_id: AccountId
    given: list[TagKey]
    wanted: list[TagKey]
    authoritative: bool = False
    protected: list[str] = Field([])


def run(payload: UntagResource, *, organizations: OrganizationsClient) -> Json:
    """{untagged: the keys that were there}. Without anything to remove, nothing is looked at.

    Implements UntagResource of the AWS Organizations API reference.
    """
    if not payload.given and not payload.authoritative:
        return {"untagged": []}
    live = tags_of(payload.account_id, organizations)
    gone = surplus(
        live,
        wanted=payload.wanted,
        given=payload.given,
        authoritative=payload.authoritative,
        reserved=reserved(live, payload.protected),
    )
    if gone:
        organizations.untag_resource(ResourceId=payload.account_id, TagKeys=gone)
    return {"untagged": gone}


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["untagged"]) or "none to remove"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for key in result["untagged"]:
        into.say(f"tag {key} removed", changed=True)


def summary(_record: Json) -> None:
    """No line of its own: TagResource's names the tags."""


@operation(UntagResource)
def handler(payload: UntagResource) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
