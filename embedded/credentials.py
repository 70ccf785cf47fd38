"""Role sessions: which principal is behind an access key."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from moto.sts.models import sts_backends

from embedded import REGION
from embedded.context import Principal

_PARTITION = "aws"
_ADMINISTRATOR = Principal()
_TEMPORARY = "ASIA"
_LIFETIME = 12 * 3600


@dataclass(frozen=True, kw_only=True)
class RoleCredentials:
    """What a process puts into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


class Credentials:
    """Registry of role sessions.

    Sessions stay known for the life of the registry, also when moto forgets its own at a reset: a
    function process that outlives one must not turn into an administrator.
    """

    def __init__(self) -> None:
        self._principals: dict[str, Principal] = {}
        self._lock = threading.Lock()

    def issue(self, role_arn: str, session_name: str) -> RoleCredentials:
        """A new session of the role, as a service that runs code in it gets one.

        The session is one of moto's STS too, so that GetCallerIdentity knows it. ValueError when
        `role_arn` is not a role's ARN.
        """
        account_id, role_name = _role(role_arn)
        with self._lock:
            session = sts_backends[account_id][_PARTITION].assume_role(
                region_name=REGION,
                role_session_name=session_name,
                role_arn=role_arn,
                policy=None,
                duration=_LIFETIME,
                external_id=None,
            )
            self._principals[session.access_key_id] = _session(account_id, role_name, session_name)
        return RoleCredentials(
            access_key_id=session.access_key_id,
            secret_access_key=session.secret_access_key,
            session_token=session.session_token,
        )

    def principal(self, access_key_id: str) -> Principal:
        """The session's principal, or the administrator for a key that nobody here handed out."""
        known = self._principals.get(access_key_id)
        if known is not None:
            return known
        if not access_key_id.startswith(_TEMPORARY):
            return _ADMINISTRATOR
        assumed = _assumed(access_key_id)
        if assumed is None:
            return _ADMINISTRATOR
        self._principals[access_key_id] = assumed
        return assumed


def _assumed(access_key_id: str) -> Principal | None:
    """The session that moto's AssumeRole handed out under this key."""
    for account_backends in list(sts_backends.values()):
        session = account_backends[_PARTITION].get_assumed_role_from_access_key(access_key_id)
        if session is not None:
            account_id, role_name = _role(session.role_arn)
            return _session(account_id, role_name, session.session_name)
    return None


def _role(role_arn: str) -> tuple[str, str]:
    """Account id and role name; a role's path is no part of its name."""
    parts = role_arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "iam" or not parts[5].startswith("role/"):  # noqa: PLR2004
        raise ValueError(f"not the ARN of a role: {role_arn}")
    return parts[4], parts[5].rsplit("/", 1)[1]


def _session(account_id: str, role_name: str, session_name: str) -> Principal:
    return Principal(
        account_id=account_id,
        arn=f"arn:aws:sts::{account_id}:assumed-role/{role_name}/{session_name}",
        role_name=role_name,
        session_name=session_name,
    )
