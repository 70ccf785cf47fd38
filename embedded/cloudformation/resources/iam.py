"""AWS::IAM::Role, Policy and ManagedPolicy."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from moto.iam import models

from embedded.cloudformation.resource import Place, Properties, Resource, generated_name, names
from embedded.moto_patches import iam_managed_policies


class Role(Resource):
    """A role with its trust, inline policies, attached policies and boundary."""

    type: ClassVar[str] = "AWS::IAM::Role"
    understood = names(
        "AssumeRolePolicyDocument Description ManagedPolicyArns Path PermissionsBoundary"
        " Policies.PolicyDocument Policies.PolicyName RoleName Tags"
    )
    attribute_names = names("Arn RoleId")
    replaced_by = names("Path RoleName")
    name_property = "RoleName"

    def create(self) -> None:
        role = _backend(self.place).create_role(
            role_name=self.name(),
            assume_role_policy_document=_document(self.properties["AssumeRolePolicyDocument"]),
            path=self.properties.get("Path", "/"),
            permissions_boundary=self.properties.get("PermissionsBoundary"),
            description=self.properties.get("Description", ""),
            tags=self.properties.get("Tags", []),
            max_session_duration=self.properties.get("MaxSessionDuration", 3600),
        )
        self.physical_resource_id = role.name
        self.attributes = {"Arn": role.arn, "RoleId": role.id}
        try:
            self._attach({})
        except Exception:
            self.delete()  # half a role would keep the stack from being rolled back
            raise

    def update(self, before: Properties) -> None:
        backend, name = _backend(self.place), self.physical_resource_id
        backend.update_assume_role_policy(
            name, _document(self.properties["AssumeRolePolicyDocument"])
        )
        backend.update_role(
            name,
            self.properties.get("Description", ""),
            self.properties.get("MaxSessionDuration", 3600),
        )
        backend.get_role(name).permissions_boundary_arn = self.properties.get("PermissionsBoundary")
        backend.get_role(name).tags = self.properties.get("Tags", [])
        self._attach(before)

    def delete(self) -> None:
        backend, name = _backend(self.place), self.physical_resource_id
        role = backend.get_role(name)
        for policy in self.properties.get("Policies", []):
            role.policies.pop(policy["PolicyName"], None)
        for arn in list(role.managed_policies):
            backend.detach_role_policy(arn, name)
        backend.delete_role(name)

    def _attach(self, before: Properties) -> None:
        backend, name = _backend(self.place), self.physical_resource_id
        wanted = {p["PolicyName"]: p["PolicyDocument"] for p in self.properties.get("Policies", [])}
        for policy in before.get("Policies", []):
            if policy["PolicyName"] not in wanted:
                backend.delete_role_policy(name, policy["PolicyName"])
        for policy_name, document in wanted.items():
            backend.put_role_policy(name, policy_name, _document(document))
        arns = self.properties.get("ManagedPolicyArns", [])
        for arn in set(before.get("ManagedPolicyArns", [])) - set(arns):
            backend.detach_role_policy(arn, name)
        for arn in arns:
            iam_managed_policies.provide(backend, arn)
            backend.attach_role_policy(arn, name)


class Policy(Resource):
    """An inline policy put on roles, users and groups."""

    type: ClassVar[str] = "AWS::IAM::Policy"
    understood = names("Groups PolicyDocument PolicyName Roles Users")
    attribute_names = names("Id")

    def create(self) -> None:
        stack, logical_id = self.place.stack_name, self.logical_resource_id
        self.physical_resource_id = generated_name(stack[:5], logical_id[:4], length=64)
        self.attributes = {"Id": self.physical_resource_id}
        _backend(self.place).create_inline_policy(self.physical_resource_id, *self._content())

    def update(self, before: Properties) -> None:  # noqa: ARG002 - moto knows what was there
        _backend(self.place).update_inline_policy(self.physical_resource_id, *self._content())

    def delete(self) -> None:
        _backend(self.place).delete_inline_policy(self.physical_resource_id)

    def _content(self) -> tuple[Any, ...]:
        given = self.properties
        return (
            given["PolicyName"],
            _document(given["PolicyDocument"]),
            given.get("Groups", []),
            given.get("Roles", []),
            given.get("Users", []),
        )


class ManagedPolicy(Resource):
    """A customer managed policy, attached to roles."""

    type: ClassVar[str] = "AWS::IAM::ManagedPolicy"
    understood = names("Description ManagedPolicyName Path PolicyDocument Roles")
    attribute_names = names("PolicyArn PolicyId")
    replaced_by = names("Description ManagedPolicyName Path")
    name_property = "ManagedPolicyName"
    name_length = 128

    def create(self) -> None:
        backend = _backend(self.place)
        policy = backend.create_policy(
            description=self.properties.get("Description", ""),
            path=self.properties.get("Path", "/"),
            policy_document=_document(self.properties["PolicyDocument"]),
            policy_name=self.name(),
            tags=[],
        )
        self.physical_resource_id = policy.arn
        self.attributes = {"PolicyArn": policy.arn, "PolicyId": policy.id}
        for role in self.properties.get("Roles", []):
            backend.attach_role_policy(policy.arn, role)

    def update(self, before: Properties) -> None:
        backend, arn = _backend(self.place), self.physical_resource_id
        if before["PolicyDocument"] != self.properties["PolicyDocument"]:
            old = [each for each in backend.list_policy_versions(arn) if not each.is_default]
            for version in old:
                backend.delete_policy_version(arn, version.version_id)
            backend.create_policy_version(arn, _document(self.properties["PolicyDocument"]), "true")
        were, are = set(before.get("Roles", [])), set(self.properties.get("Roles", []))
        for role in were - are:
            backend.detach_role_policy(arn, role)
        for role in are - were:
            backend.attach_role_policy(arn, role)

    def delete(self) -> None:
        backend, arn = _backend(self.place), self.physical_resource_id
        for role in self.properties.get("Roles", []):
            backend.detach_role_policy(arn, role)
        backend.delete_policy(arn)


def _backend(place: Place) -> Any:
    return models.iam_backends[place.account_id][place.partition]


def _document(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)
