"""What the workflow does, read from where it is said: the definition and the operations' CALLS.

A new state, call or source is in the matrix as soon as it is in one of these two.
"""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.core.service_models import client_name
from statemachines import definitions
from vending.request.sources import SOURCES

ROOT = Path(__file__).resolve().parents[2]

WORKFLOW = "StepFunctions"
"""Who invokes the functions: the state machine's role, by its session's name."""

EVENT_BUS = "EventBridge"
"""Who starts executions for events."""

CREATIONS = ("CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization")
"""What cannot be undone and has no client token."""


@dataclass(frozen=True, order=True)
class Site:
    """A place from which AWS is called: `actor` is a function's construct id, or a service."""

    actor: str
    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.actor}-{self.service}-{self.operation}"


ELSEWHERE = {
    # Of an organization's setup: a request changes no policy.
    Site("CreatePolicy", "organizations", "UpdatePolicy"),
    # Looks for an account that is invited by email, where the request policy says which places its
    # sender may touch; here the sender is an administrator.
    Site("AcceptRequest", "organizations", "ListAccounts"),
}
"""Calls that no request of the matrix can lead to."""


TRANSACTED = {
    ("AcceptRequest", "dynamodb", "PutItem"): "TransactWriteItems",
    ("AcceptRequest", "dynamodb", "UpdateItem"): "TransactWriteItems",
    ("RecordVended", "dynamodb", "PutItem"): "TransactWriteItems",
    ("RecordVended", "dynamodb", "UpdateItem"): "TransactWriteItems",
}
"""Writes that are one call together; DynamoDB's grants are for each of them."""


@functools.cache
def machine() -> dict[str, Any]:
    """The definition."""
    return definitions.definition("account_vending")


@functools.cache
def sources() -> dict[str, str]:
    """The sources that the definition serves, and the state each begins with."""
    found: dict[str, str] = {}
    for rule in machine()["States"]["ChooseSource"]["Choices"]:
        for source in sorted(_sources(rule)):
            found.setdefault(source, rule["Next"])
    return found


@functools.cache
def states_of(source: str) -> dict[str, dict[str, Any]]:
    """Every state that an execution of the source may enter, by name."""
    states, seen = machine()["States"], {}
    waiting = [machine()["StartAt"]]
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        state = seen[name] = states[name]
        waiting.extend(_next(state, source))
        for branch in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            seen.update(_inner(branch))
    return seen


def tasks_of(source: str) -> list[str]:
    """The operations that the tasks among them run."""
    tasks = [one for one in states_of(source).values() if one["Type"] == "Task"]
    named = [re.findall(r"\w+(?=FunctionArn)", one["Arguments"]["FunctionName"]) for one in tasks]
    return list(dict.fromkeys(operation for (operation,) in named))


@functools.cache
def sites_of(source: str) -> tuple[Site, ...]:
    """Every AWS call that can be made for a request of the source."""
    found = [
        Site(EVENT_BUS, "stepfunctions", "StartExecution"),
        Site(WORKFLOW, "lambda", "Invoke"),
    ]
    for task in tasks_of(source):
        for call in sorted(calls_of(task)):
            service, operation = call.split(":")
            made = TRANSACTED.get((task, service, operation), operation)
            found.append(Site(task, client_name(service), made))
    return tuple(site for site in dict.fromkeys(found) if site not in ELSEWHERE)


def calls_of(operation: str) -> set[str]:
    """What the operation's module declares to call, as `service:Operation`."""
    module = importlib.import_module(f"operations.{module_name(operation)}")
    declared: set[str] = module.CALLS
    return declared


def module_name(operation: str) -> str:
    """`enable_aws_service_access` of `EnableAWSServiceAccess`."""
    modules = {path.stem for path in (ROOT / "functions" / "operations").glob("[a-z]*.py")}
    return next(name for name in modules if name.replace("_", "") == operation.lower())


def _next(state: dict[str, Any], source: str) -> list[str]:
    """Where a request of the source may go from here: a choice by source is no choice for it."""
    by_source = [rule for rule in state.get("Choices", []) if _sources(rule)]
    mine = [rule for rule in by_source if source in _sources(rule)]
    if mine and by_source:
        return [mine[0]["Next"]]
    others = [rule for rule in state.get("Choices", []) if rule not in by_source]
    rules = [state, *state.get("Catch", []), *others]
    found = [rule["Next"] for rule in rules if "Next" in rule]
    return [*found, *([state["Default"]] if "Default" in state else [])]


def _sources(rule: dict[str, Any]) -> set[str]:
    """The sources that a choice's rule is for; none where it asks for something else."""
    if "$request.source" not in rule["Condition"]:
        return set()
    return set(re.findall(r"['\"]([a-z-]+)['\"]", rule["Condition"])) & set(SOURCES)


def _inner(scope: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = dict(scope["States"])
    for state in scope["States"].values():
        for branch in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            found.update(_inner(branch))
    return found
