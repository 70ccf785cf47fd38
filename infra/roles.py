"""What the settings say of every role of the stack: its permissions boundary and its name."""

from __future__ import annotations

import jsii
from aws_cdk import Aspects, IAspect, Names, Stack
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from infra.settings import Settings

_ROLE_NAME_LENGTH = 64


def govern_roles(stack: Stack, settings: Settings) -> None:
    """Give all roles of the stack, present and to come, what the settings want of them."""
    if settings.permissions_boundary is not None:
        boundary = iam.ManagedPolicy.from_managed_policy_arn(
            stack, "PermissionsBoundary", settings.permissions_boundary
        )
        iam.PermissionsBoundary.of(stack).apply(boundary)
    if settings.name_prefix:
        Aspects.of(stack).add(_NamedRoles(settings.name_prefix))


@jsii.implements(IAspect)
class _NamedRoles:
    """Names roles by a prefix, for policies that allow to make roles of such names only."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def visit(self, node: IConstruct) -> None:
        """Name the role, unless it is no role."""
        if isinstance(node, iam.CfnRole):
            length = _ROLE_NAME_LENGTH - len(self._prefix)
            node.role_name = self._prefix + Names.unique_resource_name(node, max_length=length)
