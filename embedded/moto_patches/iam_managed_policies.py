"""AWS's managed policies, each known to an account's IAM when it is first asked for.

moto carries them all, but knows either none or every one of more than a thousand, which takes 70 ms
for each account.

Upstream: moto/iam/models.py.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, iam_backends


def install() -> None:
    """Let moto's AttachRolePolicy find AWS's managed policies. Safe to repeat."""
    if not hasattr(IAMBackend.attach_role_policy, "__wrapped__"):
        IAMBackend.attach_role_policy = _providing(IAMBackend.attach_role_policy)


def attach(account_id: str, role_name: str, policy_arn: str) -> None:
    """Attach a managed policy, AWS's or the account's own, to a role.

    moto's NoSuchEntity if there is no such policy or role.
    """
    backend = iam_backends[account_id][policy_arn.split(":")[1]]
    provide(backend, policy_arn)
    backend.attach_role_policy(policy_arn, role_name)


def provide(backend: Any, policy_arn: str) -> None:
    """Make an AWS managed policy known to an account's IAM backend; nothing for any other ARN.

    Each partition has them under ARNs of its own, and about ARNs of its own.
    """
    known = policy_arn in backend.managed_policies
    if known or not policy_arn.startswith(f"arn:{backend.partition}:iam::aws:policy/"):
        return
    name = policy_arn.rpartition("/")[2]
    data = _data(name, backend.partition)
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
    # The ARN has the policy's path too, and a wrong one names no policy.
    if policy.arn == policy_arn:
        backend.aws_managed_policies.append(policy)
        backend.managed_policies[policy_arn] = policy


@functools.cache
def _data(name: str, partition: str) -> Any:
    """The policy's entry in the JSON text that moto carries; reading all of it takes far longer."""
    key = re.search(rf'\n "{re.escape(name)}":\s*', aws_managed_policies_data)
    if key is None:
        return None
    data = json.JSONDecoder().raw_decode(aws_managed_policies_data, key.end())[0]
    document = json.dumps(data["Document"]).replace("arn:aws:", f"arn:{partition}:")
    return data | {"Document": json.loads(document)}


def _providing(attach_role_policy: Any) -> Any:
    @functools.wraps(attach_role_policy)
    def attach_provided(self: Any, policy_arn: str, role_name: str) -> None:
        provide(self, policy_arn)
        attach_role_policy(self, policy_arn, role_name)

    return attach_provided
