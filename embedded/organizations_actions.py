"""What each call of AWS Organizations needs to be allowed.

Source: "Actions, resources, and condition keys for AWS Organizations", Service Authorization
Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.organizations.models import organizations_backends

from embedded import ACCOUNT_ID
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
    context = _context(call)
    for parameter in RESOURCES.get(call.operation, ()):
        entity_id = str(parameters.get(parameter) or "")
        if not entity_id and call.operation == "DescribeEffectivePolicy":
            entity_id = account_id  # the caller's own, when it names none
        yield _on(action, entity_id, context)
    if call.operation == "InviteAccountToOrganization":
        yield _on(action, _invited(parameters), context)
    elif call.operation == "PutResourcePolicy":
        yield Requirement(action=action, resource=_arn("resourcepolicy", "*"), context=context)
    elif call.operation not in RESOURCES:
        yield Requirement(action=action, context=context)
    made = _TAGGED_AT_CREATION.get(call.operation)
    if made and parameters.get("Tags"):
        yield Requirement(
            action="organizations:TagResource", resource=_arn(made, "*"), context=context
        )
    if call.operation in _LINKED_ROLE:
        role = "aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations"
        yield Requirement(
            action="iam:CreateServiceLinkedRole",
            resource=f"arn:aws:iam::{account_id}:role/{role}",
            context=single("iam:awsservicename", "organizations.amazonaws.com"),
        )


def _invited(parameters: Mapping[str, Any]) -> str:
    target = parameters.get("Target") or {}
    return str(target.get("Id", "")) if target.get("Type") == "ACCOUNT" else "*"


def _on(action: str, entity_id: str, context: Mapping[str, Values]) -> Requirement:
    return Requirement(
        action=action,
        resource=_entity_arn(entity_id),
        context=context,
        tags=lambda: _entity_tags(entity_id),
    )


def _context(call: ApiCall) -> dict[str, Values]:
    parameters = call.parameters
    context = request_tags(parameters)
    context |= single("organizations:serviceprincipal", parameters.get("ServicePrincipal"))
    return context | single("organizations:policytype", _policy_type(call))


def _policy_type(call: ApiCall) -> str | None:
    parameters = call.parameters
    if call.operation in {"ListPolicies", "ListPoliciesForTarget"}:
        return parameters.get("Filter")
    if call.operation == "CreatePolicy":
        return parameters.get("Type")
    entity_id = str(parameters.get("PolicyId") or parameters.get("ResourceId") or "")
    if entity_id.startswith(_POLICY_ID):
        return str(getattr(_policy(entity_id), "type", "")) or None
    return parameters.get("PolicyType")


def _entity_arn(entity_id: str) -> str:
    """The ARN of a root, OU, policy, handshake or account; the form of the id tells which."""
    if entity_id.startswith(_ROOT_ID):
        return _arn("root", entity_id)
    if entity_id.startswith(_OU_ID):
        return _arn("ou", entity_id)
    if entity_id.startswith(_POLICY_ID):
        return _policy_arn(entity_id)
    if entity_id.startswith(_HANDSHAKE_ID):
        return _handshake_arn(entity_id)
    return _arn("account", entity_id)


def _arn(kind: str, entity_id: str) -> str:
    backend = _backend()
    organization = getattr(backend, "org", None)
    owner = getattr(organization, "master_account_id", ACCOUNT_ID)
    organization_id = getattr(organization, "id", "o-none")
    return f"arn:aws:organizations::{owner}:{kind}/{organization_id}/{entity_id}"


def _policy_arn(policy_id: str) -> str:
    policy = _policy(policy_id)
    kind = str(getattr(policy, "type", "") or "service_control_policy").lower()
    if getattr(policy, "aws_managed", False):
        return f"arn:aws:organizations::aws:policy/{kind}/{policy_id}"
    return _arn("policy", f"{kind}/{policy_id}")


def _handshake_arn(handshake_id: str) -> str:
    handshakes = getattr(_backend(), "handshakes", None) or ()
    for handshake in handshakes.values() if isinstance(handshakes, Mapping) else handshakes:
        arn = str(getattr(handshake, "arn", ""))
        if arn.endswith(f"/{handshake_id}"):
            return arn
    return _arn("handshake", f"invite/{handshake_id}")


def _entity_tags(entity_id: str) -> Mapping[str, str]:
    backend = _backend()
    entities = [*backend.accounts, *backend.ou, *backend.policies]
    return next((entity.tags for entity in entities if entity.id == entity_id), {})


def _policy(policy_id: str) -> Any:
    return next((policy for policy in _backend().policies if policy.id == policy_id), None)


def _backend() -> Any:
    return organizations_backends[ACCOUNT_ID]["aws"]
