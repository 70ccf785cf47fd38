"""AcceptHandshake: accepts a handshake that this account itself is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from vending import aws
from vending.operation import Json, Payload, operation

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

CALLS = {"organizations:AcceptHandshake"}

HandshakeId = Annotated[str, Field(pattern=r"^h-[0-9a-z]{8,32}$")]


class AcceptHandshake(Payload):
    """The handshake that waits for the management account's last word."""

    handshake_id: HandshakeId


def run(payload: AcceptHandshake, *, organizations: OrganizationsClient) -> Json:
    """{handshakeId, accepted: whether it was not before}.

    Implements AcceptHandshake of the AWS Organizations API reference.
    """
    accepted = True
    try:
        organizations.accept_handshake(HandshakeId=payload.handshake_id)
    except organizations.exceptions.HandshakeAlreadyInStateException:
        accepted = False
    return {"handshakeId": payload.handshake_id, "accepted": accepted}


@operation(AcceptHandshake)
def handler(payload: AcceptHandshake) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=aws.organizations())
