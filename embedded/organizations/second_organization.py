"""A second organization, which somebody else manages, with an account to invite from it.

AWS moves an account from one organization to another by the invitation alone. What the account
had in its former one stays behind: its unit, its tags, the policies that were attached to it there.
"""

from __future__ import annotations

import json

from moto.organizations.models import FakeOrganizationalUnit, organizations_backends

from embedded.core.partitions import COMMERCIAL
from embedded.organizations import directory
from embedded.organizations.directory import AwsAccount
from embedded.organizations.policy import Policy
from embedded.organizations.settings import OrganizationSettings
from embedded.organizations.state import Account, OrganizationState

MANAGER = AwsAccount(
    id="333333333333", email="management@second.example.com", name="Second management"
)
MEMBER = AwsAccount(id="444444444444", email="moving@example.com", name="Moving")
UNIT, POLICY, TAGS = "Theirs", "TheirGuardrails", {"cost-center": "99", "theirs": "yes"}

_GUARDRAILS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}],
}


def found(settings: OrganizationSettings) -> None:
    """Make it, with its member in a unit, tagged and guarded. With the lock of the state held."""
    state: OrganizationState = organizations_backends[MANAGER.id][COMMERCIAL]
    state.create(settings, MANAGER)
    unit = FakeOrganizationalUnit(state.org, Name=UNIT, ParentId=state.root.id)
    state.ou.append(unit)
    state.attach_default_policies(unit)
    policy = Policy(
        organization=state.org,
        name=POLICY,
        description="",
        type="SERVICE_CONTROL_POLICY",
        content=json.dumps(_GUARDRAILS),
        tags={},
        aws_managed=False,
    )
    state.policies.append(policy)
    directory.register(MEMBER)
    member = Account(
        state.org,
        account_id=MEMBER.id,
        name=MEMBER.name,
        email=MEMBER.email,
        joined_at=state.now(),
        joined_method="INVITED",
        tags=dict(TAGS),
    )
    state.add_account(member)
    member.parent_id = unit.id
    member.attached_policies.append(policy)
