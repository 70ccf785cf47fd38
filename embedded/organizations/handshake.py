"""One handshake: what it asks, of whom, and how far it has come.

API reference: Handshake. States end at CANCELED, ACCEPTED, DECLINED or EXPIRED.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from embedded.organizations.errors import OrganizationsError
from embedded.organizations.quotas import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = datetime.timedelta(days=LIMITS.handshake_kept_days)
_UNANSWERED = frozenset({"REQUESTED", "OPEN"})


@dataclass(kw_only=True, eq=False)
class Handshake:
    """A question of an organization; times are virtual.

    `recipient` is the HandshakeParty asked, None where it is the organization's own management
    account; `account_id` is the account behind the recipient, None for an email that no account
    has. `accepted` makes its acceptance by an account take effect, or refuses it.
    """

    action: str
    owner_id: str
    organization_id: str
    partition: str
    requested_at: datetime.datetime
    lifetime: datetime.timedelta
    resources: list[dict[str, Any]]
    recipient: dict[str, str] | None
    account_id: str | None
    accepted: Callable[[str], None]
    state: str = "OPEN"
    parent_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    ended_at: datetime.datetime | None = None
    id: str = field(default_factory=lambda: f"h-{mock_random.uuid4().hex}")

    @property
    def arn(self) -> str:
        """The handshake's ARN, in its organization."""
        start = f"arn:{self.partition}:organizations::{self.owner_id}:handshake"
        return f"{start}/{self.organization_id}/{self.action.lower()}/{self.id}"

    @property
    def expires_at(self) -> datetime.datetime:
        """When it can no longer be answered."""
        return self.requested_at + self.lifetime

    @property
    def is_unanswered(self) -> bool:
        """Whether it can still come to anything."""
        return self.state in _UNANSWERED

    def age(self, now: datetime.datetime) -> None:
        """Let it expire when its time is over."""
        if self.is_unanswered and now >= self.expires_at:
            self.end("EXPIRED", self.expires_at)

    def is_forgotten(self, now: datetime.datetime) -> bool:
        """Whether it ended so long ago that it is no longer shown."""
        return self.ended_at is not None and now >= self.ended_at + KEPT

    def require(self, state: str) -> None:
        """Refuse a change to `state` that is made already or that nothing leads to any more.

        Raises:
            OrganizationsError: HandshakeAlreadyInStateException;
                InvalidHandshakeTransitionException.
        """
        if self.state == state:
            raise OrganizationsError("HandshakeAlreadyInStateException")
        # One that still waits for others cannot be accepted yet.
        if not self.is_unanswered or (state == "ACCEPTED" and self.state == "REQUESTED"):
            raise OrganizationsError("InvalidHandshakeTransitionException")

    def end(self, state: str, at: datetime.datetime) -> None:
        """Put it in its last state."""
        self.state = state
        self.ended_at = at

    def describe(self) -> dict[str, Any]:
        """The Handshake shape."""
        parties = [{"Id": self.organization_id, "Type": "ORGANIZATION"}]
        if self.recipient is not None:
            parties.append(self.recipient)
        return {
            "Id": self.id,
            "Arn": self.arn,
            "Parties": parties,
            "State": self.state,
            "RequestedTimestamp": self.requested_at,
            "ExpirationTimestamp": self.expires_at,
            "Action": self.action,
            "Resources": self.resources,
        }
