"""The resources that a call of EventBridge, IAM, Lambda, Logs, Step Functions, STS or Systems
Manager names.
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.iam.models import iam_backends

from embedded import stepfunctions
from embedded.authorization.required_permission import no_tags, single
from embedded.authorization.service_authorization.resource import ANY, Resource, arn_of, named
from embedded.organizations.state import organization_of
from embedded.protocols.protocols import ApiCall

_STATES_ARNS = (
    "executionArn",
    "stateMachineArn",
    "stateMachineAliasArn",
    "stateMachineVersionArn",
    "activityArn",
    "mapRunArn",
    "resourceArn",
)
_STATES_TYPES = ("activity", "execution", "maprun", "statemachine")
_STATES_MADE = {
    "CreateStateMachine": ("statemachine", "StateMachineName"),
    "CreateActivity": ("activity", "ActivityName"),
}

_FUNCTION_PARTS = 7
"""Parts of an unqualified function ARN; a qualifier makes one more."""

_ROLE_COLONS = 5
"""Colons of a role's ARN."""

_IAM_ENTITIES = (
    ("RoleName", "role"),
    ("UserName", "user"),
    ("GroupName", "group"),
    ("InstanceProfileName", "instance-profile"),
)


def events(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """The bus of every entry; rules, which belong to a bus unless it is the default one."""
    parameters = call.parameters
    for entry in parameters.get("Entries") or ():
        bus = _bus(call, account_id, entry.get("EventBusName"))
        yield Resource(arn=bus.arn, types=bus.types, parameters=entry)
    name, bus_name = parameters.get("Name"), parameters.get("EventBusName")
    rule = parameters.get("Rule") or name
    if rule:
        path = f"{bus_name}/{rule}" if bus_name not in (None, "default") else rule
        yield Resource(
            arn=arn_of(call, account_id, "events:rule-on-default-event-bus", RuleName=path),
            types=("rule-on-default-event-bus", "rule-on-custom-event-bus"),
        )
    if name or bus_name:
        yield _bus(call, account_id, name or bus_name)


def _bus(call: ApiCall, account_id: str, name: str | None) -> Resource:
    return named(call, account_id, "events:event-bus", "EventBusName", name or "default")


def functions(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Functions by name, partial ARN or ARN, with their qualifier where one is given."""
    name = str(call.parameters.get("FunctionName") or "")
    if not name:
        return
    owner = account_id
    if ":function:" in name and not name.startswith("arn:"):
        owner, _, name = name.partition(":function:")
    arn = named(call, owner, "lambda:function", "FunctionName", name).arn
    qualifier = call.parameters.get("Qualifier")
    if qualifier and arn.count(":") < _FUNCTION_PARTS:
        arn = f"{arn}:{qualifier}"
    yield Resource(arn=arn, types=("function", "function alias", "function version"))


def logs(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Log groups and streams; AWS ends a group's ARN with an empty stream when none is meant."""
    parameters = call.parameters
    name = parameters.get("logGroupName") or parameters.get("logGroupIdentifier")
    if name:
        group = named(call, account_id, "logs:log-group", "LogGroupName", str(name)).arn
        stream = parameters.get("logStreamName", "")
        yield Resource(arn=f"{group}:log-stream:{stream}", types=("log-group", "log-stream"))


def states(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """State machines, executions, activities and map runs, by the ARN that the call gives.

    A task token stands for the machine whose task waits under it: Step Functions checks that,
    although the reference lists no resource for SendTaskSuccess and its like.
    """
    parameters = call.parameters
    token = parameters.get("taskToken")
    if token:
        machine = stepfunctions.backends[account_id][call.region].machine_of_token(str(token))
        yield Resource(arn=machine or ANY)
        return
    arn = next((parameters[name] for name in _STATES_ARNS if parameters.get(name)), None)
    if call.operation in _STATES_MADE:
        kind, part = _STATES_MADE[call.operation]
        name = str(parameters.get("name", ""))
        arn = arn_of(call, account_id, f"states:{kind}", **{part: name})
    if arn:
        yield Resource(arn=str(arn), types=_STATES_TYPES)


def ssm(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Parameters by name or ARN, the name with or without its leading slash."""
    parameters = call.parameters
    names = parameters.get("Names") or [parameters.get("Name") or parameters.get("Path")]
    for name in filter(None, names):
        short = str(name).removeprefix("/")
        part = "ParameterNameWithoutLeadingSlash"
        yield named(call, account_id, "ssm:parameter", part, short)


def sts(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """The role, or the member account's root user, whose session is asked for."""
    del account_id
    role, target = call.parameters.get("RoleArn"), call.parameters.get("TargetPrincipal")
    if role:
        owner = str(role).split(":")[4] if str(role).count(":") >= _ROLE_COLONS else ""
        organization = organization_of(owner)
        yield Resource(
            arn=str(role),
            types=("role",),
            context={
                **single("aws:resourceaccount", owner),
                # Absent for an account in no organization ("AWS global condition context keys").
                **single("aws:resourceorgid", organization.org.id if organization else None),
            },
        )
    if target:
        root = target if ":" in target else arn_of(call, target, "sts:root-user")
        yield Resource(arn=root, types=("root-user",))


def iam(call: ApiCall, account_id: str) -> Iterator[Resource]:
    """Roles, users, groups, profiles and policies."""
    parameters = call.parameters
    for parameter, kind in _IAM_ENTITIES:
        if parameters.get(parameter):
            yield _entity(call, account_id, kind, str(parameters[parameter]))
    if policy_arn := parameters.get("PolicyArn"):
        yield Resource(arn=str(policy_arn), types=("policy",))
    if call.operation == "CreatePolicy":
        name = f"{parameters.get('Path', '/')}{parameters.get('PolicyName', '')}".lstrip("/")
        arn = arn_of(call, account_id, "iam:policy", PolicyNameWithPath=name)
        yield Resource(arn=arn, types=("policy",))
    if call.operation == "CreateServiceLinkedRole":
        name = f"aws-service-role/{parameters.get('AWSServiceName', '')}/*"
        arn = arn_of(call, account_id, "iam:role", RoleNameWithPath=name)
        yield Resource(arn=arn, types=("role",))


def _entity(call: ApiCall, account_id: str, kind: str, name: str) -> Resource:
    backend = iam_backends[account_id][call.partition]
    known = {"role": backend.roles, "user": backend.users, "group": backend.groups}.get(kind, {})
    entity = next((one for one in list(known.values()) if one.name == name), None)
    # What is yet to be created takes its path from the request.
    path = getattr(entity, "path", None) or call.parameters.get("Path") or "/"
    tags = getattr(entity, "tags", None) if kind == "role" else None
    return Resource(
        arn=f"arn:{call.partition}:iam::{account_id}:{kind}{path}{name}",
        types=(kind,),
        tags=(lambda: {tag["Key"]: tag["Value"] for tag in tags}) if tags else no_tags,
    )
