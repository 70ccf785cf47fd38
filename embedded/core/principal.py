"""Who makes the current call."""

from __future__ import annotations

from contextvars import ContextVar

from embedded import ACCOUNT_ID
from embedded.core.frozen import frozen


@frozen
class Principal:
    """Who makes a call.

    `arn` is an assumed-role ARN for role sessions and the root ARN of the management account for
    any access key that is no session's, which acts as an administrator (`role_name` is None then).
    `expires_at` is when a session ends, in epoch seconds of virtual time; None for what does not
    end.
    """

    partition: str = "aws"
    account_id: str = ACCOUNT_ID
    arn: str = f"arn:aws:iam::{ACCOUNT_ID}:root"
    role_name: str | None = None
    session_name: str | None = None
    expires_at: float | None = None

    @property
    def is_administrator(self) -> bool:
        """Whether no policy is evaluated for this caller."""
        return self.role_name is None


caller: ContextVar[Principal] = ContextVar("caller", default=Principal())  # noqa: B039
"""Set by the gateway around each request; administrators' default outside of one."""
