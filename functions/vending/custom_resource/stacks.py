"""Whether a resource goes because somebody wants it to, or because its stack takes a failure back.

AWS CloudFormation User Guide, "Stack status codes". The request of a rollback is the same as that
of a deletion, so that the stack is asked; where it does not surely say the one, it is the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.errors.aws_errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_CLEANED_UP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
_DELETED = "DELETE_IN_PROGRESS"
_WAS_COMPLETE = {
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
}


def is_removal_wanted(stack_id: str, cloudformation: CloudFormationClient) -> bool:
    """Whether the resource was taken out of its template, or its stack is deleted.

    A stack that is deleted without ever having been complete is one whose creation failed. A nested
    stack is deleted as its parent says.
    """
    current: str | None = stack_id
    with translate_aws_errors():
        while current is not None:
            (stack,) = cloudformation.describe_stacks(StackName=current)["Stacks"]
            if stack["StackStatus"] == _CLEANED_UP:
                return True
            if stack["StackStatus"] != _DELETED or not _was_complete(current, cloudformation):
                return False
            current = stack.get("ParentId")
    return True


def _was_complete(stack_id: str, cloudformation: CloudFormationClient) -> bool:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return any(
        event.get("PhysicalResourceId") == stack_id and event.get("ResourceStatus") in _WAS_COMPLETE
        for page in pages
        for event in page["StackEvents"]
    )
