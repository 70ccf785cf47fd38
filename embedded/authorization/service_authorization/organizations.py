"""The resources that a call of AWS Organizations names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.organizations.models import organizations_backends

from embedded.authorization.required_permission import single
from embedded.authorization.service_authorization.resource import ANY, Resource, arn_of
from embedded.core.frozen import frozen
from embedded.organizations.settings import NewAccountResource, OrganizationSettings
from embedded.organizations.state import LOCK, OrganizationState, organization_of
from embedded.policies.patterns import Values
from embedded.protocols.protocols import ApiCall
from permissions import reference

ID_PARAMETERS = (
    "AccountId",
    "ChildId",
    "HandshakeId",
    "OrganizationalUnitId",
    "ParentId",
    "PolicyId",
    "ResourceId",
    "RootId",
    "SourceParentId",
    "DestinationParentId",
    "TargetId",
)
"""Parameters that hold the id of an entity, whose form shows which kind of entity it is."""

_TAGGED_AT_CREATION = {
    "CreateAccount": "account",
    "CreateGovCloudAccount": "account",
    "CreateOrganizationalUnit": "ou",
    "CreatePolicy": "policy",
    "InviteAccountToOrganization": "account",
}
"""What a call with Tags makes; it needs TagResource as well, on a resource that has no id yet."""

_CREATE_LINKED_ROLE = "iam:CreateServiceLinkedRole"

_ROOT_ID, _OU_ID, _POLICY_ID, _HANDSHAKE_ID = "r-", "ou-", "p-", "h-"


def organizations(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Accounts, roots, OUs, policies and handshakes, and what is done to others along with them."""
    parameters = call.parameters
    known = _Entities(
        partition=call.partition,
        account_id=account_id,
        organization=organization_of(account_id),
    )
    context = single("organizations:policytype", _policy_type(call, known))
    ids = [str(parameters[name]) for name in ID_PARAMETERS if parameters.get(name)]
    if not ids and call.operation == "DescribeEffectivePolicy":
        ids = [account_id]  # the caller's own, when it names none
    made = _TAGGED_AT_CREATION.get(call.operation)
    on_everything = made == "account" and known.new_account_resource == ANY
    if call.operation == "InviteAccountToOrganization" and not on_everything:
        ids = [_invited(parameters)]
    for entity_id in ids:
        yield _on(known, entity_id, context)
    if call.operation.endswith("ResourcePolicy"):
        arn = known.arn("resourcepolicy", "*")
        yield Resource(arn=arn, types=("resourcepolicy",), context=context)
    elif not ids:
        yield Resource(arn=ANY, context=context)
    if made and parameters.get("Tags"):
        yield Resource(
            action="organizations:TagResource",
            arn=ANY if on_everything else known.arn(made, "*"),
            context=context,
        )
    facts = reference.find(f"organizations:{call.operation}")
    if facts is not None and _CREATE_LINKED_ROLE in facts.dependent_actions:
        role = "aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations"
        yield Resource(
            action=_CREATE_LINKED_ROLE,
            arn=arn_of(call, account_id, "iam:role", RoleNameWithPath=role),
            parameters={"AWSServiceName": "organizations.amazonaws.com"},
            dependency="ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE",
        )


def _invited(parameters: Mapping[str, Any]) -> str:
    target = parameters.get("Target") or {}
    return str(target.get("Id", "")) if target.get("Type") == "ACCOUNT" else "*"


def _on(known: _Entities, entity_id: str, context: Mapping[str, Values]) -> Resource:
    kind, arn = known.kind_and_arn(entity_id)
    return Resource(
        arn=arn,
        types=(kind,),
        context=context,
        tags=lambda: known.tags(entity_id),
    )


def _policy_type(call: ApiCall, known: _Entities) -> str | None:
    """Where no parameter is called PolicyType: the filter, the new policy's, the policy's own."""
    parameters = call.parameters
    if call.operation in {"ListPolicies", "ListPoliciesForTarget"}:
        return parameters.get("Filter")
    if call.operation == "CreatePolicy":
        return parameters.get("Type")
    entity_id = str(parameters.get("PolicyId") or parameters.get("ResourceId") or "")
    if entity_id.startswith(_POLICY_ID):
        return str(getattr(known.policy(entity_id), "type", "")) or None
    return None


@frozen
class _Entities:
    """What the ids in a call stand for: entities of the caller's organization, if it is in one."""

    partition: str
    account_id: str
    organization: OrganizationState | None

    @property
    def new_account_resource(self) -> NewAccountResource:
        """What stands for an account that has no ARN in this organization yet."""
        known = self.organization
        settings = known.settings if known is not None else OrganizationSettings()
        return settings.new_account_resource

    def kind_and_arn(self, entity_id: str) -> tuple[str, str]:
        """AWS's type and the ARN of a root, OU, policy, handshake or account, by its id's form."""
        if entity_id.startswith(_ROOT_ID):
            return "root", self.arn("root", entity_id)
        if entity_id.startswith(_OU_ID):
            return "organizationalunit", self.arn("ou", entity_id)
        if entity_id.startswith(_POLICY_ID):
            return "policy", self._policy_arn(entity_id)
        if entity_id.startswith(_HANDSHAKE_ID):
            return "handshake", self._handshake_arn(entity_id)
        return "account", self.arn("account", entity_id)

    def arn(self, kind: str, entity_id: str) -> str:
        """The ARN of an entity of the organization, by its kind and id."""
        owner, organization_id = self.account_id, "o-none"
        if self.organization is not None:
            owner, organization_id = self.organization.account_id, self.organization.org.id
        start = f"arn:{self.partition}:organizations::{owner}"
        return f"{start}:{kind}/{organization_id}/{entity_id}"

    def tags(self, entity_id: str) -> Mapping[str, str]:
        """The tags of an account, root, OU or policy."""
        if self.organization is None:
            return {}
        entity = self.organization.entity(entity_id) or self.policy(entity_id)
        return entity.tags if entity is not None else {}

    def policy(self, policy_id: str) -> Any:
        """The policy, or None."""
        policies = self.organization.policies if self.organization is not None else []
        return next((one for one in policies if one.id == policy_id), None)

    def _policy_arn(self, policy_id: str) -> str:
        policy = self.policy(policy_id)
        kind = str(getattr(policy, "type", "") or "service_control_policy").lower()
        if getattr(policy, "aws_managed", False):
            return f"arn:{self.partition}:organizations::aws:policy/{kind}/{policy_id}"
        return self.arn("policy", f"{kind}/{policy_id}")

    def _handshake_arn(self, handshake_id: str) -> str:
        """The handshake's own: it belongs to who asks, in another organization than who answers."""
        with LOCK:
            for _, partition, backend in organizations_backends.iter_backends():
                handshake = backend.handshakes.get(handshake_id)
                if handshake is not None and partition == self.partition:
                    return str(handshake.arn)
        return self.arn("handshake", f"invite/{handshake_id}")
