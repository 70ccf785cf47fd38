"""What CreateStateMachine and ValidateStateMachineDefinition find wrong in a definition. Pure.

Implements the States Language specification; the codes are those of
ValidateStateMachineDefinitionDiagnostic. What is wrong within one state is found by `state_checks`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from embedded.stepfunctions.definition_fields import (
    JSONATA,
    JSONPATH,
    MACHINE_FIELDS,
    PROCESSOR_FIELDS,
    SCOPE_FIELDS,
)
from embedded.stepfunctions.state_checks import (
    Problem,
    language_of,
    members,
    schema,
    seconds_problems,
    state_problems,
    unsupported,
)

_ENDS = {"Succeed", "Fail"}


def problems(definition: str) -> list[Problem]:
    """Everything that is wrong with the definition; empty for one that can be created."""
    try:
        machine = json.loads(definition, object_pairs_hook=_without_duplicates)
    except ValueError as error:
        return [Problem(code="INVALID_JSON_DESCRIPTION", message=str(error))]
    if not isinstance(machine, dict):
        return [schema("Definition must be a valid JSON object", "")]
    language = machine.get("QueryLanguage", JSONPATH)
    found = list(unsupported(machine, MACHINE_FIELDS, ""))
    if language not in (JSONATA, JSONPATH):
        found.append(schema(f"QueryLanguage must be {JSONATA} or {JSONPATH}", "/QueryLanguage"))
        language = JSONATA
    found += seconds_problems(machine, ("TimeoutSeconds",), JSONPATH, "")
    return [*found, *_scope(machine, "", language, language), *_duplicates(machine)]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"Duplicate field '{name}'")
        members[name] = value
    return members


def _scope(scope: dict[str, Any], path: str, language: str, whole: str) -> Iterator[Problem]:
    """A machine, a branch or an item processor: its states, then how they lead to each other."""
    missing = [name for name in ("States", "StartAt") if name not in scope]
    if missing:
        yield schema(f"These fields are required: [{', '.join(missing)}]", path or "/")
    states = scope.get("States", {})
    if not isinstance(states, dict) or not all(isinstance(each, dict) for each in states.values()):
        yield schema("States must be an object of states", f"{path}/States")
        return
    for name, state in states.items():
        place = f"{path}/States/{name}"
        yield from state_problems(name, state, place, language, whole)
        for field, inner in _inner_scopes(state):
            fields = SCOPE_FIELDS if field.startswith("Branches") else PROCESSOR_FIELDS
            yield from unsupported(inner, fields, f"{place}/{field}")
            inner_language = language_of(state, language, whole)
            yield from _scope(inner, f"{place}/{field}", inner_language, whole)
    if not missing:
        yield from _transitions(scope["StartAt"], states, path)


def _transitions(start: Any, states: dict[str, Any], path: str) -> Iterator[Problem]:
    if not isinstance(start, str) or start not in states:
        message = f"Missing 'Next' target: {start}"
        yield Problem(code="MISSING_TRANSITION_TARGET", message=message, location=f"{path}/StartAt")
    for name, state in states.items():
        for place, target in _targets(state):
            if target not in states:
                yield Problem(
                    code="MISSING_TRANSITION_TARGET",
                    message=f"Missing 'Next' target: {target}",
                    location=f"{path}/States/{name}/{place}",
                )
    if not any(_is_terminal(state) for state in states.values()):
        yield Problem(code="MISSING_END_STATE", message="Workflow has no terminal state")
        return
    reached: set[str] = set()
    ahead = [start] if isinstance(start, str) else []
    while ahead:
        name = ahead.pop()
        if name in states and name not in reached:
            reached.add(name)
            ahead += [target for _, target in _targets(states[name])]
    for name in states:
        if name not in reached:
            yield Problem(
                code="MISSING_TRANSITION_TARGET",
                message=f'State "{name}" is not reachable.',
                location=f"{path}/States/{name}",
            )


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if isinstance(state.get(field), str):
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for index, rule in members(state, field):
            if isinstance(rule.get("Next"), str):
                yield f"{field}[{index}]/Next", rule["Next"]


def _is_terminal(state: dict[str, Any]) -> bool:
    return state.get("Type") in _ENDS or state.get("End") is True


def _duplicates(machine: dict[str, Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for name, location in _names(machine, ""):
        if name in seen:
            message = f"Duplicate state name: {name}"
            yield Problem(code="DUPLICATE_STATE_NAME", message=message, location=location)
        seen.add(name)


def _names(scope: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    states = scope.get("States")
    for name, state in (states if isinstance(states, dict) else {}).items():
        yield name, f"{path}/States/{name}"
        if isinstance(state, dict):
            for place, inner in _inner_scopes(state):
                yield from _names(inner, f"{path}/States/{name}/{place}")


def _inner_scopes(state: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(field), dict):
            yield field, state[field]
    for index, branch in members(state, "Branches"):
        yield f"Branches[{index}]", branch
