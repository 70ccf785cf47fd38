"""Requests of CloudFormation about a custom resource, as its functions get them."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.functions.api_calls import RETIREMENT, VENDING
from tests.unit.functions.world import EXECUTION, World

STACK = "arn:aws:cloudformation:us-east-1:111111111111:stack/Accounts/3f1c"
DELIVERY = "11111111-2222-3333-4444-555555555555"
URL = "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a?X-Amz-Signature=b"
SOURCE = "account-vending.cloudformation"
STARTED = f"{VENDING.replace(':stateMachine:', ':execution:')}:cfn-{DELIVERY}"
RETIRING = f"{RETIREMENT.replace(':stateMachine:', ':execution:')}:cfn-{DELIVERY}"
PROPERTIES: dict[str, Any] = {
    "account": {"name": "Sandbox", "email": "team@example.com"},
    "organizationalUnit": "/Workloads/Sandbox",
}
ENVIRONMENT = {
    "STATE_MACHINE_ARN": VENDING,
    "RETIREMENT_STATE_MACHINE_ARN": RETIREMENT,
    "CUSTOM_RESOURCE_ON_DELETE": "retire",
}
REQUESTER: dict[str, Any] = {
    "senders": [{"account": "111111111111", "source": SOURCE}],
    "organizationalUnits": ["/Workloads"],
    "emails": ["*@example.com"],
    "retire": ["/Workloads"],
}
POLICY: dict[str, Any] = {"requesters": {"stacks": REQUESTER}}
AS_ADMINISTRATOR: dict[str, Any] = {
    "requesters": {"stacks": {"senders": REQUESTER["senders"], "roles": ["administrator"]}}
}


def an_event(kind: str = "Create", /, **changes: Any) -> dict[str, Any]:
    """A request of CloudFormation; by default about what does not exist yet."""
    known = {} if kind == "Create" else {"PhysicalResourceId": "stacks.sandbox"}
    event = {
        "RequestType": kind,
        "ServiceToken": "arn:aws:lambda:us-east-1:111111111111:function:Serve",
        "ResponseURL": URL,
        "StackId": STACK,
        "RequestId": DELIVERY,
        "ResourceType": "Custom::Account",
        "LogicalResourceId": "Sandbox",
        "ResourceProperties": {"ServiceToken": "arn:…", **PROPERTIES},
        **known,
    }
    return event | changes


def ask(world: World, event: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """RequestCustomAccount's result."""
    result: dict[str, Any] = world.call(
        "RequestCustomAccount",
        executionArn=EXECUTION.replace("account-vending", "account-custom-resource"),
        event=event or an_event(),
        **more,
    )
    return result


def started(world: World) -> list[dict[str, Any]]:
    """The inputs of the executions that were started."""
    return [json.loads(one["input"]) for one in world.called("StartExecution")]


def ended(world: World, status: str, arn: str = STARTED, **how: Any) -> None:
    """An execution is over; `output` and `cause` are given as objects."""
    world.organization.executions[arn] = status
    texts = {key: value if key == "error" else json.dumps(value) for key, value in how.items()}
    world.organization.endings[arn] = texts


def look(world: World, arn: str = STARTED, **more: Any) -> dict[str, Any]:
    """DescribeCustomAccount's result."""
    result: dict[str, Any] = world.call(
        "DescribeCustomAccount", executionArn=arn, physicalResourceId="stacks.sandbox", **more
    )
    return result


def stack(world: World, *statuses: str, parent: str | None = None, id_: str = STACK) -> None:
    """The stack has been in these statuses, the last of which it is in."""
    known = world.organization.answers
    stacks: dict[str, tuple[tuple[str, ...], str | None]] = getattr(
        known.get("DescribeStacks"), "stacks", {}
    )
    stacks[id_] = (statuses, parent)

    def describe_stacks(StackName: str) -> dict[str, Any]:  # noqa: N803
        found, above = stacks[StackName]
        about = {"StackId": StackName, "StackStatus": found[-1]}
        return {"Stacks": [about | ({"ParentId": above} if above else {})]}

    def describe_stack_events(StackName: str, NextToken: str | None = None) -> dict[str, Any]:  # noqa: N803
        """Pages of two, the latest first."""
        events = [
            {"PhysicalResourceId": StackName, "ResourceStatus": one}
            for one in reversed(stacks[StackName][0])
        ]
        at = int(NextToken or 0)
        more = {"NextToken": str(at + 2)} if at + 2 < len(events) else {}
        return {"StackEvents": events[at : at + 2], **more}

    describe_stacks.stacks = stacks  # type: ignore[attr-defined]
    known["DescribeStacks"] = describe_stacks
    known["DescribeStackEvents"] = describe_stack_events
