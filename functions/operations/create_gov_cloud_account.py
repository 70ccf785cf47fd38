"""CreateGovCloudAccount: has AWS begin to create a pair of accounts, exactly once.

One is a commercial member account, which carries the tags; the other stands alone in GovCloud.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending import aws, ports
from vending.clock import Clock, now
from vending.creation import Creation
from vending.ledger import Ledger
from vending.operation import Json, Payload, operation
from vending.request import NewAccount, TagKey, TagValue
from vending.rows import record_of
from vending.turns import TURN_CALLS, GivenTurn, Turns

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.announcements import Announcements

CALLS = TURN_CALLS | {
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "organizations:CreateGovCloudAccount",
    "organizations:ListAccounts",
    "organizations:ListCreateAccountStatus",
    "organizations:ListTagsForResource",
}


class CreateGovCloudAccount(Payload):
    """The pair to create, with the requester's tags."""

    execution_arn: str
    account: NewAccount
    tags: dict[TagKey, TagValue]
    turn: GivenTurn | None = None
    """As the creation gate told it; null when AWS was asked before."""


def run(
    payload: CreateGovCloudAccount,
    *,
    ledger: Ledger,
    organizations: OrganizationsClient,
    organizations_once: OrganizationsClient,
    turns: Turns,
    announcements: Announcements,
    clock: Clock = now,
) -> Json:
    """{createAccountRequestId, state, accountId}; OutcomeUnknown: run this again a little later.

    TurnNeeded, CreationRefusedForNow: run this again with the creation gate's next turn.

    Implements CreateGovCloudAccount of the AWS Organizations API reference.
    """
    created = Creation(
        request_id=payload.request_id,
        execution_arn=payload.execution_arn,
        account=payload.account,
        ledger=ledger,
        turns=turns,
        organizations=organizations,
        clock=clock,
        operation="CreateGovCloudAccount",
    ).once(payload.tags, organizations_once.create_gov_cloud_account, payload.turn)
    announcements.state_changed(record_of(created.row))
    return created.answer()


@operation(CreateGovCloudAccount)
def handler(payload: CreateGovCloudAccount) -> Json:
    """The Lambda entrance."""
    return run(
        payload,
        ledger=ports.ledger(),
        organizations=aws.organizations(),
        organizations_once=aws.organizations_once(),
        turns=ports.turns(),
        announcements=ports.announcements(),
    )
