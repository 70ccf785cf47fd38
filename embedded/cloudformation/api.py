"""CloudFormation's operations where moto's answer would not be true of `Stack` and `Resources`.

Each function takes the place of the moto method of its name.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from embedded.moto_patches import deferred  # noqa: F401 - before moto's CloudFormation

# isort: split
from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import Export
from moto.core.responses import ActionResult

from embedded.cloudformation import change_sets, template_text, template_url
from embedded.cloudformation.resource import Resource
from embedded.cloudformation.stack import Stack
from embedded.cloudformation.stack_resources import Resources

MOST_DELETED = 100
"""Deleted stacks that are kept, the latest; AWS shows them for 90 days."""


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
        stack.delete(partial(_keep_deleted, self, stack))


def _keep_deleted(backend: Any, stack: Stack) -> None:
    backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
    for oldest in list(backend.deleted_stacks)[:-MOST_DELETED]:
        del backend.deleted_stacks[oldest]


def update_termination_protection(self: Any) -> ActionResult:
    """UpdateTerminationProtection: moto has none."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    stack.enable_termination_protection = self._get_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


def list_exports(self: Any, tokenstr: str | None) -> tuple[list[Export], str | None]:
    """ListExports: those of the stacks there are; moto forgets those of change sets."""
    del tokenstr  # no more than one page
    return [export for stack in self.stacks.values() for export in stack.exports], None


def get_template_summary(self: Any) -> ActionResult:
    """GetTemplateSummary: moto gives Metadata as an object, which is JSON text, and is slow.

    CloudFormation API reference, GetTemplateSummary.
    """
    name = self._get_param("StackName")
    if not name:
        summary: ActionResult = _MOTO_GET_TEMPLATE_SUMMARY(self)
        return summary
    stack = self.cloudformation_backend.get_stack(name)
    if stack.status == "REVIEW_IN_PROGRESS":
        raise ValidationError(
            message="GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks."
        )
    template = template_text.parse(stack.template)
    parameters = [
        {
            "ParameterKey": key,
            "DefaultValue": value.get("Default"),
            "ParameterType": value["Type"],
            "NoEcho": value.get("NoEcho", False),
            "Description": value.get("Description"),
        }
        for key, value in template.get("Parameters", {}).items()
    ]
    types = dict.fromkeys(each["Type"] for each in template.get("Resources", {}).values())
    return ActionResult(
        {
            "Parameters": parameters,
            "ResourceTypes": list(types),
            **{key: template[key] for key in ("Description",) if key in template},
            **({"Metadata": json.dumps(template["Metadata"])} if "Metadata" in template else {}),
        }
    )


_MOTO_GET_TEMPLATE_SUMMARY = responses.CloudFormationResponse.get_template_summary


def install() -> None:
    """Put all of this in the place of moto's."""
    change_sets.install()
    models.Stack = Stack
    models.ResourceMap = Resources
    models.CloudFormationBackend.delete_stack = delete_stack
    models.CloudFormationBackend.list_exports = list_exports
    models.get_stack_from_s3_url = responses.get_stack_from_s3_url = template_url.read
    responses.StackResourceDTO = StackResource
    responses.CloudFormationResponse.list_stack_resources = list_stack_resources
    responses.CloudFormationResponse.update_termination_protection = update_termination_protection
    responses.CloudFormationResponse.get_template_summary = get_template_summary
