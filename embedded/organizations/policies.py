"""Policies of an organization: kept, attached, and switched on by type.

API reference: CreatePolicy, DescribePolicy, UpdatePolicy, DeletePolicy, ListPolicies, AttachPolicy,
DetachPolicy, ListPoliciesForTarget, ListTargetsForPolicy, EnablePolicyType, DisablePolicyType.
"""

from __future__ import annotations

from typing import Any, cast

from embedded.organizations.errors import (
    OrganizationsError,
    constraint_violation,
    invalid_input,
)
from embedded.organizations.paging import page
from embedded.organizations.policy import RCP, Policy, check_content
from embedded.organizations.quotas import POLICY_LIMITS
from embedded.organizations.service import Service
from embedded.organizations.tags import merged
from embedded.organizations.trusted_access import SERVICES_OF_POLICY_TYPES


class Policies(Service):
    """What may be attached to the root, OUs and accounts."""

    def create_policy(self, **request: Any) -> dict[str, Any]:
        """Create a policy, of a type that need not be on.

        Raises:
            OrganizationsError: PolicyTypeNotAvailableForOrganizationException without all features;
                InvalidInputException or ConstraintViolationException for the tags;
                MalformedPolicyDocumentException; DuplicatePolicyException for a name that any
                policy has; ConstraintViolationException for size or number.
        """
        policy_type = request["Type"]
        self._refuse_without_all_features()
        tags = merged({}, request.get("Tags", []))
        check_content(policy_type, request["Content"])
        self._refuse_name(request["Name"])
        limit = self.state.settings.policy_limit or POLICY_LIMITS[policy_type].number
        if sum(p.type == policy_type and not p.aws_managed for p in self._policies) >= limit:
            raise constraint_violation("POLICY_NUMBER_LIMIT_EXCEEDED")
        policy = Policy(
            organization=self.state.org,
            name=request["Name"],
            description=request["Description"],
            type=policy_type,
            content=request["Content"],
            tags=tags,
        )
        self._policies.append(policy)
        return {"Policy": policy.describe()}

    def describe_policy(self, **request: Any) -> dict[str, Any]:
        """The policy with its text, or PolicyNotFoundException."""
        return {"Policy": self._policy(request).describe()}

    def update_policy(self, **request: Any) -> dict[str, Any]:
        """Change name, description or content; what is not given stays."""
        policy = self._own_policy(request)
        name = request.get("Name", policy.name)
        if name != policy.name:
            self._refuse_name(name)
        if "Content" in request:
            check_content(policy.type, request["Content"])
        policy.name = name
        policy.description = request.get("Description", policy.description)
        policy.content = request.get("Content", policy.content)
        return {"Policy": policy.describe()}

    def delete_policy(self, **request: Any) -> None:
        """Delete a policy that is attached to nothing."""
        policy = self._own_policy(request)
        if self._targets_of(policy):
            raise OrganizationsError("PolicyInUseException")
        self._policies.remove(policy)

    def list_policies(self, **request: Any) -> dict[str, Any]:
        """The policies of one type, AWS's own first."""
        found = [one.summary() for one in self._policies if one.type == request["Filter"]]
        return page("ListPolicies", "Policies", found, request)

    def attach_policy(self, **request: Any) -> None:
        """Attach a policy to a root, OU or account.

        Raises:
            OrganizationsError: PolicyNotFoundException; TargetNotFoundException;
                PolicyTypeNotEnabledException; DuplicatePolicyAttachmentException;
                ConstraintViolationException MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED.
        """
        policy = self._policy(request)
        target = self._target(request)
        if not self.state.is_policy_type_enabled(policy.type):
            raise OrganizationsError("PolicyTypeNotEnabledException")
        if policy in target.attached_policies:
            raise OrganizationsError("DuplicatePolicyAttachmentException")
        if _attached(target, policy.type) >= POLICY_LIMITS[policy.type].attached_at_most:
            raise constraint_violation("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
        target.attached_policies.append(policy)

    def detach_policy(self, **request: Any) -> None:
        """Detach a policy, unless it is the last that its type asks an entity to have.

        Raises:
            OrganizationsError: PolicyNotFoundException; TargetNotFoundException;
                PolicyNotAttachedException; InvalidInputException NON_DETACHABLE_POLICY;
                ConstraintViolationException MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED.
        """
        policy = self._policy(request)
        target = self._target(request)
        if policy not in target.attached_policies:
            raise OrganizationsError("PolicyNotAttachedException")
        if policy.aws_managed and policy.type == RCP:
            raise invalid_input("NON_DETACHABLE_POLICY")
        if _attached(target, policy.type) <= POLICY_LIMITS[policy.type].attached_at_least:
            raise constraint_violation("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
        target.attached_policies.remove(policy)

    def list_policies_for_target(self, **request: Any) -> dict[str, Any]:
        """The policies of one type that are attached to the target itself."""
        attached = self._target(request).attached_policies
        found = [one.summary() for one in attached if one.type == request["Filter"]]
        return page("ListPoliciesForTarget", "Policies", found, request)

    def list_targets_for_policy(self, **request: Any) -> dict[str, Any]:
        """The root, OUs and accounts that the policy itself is attached to."""
        targets = [
            {"TargetId": one.id, "Arn": one.arn, "Name": one.name, "Type": one.type}
            for one in self._targets_of(self._policy(request))
        ]
        return page("ListTargetsForPolicy", "Targets", targets, request)

    def enable_policy_type(self, **request: Any) -> dict[str, Any]:
        """Switch a policy type on; AWS's default policy of the type is attached to everything.

        Raises:
            OrganizationsError: RootNotFoundException;
                PolicyTypeNotAvailableForOrganizationException without all features;
                PolicyTypeAlreadyEnabledException; ConstraintViolationException
                SERVICE_ACCESS_NOT_ENABLED for a type of a service that must have access first.
        """
        policy_type = request["PolicyType"]
        self._refuse_other_root(request)
        self._refuse_without_all_features()
        if self.state.is_policy_type_enabled(policy_type):
            raise OrganizationsError("PolicyTypeAlreadyEnabledException")
        service = SERVICES_OF_POLICY_TYPES.get(policy_type)
        if service is not None and service not in self.state.trusted_services:
            raise constraint_violation("SERVICE_ACCESS_NOT_ENABLED")
        self.state.enable_policy_type(policy_type)
        return {"Root": self.state.root.describe()}

    def disable_policy_type(self, **request: Any) -> dict[str, Any]:
        """Switch a policy type off; its policies are detached from everything, and stay."""
        self._refuse_other_root(request)
        policy_type = request["PolicyType"]
        if not self.state.is_policy_type_enabled(policy_type):
            raise OrganizationsError("PolicyTypeNotEnabledException")
        self.state.root.policy_types = [
            o for o in self.state.root.policy_types if o["Type"] != policy_type
        ]
        for entity in self._entities():
            entity.attached_policies = [
                policy for policy in entity.attached_policies if policy.type != policy_type
            ]
        return {"Root": self.state.root.describe()}

    @property
    def _policies(self) -> list[Policy]:
        return cast("list[Policy]", self.state.policies)

    def _policy(self, request: dict[str, Any]) -> Policy:
        found = next((one for one in self._policies if one.id == request["PolicyId"]), None)
        if found is None:
            raise OrganizationsError("PolicyNotFoundException")
        return found

    def _own_policy(self, request: dict[str, Any]) -> Policy:
        policy = self._policy(request)
        if policy.aws_managed:
            raise invalid_input("IMMUTABLE_POLICY")
        return policy

    def _entities(self) -> tuple[Any, ...]:
        return (*self.state.ou, *self.state.accounts)

    def _target(self, request: dict[str, Any]) -> Any:
        found = self.state.entity(request["TargetId"])
        if found is None:
            raise OrganizationsError("TargetNotFoundException")
        return found

    def _targets_of(self, policy: Policy) -> list[Any]:
        return [one for one in self._entities() if policy in one.attached_policies]

    def _refuse_name(self, name: str) -> None:
        if any(one.name == name for one in self._policies):
            raise OrganizationsError("DuplicatePolicyException")

    def _refuse_other_root(self, request: dict[str, Any]) -> None:
        if request["RootId"] != self.state.root.id:
            raise OrganizationsError("RootNotFoundException")

    def _refuse_without_all_features(self) -> None:
        if self.state.org.feature_set != "ALL":
            raise OrganizationsError("PolicyTypeNotAvailableForOrganizationException")


def _attached(target: Any, policy_type: str) -> int:
    return sum(policy.type == policy_type for policy in target.attached_policies)
