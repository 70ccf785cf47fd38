"""What a call needs to be allowed: actions, on which resources, with which condition values.

`permissions.reference` has AWS's facts: whether an action exists, the types of resources that it is
authorized on, its condition keys. The modules here only find in a call the resources that it names;
for a service without such a module, parameters are taken for the parts of ARNs that have their
names. A call whose action has no resources, or is not known, is authorized on `*`: only a policy
that says `*` allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from embedded.authorization.required_permission import RequiredPermission, request_tags
from embedded.authorization.service_authorization import data, management, organizations
from embedded.authorization.service_authorization.resource import ANY, Resource, by_names
from embedded.policies.patterns import Values
from embedded.protocols.protocols import ApiCall
from permissions import reference

_FINDERS: Mapping[str, Callable[[ApiCall, str], Iterable[Resource]]] = {
    "dynamodb": data.dynamodb,
    "events": management.events,
    "iam": management.iam,
    "lambda": management.functions,
    "logs": management.logs,
    "organizations": organizations.organizations,
    "s3": data.s3,
    "sns": data.sns,
    "sqs": data.sqs,
    "ssm": management.ssm,
    "stepfunctions": management.states,
    "sts": management.sts,
}

_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "lambda": dict.fromkeys(
        ("Invoke", "InvokeAsync", "InvokeWithResponseStream"), "InvokeFunction"
    ),
    "s3": data.S3_ACTIONS,
    "sqs": {
        "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
        "DeleteMessageBatch": "DeleteMessage",
        "SendMessageBatch": "SendMessage",
    },
}
"""Actions by operation, where they are not the operation's name."""


def required_permissions(call: ApiCall, account_id: str) -> tuple[RequiredPermission, ...]:
    """Everything that must be allowed for `call`, made from `account_id`; never empty."""
    operation = _ACTIONS.get(call.service, {}).get(call.operation, call.operation)
    own = f"{reference.prefix_of(call.service)}:{operation or 'Unknown'}"
    finder = _FINDERS.get(call.service)
    found = tuple(finder(call, account_id)) if finder else by_names(call, account_id, own)
    checked = [one for one in found if one.action or _is_authorized_on(own, one.types)]
    # An operation that is no action of its own, as a transaction, needs those of its parts only.
    is_action = reference.find(own) is not None
    if not any(one.action is None for one in checked) and (is_action or not checked):
        checked.insert(0, Resource(arn=ANY))
    return tuple(_permission(call, own, one) for one in checked)


def _is_authorized_on(action: str, types: tuple[str, ...]) -> bool:
    facts = reference.find(action)
    prefix = action.partition(":")[0]
    return facts is not None and (
        not types or any(f"{prefix}:{one}" in facts.resource_types for one in types)
    )


def _permission(call: ApiCall, own: str, resource: Resource) -> RequiredPermission:
    action = resource.action or own
    parameters = call.parameters if resource.parameters is None else resource.parameters
    facts = reference.find(action)
    keys = facts.condition_keys if facts else ()
    return RequiredPermission(
        action=action,
        resource=resource.arn,
        context={
            **request_tags(call.parameters),
            **dict(_named_by_parameters(keys, parameters)),
            **resource.context,
        },
        tags=resource.tags,
        dependency=resource.dependency,
    )


def _named_by_parameters(
    keys: Iterable[str], parameters: Mapping[str, Any]
) -> Iterator[tuple[str, Values]]:
    """Condition keys whose name is that of a parameter: `sts:ExternalId` is ExternalId."""
    values = {name.lower(): value for name, value in parameters.items()}
    for key in keys:
        value = values.get(key.partition(":")[2].replace("-", "").lower())
        if isinstance(value, Mapping):
            value = value.get("arn")
        if isinstance(value, str | int | float) and value != "":
            yield key.lower(), (str(value),)


def checked_services() -> frozenset[str]:
    """The services, by boto3's names, whose resources are known here."""
    return frozenset(_FINDERS)


__all__ = ["RequiredPermission", "checked_services", "required_permissions"]
