"""CreateGovCloudAccount: has AWS begin to create a pair of accounts, exactly once.

One is a commercial member account, which carries the tags; the other stands alone in GovCloud.
"""

from __future__ import annotations

from vending.aws import clients
from vending.handler.creation_operation import CREATION_CALLS, CreationPayload, begin, creation_note
from vending.handler.operation import Json, operation

CALLS = CREATION_CALLS | {"organizations:CreateGovCloudAccount"}


class CreateGovCloudAccount(CreationPayload):
    """The pair to create, with the requester's tags."""


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return creation_note(result)


@operation(CreateGovCloudAccount)
def handler(payload: CreateGovCloudAccount) -> Json:
    """{createAccountRequestId, state, accountId}; errors as `begin` says.

    Implements CreateGovCloudAccount of the AWS Organizations API reference.
    """
    client = clients.organizations_once()
    return begin(payload, "CreateGovCloudAccount", client.create_gov_cloud_account)
