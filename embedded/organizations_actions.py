"""What each call of AWS Organizations needs to be allowed.

Source: "Actions, resources, and condition keys for AWS Organizations", Service Authorization
Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.organizations.models import organizations_backends

from embedded.organizations.settings import NewAccountResource, OrganizationSettings
from embedded.organizations.state import LOCK, OrganizationState, organization_of
from embedded.policy_patterns import Values
from embedded.requirement import Requirement, request_tags, single
from embedded.wire import ApiCall

RESOURCES: Mapping[str, tuple[str, ...]] = {
    "AcceptHandshake": ("HandshakeId",),
    "AttachPolicy": ("PolicyId", "TargetId"),
    "CancelHandshake": ("HandshakeId",),
    "CloseAccount": ("AccountId",),
    "CreateOrganizationalUnit": ("ParentId",),
    "DeclineHandshake": ("HandshakeId",),
    "DeleteOrganizationalUnit": ("OrganizationalUnitId",),
    "DeletePolicy": ("PolicyId",),
    "DeregisterDelegatedAdministrator": ("AccountId",),
    "DescribeAccount": ("AccountId",),
    "DescribeEffectivePolicy": ("TargetId",),
    "DescribeHandshake": ("HandshakeId",),
    "DescribeOrganizationalUnit": ("OrganizationalUnitId",),
    "DescribePolicy": ("PolicyId",),
    "DetachPolicy": ("PolicyId", "TargetId"),
    "DisablePolicyType": ("RootId",),
    "EnablePolicyType": ("RootId",),
    "ListAccountsForParent": ("ParentId",),
    "ListChildren": ("ParentId",),
    "ListDelegatedServicesForAccount": ("AccountId",),
    "ListEffectivePolicyValidationErrors": ("AccountId",),
    "ListOrganizationalUnitsForParent": ("ParentId",),
    "ListParents": ("ChildId",),
    "ListPoliciesForTarget": ("TargetId",),
    "ListTagsForResource": ("ResourceId",),
    "ListTargetsForPolicy": ("PolicyId",),
    "MoveAccount": ("AccountId", "SourceParentId", "DestinationParentId"),
    "RegisterDelegatedAdministrator": ("AccountId",),
    "RemoveAccountFromOrganization": ("AccountId",),
    "TagResource": ("ResourceId",),
    "UntagResource": ("ResourceId",),
    "UpdateOrganizationalUnit": ("OrganizationalUnitId",),
    "UpdatePolicy": ("PolicyId",),
}
"""The parameters that name the resources of an operation, each of which must be allowed. Operations
that are not here have no resources: only `*` allows them."""

_TAGGED_AT_CREATION = {
    "CreateAccount": "account",
    "CreateGovCloudAccount": "account",
    "CreateOrganizationalUnit": "ou",
    "CreatePolicy": "policy",
    "InviteAccountToOrganization": "account",
}
"""What a call with Tags makes; it needs TagResource as well, on a resource that has no id yet."""

_LINKED_ROLE = ("AcceptHandshake", "CreateOrganization")
"""Operations that make the service-linked role in the caller's account ("Dependent actions")."""

_ROOT_ID, _OU_ID, _POLICY_ID, _HANDSHAKE_ID = "r-", "ou-", "p-", "h-"


def organizations(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Requirements of a call of Organizations."""
    action = f"organizations:{call.operation}"
    parameters = call.parameters
    known = _Entities(
        partition=call.partition,
        account_id=account_id,
        organization=organization_of(account_id),
    )
    context = _context(call, known)
    for parameter in RESOURCES.get(call.operation, ()):
        entity_id = str(parameters.get(parameter) or "")
        if not entity_id and call.operation == "DescribeEffectivePolicy":
            entity_id = account_id  # the caller's own, when it names none
        yield _on(known, action, entity_id, context)
    made = _TAGGED_AT_CREATION.get(call.operation)
    on_everything = made == "account" and known.new_account_resource == "*"
    if call.operation == "InviteAccountToOrganization" and not on_everything:
        yield _on(known, action, _invited(parameters), context)
    elif call.operation == "PutResourcePolicy":
        yield Requirement(action=action, resource=known.arn("resourcepolicy", "*"), context=context)
    elif call.operation not in RESOURCES:
        yield Requirement(action=action, context=context)
    if made and parameters.get("Tags"):
        yield Requirement(
            action="organizations:TagResource",
            resource="*" if on_everything else known.arn(made, "*"),
            context=context,
        )
    if call.operation in _LINKED_ROLE:
        role = "aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations"
        yield Requirement(
            action="iam:CreateServiceLinkedRole",
            resource=f"arn:{call.partition}:iam::{account_id}:role/{role}",
            context=single("iam:awsservicename", "organizations.amazonaws.com"),
            dependency="ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE",
        )


def _invited(parameters: Mapping[str, Any]) -> str:
    target = parameters.get("Target") or {}
    return str(target.get("Id", "")) if target.get("Type") == "ACCOUNT" else "*"


def _on(
    known: _Entities, action: str, entity_id: str, context: Mapping[str, Values]
) -> Requirement:
    return Requirement(
        action=action,
        resource=known.arn_of(entity_id),
        context=context,
        tags=lambda: known.tags(entity_id),
    )


def _context(call: ApiCall, known: _Entities) -> dict[str, Values]:
    parameters = call.parameters
    context = request_tags(parameters)
    context |= single("organizations:serviceprincipal", parameters.get("ServicePrincipal"))
    return context | single("organizations:policytype", _policy_type(call, known))


def _policy_type(call: ApiCall, known: _Entities) -> str | None:
    parameters = call.parameters
    if call.operation in {"ListPolicies", "ListPoliciesForTarget"}:
        return parameters.get("Filter")
    if call.operation == "CreatePolicy":
        return parameters.get("Type")
    entity_id = str(parameters.get("PolicyId") or parameters.get("ResourceId") or "")
    if entity_id.startswith(_POLICY_ID):
        return str(getattr(known.policy(entity_id), "type", "")) or None
    return parameters.get("PolicyType")


@dataclass(frozen=True, kw_only=True)
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

    def arn_of(self, entity_id: str) -> str:
        """The ARN of a root, OU, policy, handshake or account; the form of the id tells which."""
        if entity_id.startswith(_ROOT_ID):
            return self.arn("root", entity_id)
        if entity_id.startswith(_OU_ID):
            return self.arn("ou", entity_id)
        if entity_id.startswith(_POLICY_ID):
            return self._policy_arn(entity_id)
        if entity_id.startswith(_HANDSHAKE_ID):
            return self._handshake_arn(entity_id)
        return self.arn("account", entity_id)

    def arn(self, kind: str, entity_id: str) -> str:
        """The ARN of an entity of the organization, by its kind and id."""
        owner, organization_id = self.account_id, "o-none"
        if self.organization is not None:
            owner, organization_id = self.organization.account_id, self.organization.org.id
        start = f"arn:{self.partition}:organizations::{owner}"
        return f"{start}:{kind}/{organization_id}/{entity_id}"

    def tags(self, entity_id: str) -> Mapping[str, str]:
        """The tags of an account, root, OU or policy."""
        known = self.organization
        entities = [*known.accounts, *known.ou, *known.policies] if known is not None else []
        return next((entity.tags for entity in entities if entity.id == entity_id), {})

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
