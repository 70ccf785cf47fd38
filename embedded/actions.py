"""What a call needs to be allowed: actions, on which resources, with which condition values.

One entry for each service whose actions know resources, from the Service Authorization Reference;
a call of any other service or operation needs its action on `*`, so that only a policy that says
`*` allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from embedded import data_actions, management_actions, organizations_actions
from embedded.requirement import Requirement, request_tags
from embedded.wire import ApiCall

_PREFIXES = {"stepfunctions": "states", "resourcegroupstaggingapi": "tag"}
"""IAM's prefixes where they are not boto3's names."""

_SERVICES: Mapping[str, Callable[[ApiCall, str], Iterable[Requirement]]] = {
    "cloudwatch": management_actions.cloudwatch,
    "dynamodb": data_actions.dynamodb,
    "events": management_actions.events,
    "iam": management_actions.iam,
    "lambda": management_actions.functions,
    "logs": management_actions.logs,
    "organizations": organizations_actions.organizations,
    "s3": data_actions.s3,
    "sqs": data_actions.sqs,
    "ssm": management_actions.ssm,
    "stepfunctions": management_actions.states,
    "sts": management_actions.sts,
}


def requirements(call: ApiCall, account_id: str) -> tuple[Requirement, ...]:
    """Everything that must be allowed for `call`, made from `account_id`; never empty."""
    found: tuple[Requirement, ...] = ()
    service = _SERVICES.get(call.service)
    if service is not None:
        found = tuple(service(call, account_id))
    return found or (_on_everything(call),)


def _on_everything(call: ApiCall) -> Requirement:
    prefix = _PREFIXES.get(call.service, call.service)
    return Requirement(
        action=f"{prefix}:{call.operation or 'Unknown'}",
        context=request_tags(call.parameters),
    )


def mapped_services() -> frozenset[str]:
    """The services, by boto3's names, whose resources are known here."""
    return frozenset(_SERVICES)


__all__ = ["Requirement", "mapped_services", "requirements"]
