"""Role sessions: which principal is behind an access key."""

from __future__ import annotations

import datetime
import threading
from dataclasses import field, replace
from typing import Any

from embedded.core.frozen import frozen
from embedded.core.partitions import COMMERCIAL, administrator_in
from embedded.core.principal import Principal

_TEMPORARY = "ASIA"
_LIFETIME = 12 * 3600


@frozen
class RoleCredentials:
    """What a process puts into AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


class Credentials:
    """Registry of role sessions.

    Sessions stay known until they are forgotten here, also when moto forgets its own at a reset: a
    function process that outlives one must not turn into an administrator.
    """

    def __init__(self) -> None:
        self._principals: dict[str, Principal] = {}
        self._lock = threading.Lock()

    def issue(self, role_arn: str, session_name: str) -> RoleCredentials:
        """A new session of the role, as a service that runs code in it gets one.

        The session is one of moto's STS too, so that GetCallerIdentity knows it. It does not end:
        a service renews what it gave, long before its end. ValueError when `role_arn` is not a
        role's ARN.
        """
        principal = _session(role_arn, session_name)
        partition = principal.partition
        with self._lock:
            session = _sts()[principal.account_id][partition].assume_role(
                region_name=partition,
                role_session_name=session_name,
                role_arn=role_arn,
                policy=None,
                duration=_LIFETIME,
                external_id=None,
            )
            session.expiration = datetime.datetime.max
            self._principals[session.access_key_id] = principal
        return RoleCredentials(
            access_key_id=session.access_key_id,
            secret_access_key=session.secret_access_key,
            session_token=session.session_token,
        )

    def forget(self, access_key_id: str) -> None:
        """Let a session be over, because who used it is no more."""
        principal = self._principals.pop(access_key_id, None)
        if principal is not None:
            forget_session(principal.account_id, principal.partition, access_key_id)

    def principal(self, access_key_id: str, partition: str = COMMERCIAL) -> Principal | None:
        """The session's principal; for a key of a user's, or of any other form, the administrator
        in the partition that the call was made to.

        None for a session's key that nobody here handed out, such as one of an earlier run.
        """
        known = self._principals.get(access_key_id)
        if known is not None:
            return known
        if not access_key_id.startswith(_TEMPORARY):
            return administrator_in(partition)
        assumed = _assumed(access_key_id)
        if assumed is not None:
            self._principals[access_key_id] = assumed
        return assumed


def forget_session(account_id: str, partition: str, access_key_id: str) -> None:
    """Make the key unknown to the account's STS and IAM."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - as `_sts`

    sts = _sts()[account_id][partition]
    sts.assumed_roles = [one for one in sts.assumed_roles if one.access_key_id != access_key_id]
    iam_backends[account_id][partition].access_keys.pop(access_key_id, None)


def _sts() -> Any:
    # moto's modules are slow to import, and are what `deferred` is to be imported before.
    from moto.sts.models import sts_backends  # noqa: PLC0415

    return sts_backends


def _assumed(access_key_id: str) -> Principal | None:
    """The session that moto's STS handed out under this key."""
    # A role is assumed most often in one of the latest of thousands of accounts.
    for account_backends in reversed(list(_sts().values())):
        for backend in list(account_backends.values()):
            session = backend.get_assumed_role_from_access_key(access_key_id)
            if session is not None:
                ends = session.expiration.replace(tzinfo=datetime.UTC).timestamp()
                return replace(_session(session.role_arn, session.session_name), expires_at=ends)
    return None


def _session(role_arn: str, session_name: str) -> Principal:
    """A session of the role; a role's path is no part of its name."""
    from moto.utilities.utils import PARTITION_NAMES  # noqa: PLC0415 - as `_sts`

    parts = role_arn.split(":", 5)
    if (
        len(parts) < 6  # noqa: PLR2004
        or parts[1] not in PARTITION_NAMES
        or parts[2] != "iam"
        or not parts[5].startswith("role/")
    ):
        raise ValueError(f"not the ARN of a role: {role_arn}")
    partition, account_id, role_name = parts[1], parts[4], parts[5].rsplit("/", 1)[1]
    return Principal(
        partition=partition,
        account_id=account_id,
        arn=f"arn:{partition}:sts::{account_id}:assumed-role/{role_name}/{session_name}",
        role_name=role_name,
        session_name=session_name,
    )
