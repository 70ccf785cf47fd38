"""What each call of CloudWatch, EventBridge, IAM, Lambda, Logs, Step Functions, STS and Systems
Manager needs to be allowed.

Source: "Actions, resources, and condition keys for …" of each, Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from moto.iam.models import iam_backends

from embedded import stepfunctions
from embedded.policy_patterns import Values
from embedded.requirement import Requirement, no_tags, request_tags, single
from embedded.wire import ApiCall

_STATES_ARNS = (
    "executionArn",
    "stateMachineArn",
    "stateMachineAliasArn",
    "stateMachineVersionArn",
    "activityArn",
    "mapRunArn",
    "resourceArn",
)
_STATES_MADE = {"CreateStateMachine": "stateMachine", "CreateActivity": "activity"}

_INVOCATIONS = frozenset({"Invoke", "InvokeAsync", "InvokeWithResponseStream"})
_FUNCTION_PARTS = 7
"""Parts of an unqualified function ARN; a qualifier makes one more."""

_IAM_ENTITIES = (
    ("RoleName", "role"),
    ("UserName", "user"),
    ("GroupName", "group"),
    ("InstanceProfileName", "instance-profile"),
)


def cloudwatch(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Metrics are no resources; PutMetricData is limited by cloudwatch:namespace."""
    del account_id
    yield Requirement(
        action=f"cloudwatch:{call.operation}",
        context=request_tags(call.parameters)
        | single("cloudwatch:namespace", call.parameters.get("Namespace")),
    )


def events(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """The bus of every entry; rules, which belong to a bus unless it is the default one."""
    parameters = call.parameters
    if call.operation == "PutEvents":
        for entry in parameters.get("Entries") or ():
            yield Requirement(
                action="events:PutEvents",
                resource=_bus_arn(call, account_id, entry.get("EventBusName")),
                context=single("events:source", entry.get("Source"))
                | single("events:detail-type", entry.get("DetailType")),
            )
        return
    context = request_tags(parameters)
    bus = parameters.get("EventBusName")
    rule = parameters.get("Rule") or (parameters.get("Name") if "Rule" in call.operation else None)
    if rule:
        path = f"{bus}/{rule}" if bus not in (None, "default") else rule
        arn = f"arn:{call.partition}:events:{call.region}:{account_id}:rule/{path}"
        yield Requirement(action=f"events:{call.operation}", resource=arn, context=context)
    elif "EventBus" in call.operation and (parameters.get("Name") or bus):
        arn = _bus_arn(call, account_id, parameters.get("Name") or bus)
        yield Requirement(action=f"events:{call.operation}", resource=arn, context=context)


def _bus_arn(call: ApiCall, account_id: str, bus: str | None) -> str:
    if bus and bus.startswith("arn:"):
        return bus
    return f"arn:{call.partition}:events:{call.region}:{account_id}:event-bus/{bus or 'default'}"


def functions(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Functions by name, partial ARN or ARN, with their qualifier where one is given."""
    action = "InvokeFunction" if call.operation in _INVOCATIONS else call.operation
    name = call.parameters.get("FunctionName")
    if name:
        yield Requirement(
            action=f"lambda:{action}",
            resource=_function_arn(call, account_id, str(name)),
            context=request_tags(call.parameters),
        )


def _function_arn(call: ApiCall, account_id: str, name: str) -> str:
    if name.startswith("arn:"):
        arn = name
    elif ":function:" in name:
        owner, _, name = name.partition(":function:")
        arn = f"arn:{call.partition}:lambda:{call.region}:{owner}:function:{name}"
    else:
        arn = f"arn:{call.partition}:lambda:{call.region}:{account_id}:function:{name}"
    qualifier = call.parameters.get("Qualifier")
    return f"{arn}:{qualifier}" if qualifier and arn.count(":") < _FUNCTION_PARTS else arn


def logs(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Log groups and streams; AWS ends a group's ARN with an empty stream when none is meant."""
    parameters = call.parameters
    group = parameters.get("logGroupName") or parameters.get("logGroupIdentifier")
    if group:
        if not str(group).startswith("arn:"):
            group = f"arn:{call.partition}:logs:{call.region}:{account_id}:log-group:{group}"
        stream = parameters.get("logStreamName", "")
        yield Requirement(
            action=f"logs:{call.operation}",
            resource=f"{group}:log-stream:{stream}",
            context=request_tags(parameters),
        )


def states(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """State machines, executions, activities and map runs, by the ARN that the call gives.

    A task token stands for the machine whose task waits under it: Step Functions checks that,
    although the reference lists no resource for SendTaskSuccess and its like.
    """
    parameters = call.parameters
    arn = next((parameters[name] for name in _STATES_ARNS if parameters.get(name)), None)
    made = _STATES_MADE.get(call.operation)
    if made:
        place = f"{call.region}:{account_id}"
        arn = f"arn:{call.partition}:states:{place}:{made}:{parameters.get('name', '')}"
    token = parameters.get("taskToken")
    if token:
        arn = stepfunctions.backends[account_id][call.region].machine_of_token(str(token))
    yield Requirement(
        action=f"states:{call.operation}",
        resource=str(arn or "*"),
        context=request_tags(parameters),
    )


def ssm(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Parameters by name or ARN, the name with or without its leading slash."""
    parameters = call.parameters
    named = parameters.get("Names") or [parameters.get("Name") or parameters.get("Path")]
    for name in named if "Parameter" in call.operation else ():
        if name:
            place = f"{call.partition}:ssm:{call.region}:{account_id}"
            arn = f"arn:{place}:parameter/{str(name).removeprefix('/')}"
            yield Requirement(
                action=f"ssm:{call.operation}",
                resource=name if str(name).startswith("arn:") else arn,
                context=request_tags(parameters),
            )


def sts(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """The role, or the member account's root user, whose session is asked for."""
    del account_id
    parameters = call.parameters
    context = request_tags(parameters)
    context |= single("sts:externalid", parameters.get("ExternalId"))
    context |= single("sts:rolesessionname", parameters.get("RoleSessionName"))
    task = parameters.get("TaskPolicyArn") or {}
    context |= single("sts:taskpolicyarn", task.get("arn"))
    resource = parameters.get("RoleArn")
    target = parameters.get("TargetPrincipal")
    if target:
        resource = target if ":" in target else f"arn:{call.partition}:iam::{target}:root"
    yield Requirement(
        action=f"sts:{call.operation}", resource=str(resource or "*"), context=context
    )


def iam(call: ApiCall, account_id: str) -> Iterator[Requirement]:
    """Roles, users, groups, profiles and policies; account-wide operations, root features among
    them, know no resource.
    """
    parameters = call.parameters
    action = f"iam:{call.operation}"
    context = request_tags(parameters)
    context |= single("iam:permissionsboundary", parameters.get("PermissionsBoundary"))
    context |= single("iam:awsservicename", parameters.get("AWSServiceName"))
    policy_arn = parameters.get("PolicyArn")
    for parameter, kind in _IAM_ENTITIES:
        name = parameters.get(parameter)
        if name:
            yield _on_entity(
                call,
                account_id,
                kind,
                str(name),
                context | single("iam:policyarn", policy_arn),
            )
            return
    resource = policy_arn
    if call.operation == "CreatePolicy":
        path, name = parameters.get("Path", "/"), parameters.get("PolicyName", "")
        resource = f"arn:{call.partition}:iam::{account_id}:policy{path}{name}"
    elif call.operation == "CreateServiceLinkedRole":
        service = parameters.get("AWSServiceName", "")
        resource = f"arn:{call.partition}:iam::{account_id}:role/aws-service-role/{service}/*"
    yield Requirement(action=action, resource=str(resource or "*"), context=context)


def _on_entity(
    call: ApiCall, account_id: str, kind: str, name: str, context: Mapping[str, Values]
) -> Requirement:
    backend = iam_backends[account_id][call.partition]
    known = {"role": backend.roles, "user": backend.users, "group": backend.groups}.get(kind, {})
    entity = next((one for one in list(known.values()) if one.name == name), None)
    # What is yet to be created takes its path from the request.
    path = getattr(entity, "path", None) or call.parameters.get("Path") or "/"
    tags = getattr(entity, "tags", None) if kind == "role" else None
    return Requirement(
        action=f"iam:{call.operation}",
        resource=f"arn:{call.partition}:iam::{account_id}:{kind}{path}{name}",
        context=context,
        tags=(lambda: {tag["Key"]: tag["Value"] for tag in tags}) if tags else no_tags,
    )
