"""CreateAccount: has AWS begin to create the account, exactly once."""

from __future__ import annotations

from vending.aws import clients
from vending.handler.creation_operation import CREATION_CALLS, CreationPayload, begin, creation_note
from vending.handler.operation import Json, operation

CALLS = CREATION_CALLS | {"organizations:CreateAccount"}


class CreateAccount(CreationPayload):
    """The account to create, with the requester's tags."""


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return creation_note(result)


@operation(CreateAccount)
def handler(payload: CreateAccount) -> Json:
    """{createAccountRequestId, state, accountId}; errors as `begin` says.

    Implements CreateAccount of the AWS Organizations API reference.
    """
    return begin(payload, "CreateAccount", clients.organizations_once().create_account)
