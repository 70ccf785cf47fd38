"""The role that AWS Organizations puts into an account it creates.

User guide, "Accessing a member account that has OrganizationAccountAccessRole": it trusts the
management account and is attached to the AWS managed policy AdministratorAccess.
"""

from __future__ import annotations

import json

from moto.iam.models import iam_backends

from embedded.core.partitions import COMMERCIAL
from embedded.moto_patches import iam_managed_policies

DEFAULT_ROLE = "OrganizationAccountAccessRole"


def create_member_role(
    account_id: str, role_name: str, *, trusting: str, partition: str = COMMERCIAL
) -> None:
    """Create `role_name` in `account_id`, for principals of the account `trusting` to assume.

    A role of that name is left as it is.
    """
    iam = iam_backends[account_id][partition]
    if any(role.name == role_name for role in iam.roles.values()):
        return
    trusted = f"arn:{partition}:iam::{trusting}:root"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.create_role(
        role_name=role_name,
        assume_role_policy_document=json.dumps(trust),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    administrator = f"arn:{partition}:iam::aws:policy/AdministratorAccess"
    iam_managed_policies.attach(account_id, role_name, administrator)
