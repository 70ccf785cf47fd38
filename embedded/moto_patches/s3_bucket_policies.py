"""S3 bucket policies: moto takes a statement without its conditions.

The bucket of `cdk bootstrap` denies everything that is not sent by TLS, which moto takes for all.

Upstream: moto/s3/models.py.
"""

from __future__ import annotations

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3 import models

from embedded.policies import resource_policy
from embedded.policies.policy import Decision

_RESULTS = {
    Decision.ALLOWED: PermissionResult.PERMITTED,
    Decision.DENIED: PermissionResult.DENIED,
    Decision.NOT_ALLOWED: PermissionResult.NEUTRAL,
}


def get_permission(self: Any, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says to everybody about `action` on `resource`."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    # What the loopback interface carries stands for TLS, as it does in roles' policies.
    decision = resource_policy.decision(
        resource_policy.statements(self.policy),
        action=action,
        resource=resource,
        context={"aws:securetransport": ("true",)},
    )
    return _RESULTS[decision]


def install() -> None:
    """Put this in the place of moto's."""
    models.FakeBucket.get_permission = get_permission
