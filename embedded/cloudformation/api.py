"""CloudFormation's operations where moto's answer would not be true of `Stack` and `Resources`.

Each function takes the place of the moto method of its name.
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.core.responses import ActionResult

from embedded.cloudformation.resource import Resource
from embedded.cloudformation.stack import Stack
from embedded.cloudformation.stack_resources import Resources


class StackResource:
    """One resource as DescribeStackResources shows it, with a status of its own."""

    def __init__(self, stack: Stack, resource: Resource) -> None:
        self.stack_id = stack.stack_id
        self.stack_name = stack.name
        self.logical_resource_id = resource.logical_resource_id
        self.physical_resource_id = resource.physical_resource_id
        self.resource_type = resource.type
        self.resource_status = resource.status
        self.resource_status_reason = resource.status_reason
        self.timestamp = self.last_updated_timestamp = resource.timestamp


def list_stack_resources(self: Any) -> ActionResult:
    """ListStackResources: moto calls every resource CREATE_COMPLETE."""
    stack, resources = self.cloudformation_backend.list_stack_resources(
        self._get_param("StackName")
    )
    return ActionResult(
        {"StackResourceSummaries": [StackResource(stack, each) for each in resources]}
    )


def delete_stack(self: Any, name_or_stack_id: str) -> None:
    """DeleteStack: what cannot be deleted stays, DELETE_FAILED; an unknown stack is no error."""
    for stack in list(self.stacks.values()):
        if name_or_stack_id not in (stack.name, stack.stack_id):
            continue
        if str(stack.enable_termination_protection).lower() == "true":
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection"
                " is enabled"
            )
        stack.delete()
        if stack.status == "DELETE_COMPLETE":
            self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """ExecuteChangeSet: as CreateStack and UpdateStack; moto reports success whatever happens."""
    found = [
        each
        for each in self.change_sets.values()
        if change_set_name == each.change_set_id
        or (
            change_set_name == each.change_set_name
            and stack_name in (None, each.stack_name, each.stack_id)
        )
    ]
    if not found:
        raise ValidationError(message=f"ChangeSet [{change_set_name}] does not exist")
    change_set = found[-1]
    stack: Stack = self.stacks[change_set.stack_id]
    if change_set.change_set_type == "CREATE":
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack.template_dict = change_set.template_dict
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.create_resources()
    else:
        stack.update(change_set.template, parameters=change_set.parameters, tags=change_set.tags)
    change_set.execution_status = "EXECUTE_COMPLETE"


def parse_change_set(self: Any) -> None:
    """A change set's template, parsed as a stack's."""
    self.template_dict = Stack.parse_template(self.template)


def install() -> None:
    """Put all of this in the place of moto's."""
    models.Stack = Stack
    models.ResourceMap = Resources
    models.ChangeSet._parse_template = parse_change_set
    models.CloudFormationBackend.delete_stack = delete_stack
    models.CloudFormationBackend.execute_change_set = execute_change_set
    responses.StackResourceDTO = StackResource
    responses.CloudFormationResponse.list_stack_resources = list_stack_resources
