"""Change sets: each belongs to a stack, and what cannot be made is refused before it is one.

moto finds a change set by its name alone, although every stack that CDK deploys has one of the same
name, makes a second stack of the same name for each, and cannot delete one that is not there.
"""

from __future__ import annotations

from typing import Any

from moto.cloudformation import models, responses
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.core.responses import ActionResult, EmptyResult

from embedded.cloudformation.stack import Stack
from embedded.cloudformation.template import check

MOST_EXECUTED = 100
"""Executed change sets that are kept, the latest; AWS forgets those of a stack when one of them has
been executed.
"""

_IN_REVIEW = "REVIEW_IN_PROGRESS"
_EXECUTED = "EXECUTE_COMPLETE"

_create_change_set = models.CloudFormationBackend.create_change_set
_answer_create_change_set = responses.CloudFormationResponse.create_change_set


class ChangeSetNotFound(CloudFormationError):
    """No such change set (CloudFormation's ChangeSetNotFoundException, 404)."""

    code = "ChangeSetNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"ChangeSet [{name}] does not exist")


def create_change_set(self: Any, stack_name: str, *args: Any, **kwargs: Any) -> tuple[str, str]:
    """CreateChangeSet: for a new stack, one that is only in review, or an update.

    Raises:
        ValidationError: the stack exists or not as the type asks, or the template is refused.
    """
    check(Stack.parse_template(kwargs["template"]))
    found = [each for each in self.stacks.values() if stack_name in (each.name, each.stack_id)]
    if kwargs["change_set_type"] != "CREATE" or not found:
        change_set_id, stack_id = _create_change_set(self, stack_name, *args, **kwargs)
        return str(change_set_id), str(stack_id)
    (stack,) = found
    if stack.status != _IN_REVIEW:
        raise ValidationError(
            message=f"Stack [{stack.name}] already exists and cannot be created with the changeSet"
            f" [{kwargs['change_set_name']}]."
        )
    change_set_id, other_id = _create_change_set(self, stack.name, *args, **kwargs)
    del self.stacks[other_id]
    change_set = self.change_sets[change_set_id]
    change_set.stack, change_set.stack_id = stack, stack.stack_id
    return str(change_set_id), str(stack.stack_id)


def create_change_set_as_asked(self: Any) -> ActionResult:
    """CreateChangeSet, with ImportExistingResources, which moto leaves out."""
    answer = _answer_create_change_set(self)
    change_set = self.cloudformation_backend.change_sets[answer.result["Id"]]
    change_set.imports_existing = self._get_bool_param("ImportExistingResources", False)
    return answer


def delete_change_set(self: Any) -> EmptyResult:
    """DeleteChangeSet; one that is not there is no error."""
    backend = self.cloudformation_backend
    name, stack_name = self._get_param("ChangeSetName"), self._get_param("StackName")
    if stack_name:
        backend.get_stack(stack_name)
    for each in _matching(backend, name, stack_name):
        del backend.change_sets[each.change_set_id]
    return EmptyResult()


def describe_change_set(self: Any) -> ActionResult:
    """DescribeChangeSet, of the stack that is named."""
    name = self._get_param("ChangeSetName")
    return ActionResult(find(self.cloudformation_backend, name, self._get_param("StackName")))


def execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    """ExecuteChangeSet: as CreateStack and UpdateStack; moto reports success whatever happens."""
    change_set = find(self, change_set_name, stack_name)
    stack: Stack = self.stacks[change_set.stack_id]
    stack.resource_map.imports_existing = getattr(change_set, "imports_existing", False)
    if change_set.change_set_type == "CREATE":
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stack.template_dict = change_set.template_dict
        stack._add_stack_event("CREATE_IN_PROGRESS", resource_status_reason="User Initiated")
        stack.create_resources()
    else:
        stack.update(change_set.template, parameters=change_set.parameters, tags=change_set.tags)
    change_set.execution_status = _EXECUTED
    done = [key for key, each in self.change_sets.items() if each.execution_status == _EXECUTED]
    for oldest in done[:-MOST_EXECUTED]:
        del self.change_sets[oldest]


def parse_template(self: Any) -> None:
    """A change set's template, parsed as a stack's."""
    self.template_dict = Stack.parse_template(self.template)


def find(backend: Any, name: str, stack_name: str | None) -> Any:
    """The latest change set of that name or ARN.

    Raises:
        ChangeSetNotFound: there is none.
    """
    found = _matching(backend, name, stack_name)
    if not found:
        raise ChangeSetNotFound(name)
    return found[-1]


def _matching(backend: Any, name: str, stack_name: str | None) -> list[Any]:
    return [
        each
        for each in backend.change_sets.values()
        if name == each.change_set_id
        or (name == each.change_set_name and stack_name in (None, each.stack_name, each.stack_id))
    ]


def install() -> None:
    """Put all of this in the place of moto's."""
    models.ChangeSet._parse_template = parse_template
    models.CloudFormationBackend.create_change_set = create_change_set
    models.CloudFormationBackend.execute_change_set = execute_change_set
    responses.CloudFormationResponse.create_change_set = create_change_set_as_asked
    responses.CloudFormationResponse.delete_change_set = delete_change_set
    responses.CloudFormationResponse.describe_change_set = describe_change_set
