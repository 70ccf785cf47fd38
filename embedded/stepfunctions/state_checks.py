"""What is wrong within one state of a definition: its fields, rules and expressions. Pure.

Implements the States Language specification and "Managing state machine input and output with
JSONata" of the Step Functions developer guide. Which fields a state has is in `definition_fields`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from embedded.core.frozen import frozen
from embedded.stepfunctions.definition_fields import (
    CATCHER_FIELDS,
    CHOICE_RULE_FIELDS,
    DISTRIBUTED_FIELDS,
    JSONATA,
    JSONPATH,
    OPERATORS,
    RETRIER_FIELDS,
    STATE_FIELDS,
    of_language,
)

_SCHEMA = "SCHEMA_VALIDATION_FAILED"
_EXPRESSION = re.compile(r"^\{%(.*)%\}$", re.DOTALL)
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_MEMBER = re.compile(r"\$states\s*\.\s*(result|errorOutput)\b")
_VARIABLE = re.compile(r"[^\W\d]\w{0,79}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONGEST_NAME = 80
_LONGEST_SECONDS = 99_999_999
_WITH_RESULT = {"Task", "Parallel", "Map"}
_WAITS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
_EITHER = (
    ("TimeoutSeconds", "TimeoutSecondsPath"),
    ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ("Error", "ErrorPath"),
    ("Cause", "CausePath"),
    ("MaxConcurrency", "MaxConcurrencyPath"),
    ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ("ItemProcessor", "Iterator"),
    ("ItemSelector", "Parameters"),
)


@frozen
class Problem:
    """One diagnostic: AWS's code, what is wrong, and where; `location` is empty for the whole."""

    code: str
    message: str
    location: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" at {self.location}" if self.location else "")


def schema(message: str, location: str) -> Problem:
    """A problem of the code SCHEMA_VALIDATION_FAILED."""
    return Problem(code=_SCHEMA, message=message, location=location)


def unsupported(
    node: dict[str, Any], fields: frozenset[str] | set[str], path: str
) -> Iterator[Problem]:
    """A problem for each field that is not among `fields`."""
    for name in node:
        if name not in fields:
            yield schema(f"The field '{name}' is not supported", f"{path}/{name}")


def members(state: dict[str, Any], field: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects in an array field, with their places; what is no object is left out."""
    listed = state.get(field)
    for index, member in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(member, dict):
            yield index, member


def language_of(state: dict[str, Any], above: str, whole: str) -> str:
    """The query language of a state in a state or machine of the language `above`; the whole
    machine has the language `whole`.
    """
    language = state.get("QueryLanguage", above)
    allowed = language in (JSONATA, JSONPATH) and (whole, language) != (JSONATA, JSONPATH)
    return str(language) if allowed else above


def state_problems(
    name: str, state: dict[str, Any], path: str, above: str, whole: str
) -> Iterator[Problem]:
    """What is wrong in the state itself; branches and item processors are not looked into."""
    if len(name) > _LONGEST_NAME:
        message = f"The name of a state has at most {_LONGEST_NAME} characters"
        yield Problem(code="INVALID_STATE_NAME", message=message, location=path)
    kind = state.get("Type")
    if kind is None:
        yield schema("These fields are required: [Type]", path)
        return
    if not isinstance(kind, str) or kind not in STATE_FIELDS:
        yield schema(f"Type must be one of {sorted(STATE_FIELDS)}", f"{path}/Type")
        return
    language = language_of(state, above, whole)
    given = state.get("QueryLanguage", language)
    if given == JSONPATH != language:
        yield schema(
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            path,
        )
    elif given != language:
        yield schema(f"QueryLanguage '{given}' is not supported here", f"{path}/QueryLanguage")
    yield from _fields(kind, state, path, language)
    yield from _end(kind, state, path)
    yield from _of_kind(kind, state, path, language)
    yield from seconds_problems(state, ("TimeoutSeconds", "HeartbeatSeconds"), language, path)
    yield from _retriers(state, path)
    yield from _catchers(state, path, language)
    yield from _variables(state, path)
    if language == JSONATA:
        yield from _expressions(kind, state, path)


def _fields(kind: str, state: dict[str, Any], path: str, language: str) -> Iterator[Problem]:
    yield from unsupported(state, STATE_FIELDS[kind], path)
    known = [field for field in state if field in STATE_FIELDS[kind]]
    yield from _of_other_language(known, language, path)
    for one, other in _EITHER:
        if one in state and other in state:
            yield schema(f"Only one of '{one}' and '{other}' may be given", path)


def _of_other_language(fields: Iterable[str], language: str, path: str) -> Iterator[Problem]:
    for field in fields:
        if not of_language(field, language):
            message = f"The field '{field}' is not supported when QueryLanguage is '{language}'"
            yield schema(message, f"{path}/{field}")


def _end(kind: str, state: dict[str, Any], path: str) -> Iterator[Problem]:
    if "Next" not in STATE_FIELDS[kind]:
        return
    if not isinstance(state.get("End", False), bool):
        yield schema("End must be a boolean", f"{path}/End")
    elif not isinstance(state.get("Next", ""), str):
        yield schema("Next must be a string", f"{path}/Next")
    elif ("Next" in state) == (state.get("End") is True):
        yield schema("Exactly one of 'Next' and 'End' is required", path)


def _of_kind(kind: str, state: dict[str, Any], path: str, language: str) -> Iterator[Problem]:
    if kind == "Task":
        yield from _resource(state, path)
    elif kind == "Wait":
        yield from _wait(state, path, language)
    elif kind == "Choice":
        yield from _choice(state, path, language)
    elif kind == "Parallel":
        yield from _inner(state, "Branches", path)
    elif kind == "Map":
        yield from _map(state, path)


def _resource(state: dict[str, Any], path: str) -> Iterator[Problem]:
    resource = state.get("Resource")
    if resource is None:
        yield schema("These fields are required: [Resource]", path)
    elif not isinstance(resource, str) or not resource.startswith("arn:"):
        message = "Value is not a valid resource ARN"
        yield Problem(code="INVALID_RESOURCE", message=message, location=f"{path}/Resource")


def _wait(state: dict[str, Any], path: str, language: str) -> Iterator[Problem]:
    if sum(field in state for field in _WAITS) != 1:
        yield schema(f"Exactly one of {list(_WAITS)} is required", path)
    yield from seconds_problems(state, ("Seconds",), language, path, least=0)
    moment = state.get("Timestamp")
    if "Timestamp" in state and not (
        isinstance(moment, str)
        and (_TIMESTAMP.fullmatch(moment) or (language == JSONATA and _EXPRESSION.match(moment)))
    ):
        yield schema("Timestamp must be a timestamp of RFC 3339", f"{path}/Timestamp")


def seconds_problems(
    node: dict[str, Any], fields: tuple[str, ...], language: str, path: str, *, least: int = 1
) -> Iterator[Problem]:
    """What is wrong with durations, and with a heartbeat as long as the time-out."""
    for field in fields:
        value = node.get(field, least)
        if isinstance(value, str) and language == JSONATA and _EXPRESSION.match(value):
            continue
        if not _is_whole(value) or not least <= value <= _LONGEST_SECONDS:
            message = f"{field} must be an integer from {least} to {_LONGEST_SECONDS}"
            yield schema(message, f"{path}/{field}")
    timeout, heartbeat = node.get("TimeoutSeconds"), node.get("HeartbeatSeconds")
    if _is_whole(timeout) and _is_whole(heartbeat) and timeout <= heartbeat:
        message = "HeartbeatSeconds must be smaller than TimeoutSeconds"
        yield schema(message, f"{path}/HeartbeatSeconds")


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _inner(state: dict[str, Any], field: str, path: str) -> Iterator[Problem]:
    listed = state.get(field)
    if field not in state:
        yield schema(f"These fields are required: [{field}]", path)
    elif not isinstance(listed, list) or not listed or not all(isinstance(x, dict) for x in listed):
        yield schema(f"{field} must be an array of objects that is not empty", f"{path}/{field}")


def _map(state: dict[str, Any], path: str) -> Iterator[Problem]:
    processor = state.get("ItemProcessor", state.get("Iterator"))
    if not isinstance(processor, dict):
        yield schema("These fields are required: [ItemProcessor]", path)
        return
    config = processor.get("ProcessorConfig", {})
    mode = config.get("Mode", "INLINE") if isinstance(config, dict) else None
    if mode not in ("INLINE", "DISTRIBUTED"):
        place = f"{path}/ItemProcessor/ProcessorConfig"
        yield schema("Mode must be INLINE or DISTRIBUTED", place)
    elif mode == "INLINE":
        for field in DISTRIBUTED_FIELDS & state.keys():
            yield schema(f"The field '{field}' needs the mode DISTRIBUTED", f"{path}/{field}")


def _choice(state: dict[str, Any], path: str, language: str) -> Iterator[Problem]:
    yield from _inner(state, "Choices", path)
    for index, rule in members(state, "Choices"):
        place = f"{path}/Choices[{index}]"
        if not isinstance(rule.get("Next"), str):
            yield schema("These fields are required: [Next]", place)
        yield from _variables(rule, place)
        if language == JSONATA:
            yield from unsupported(rule, CHOICE_RULE_FIELDS, place)
            condition = rule.get("Condition")
            if not isinstance(condition, bool) and not (
                isinstance(condition, str) and _EXPRESSION.match(condition)
            ):
                yield schema("Condition must be a JSONata expression or a boolean", place)
        else:
            yield from _comparison(rule, place)


def _comparison(rule: dict[str, Any], path: str) -> Iterator[Problem]:
    yield from _of_other_language(rule, JSONPATH, path)
    boolean = rule.keys() & {"And", "Or", "Not"}
    operators = rule.keys() & OPERATORS
    if len(boolean) + len(operators) != 1 or ("Variable" in rule) != bool(operators):
        yield schema("A choice rule needs a Variable with one comparison, or And, Or, Not", path)
    yield from unsupported(
        rule, OPERATORS | {"And", "Or", "Not", "Variable", *CHOICE_RULE_FIELDS}, path
    )


def _retriers(state: dict[str, Any], path: str) -> Iterator[Problem]:
    yield from _error_rules(state, "Retry", path)
    for index, retrier in members(state, "Retry"):
        place = f"{path}/Retry[{index}]"
        yield from unsupported(retrier, RETRIER_FIELDS, place)
        for field, least in (("IntervalSeconds", 1), ("MaxAttempts", 0), ("MaxDelaySeconds", 1)):
            value = retrier.get(field, least)
            if not _is_whole(value) or not least <= value <= _LONGEST_SECONDS:
                yield schema(f"{field} must be an integer of at least {least}", f"{place}/{field}")
        rate = retrier.get("BackoffRate", 2.0)
        if not isinstance(rate, int | float) or isinstance(rate, bool) or rate < 1:
            yield schema("BackoffRate must be a number of at least 1.0", f"{place}/BackoffRate")
        if retrier.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
            yield schema("JitterStrategy must be NONE or FULL", f"{place}/JitterStrategy")


def _catchers(state: dict[str, Any], path: str, language: str) -> Iterator[Problem]:
    yield from _error_rules(state, "Catch", path)
    for index, catcher in members(state, "Catch"):
        place = f"{path}/Catch[{index}]"
        yield from unsupported(catcher, CATCHER_FIELDS, place)
        yield from _of_other_language(catcher, language, place)
        if not isinstance(catcher.get("Next"), str):
            yield schema("These fields are required: [Next]", place)
        yield from _variables(catcher, place)


def _error_rules(state: dict[str, Any], field: str, path: str) -> Iterator[Problem]:
    rules = state.get(field, [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        yield schema(f"{field} must be an array of objects", f"{path}/{field}")
        return
    for index, rule in enumerate(rules):
        place = f"{path}/{field}[{index}]/ErrorEquals"
        names = rule.get("ErrorEquals")
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(name, str) for name in names)
        ):
            yield schema("ErrorEquals must be an array of error names", place)
        elif "States.ALL" in names and (len(names) > 1 or index < len(rules) - 1):
            yield schema("States.ALL must be alone and in the last rule", place)


def _variables(node: dict[str, Any], path: str) -> Iterator[Problem]:
    assigned = node.get("Assign", {})
    if not isinstance(assigned, dict):
        yield schema("Assign must be an object", f"{path}/Assign")
        return
    for key in assigned:
        name = key.removesuffix(".$")
        if name == "states" or not _VARIABLE.fullmatch(name):
            yield schema(f"'{name}' is not a name for a variable", f"{path}/Assign/{key}")


def _expressions(kind: str, state: dict[str, Any], path: str) -> Iterator[Problem]:
    """JSONata that does not parse, or that reads of `$states` what is not there in that place."""
    # Slow to import, and not needed for a definition that was found good before.
    from embedded.jsonata.evaluator import QueryFailed, parse  # noqa: PLC0415

    for field, node in state.items():
        if field in ("Branches", "ItemProcessor", "Comment", "Type"):
            continue
        for place, text in _texts(node, f"{path}/{field}"):
            expression = _EXPRESSION.match(text)
            if not expression:
                continue
            try:
                parse(expression[1])
            except QueryFailed as error:
                yield schema(str(error), place)
                continue
            for member in set(_MEMBER.findall(_QUOTED.sub("''", expression[1]))):
                if not _has_member(kind, field, member):
                    yield schema(f"$states.{member} is not accessible in this field", place)


def _has_member(kind: str, field: str, member: str) -> bool:
    if member == "errorOutput":
        return field == "Catch"
    return kind in _WITH_RESULT and field in ("Output", "Assign")


def _texts(node: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, member in node.items():
            yield from _texts(member, f"{path}/{name}")
    elif isinstance(node, list):
        for index, member in enumerate(node):
            yield from _texts(member, f"{path}[{index}]")
    elif isinstance(node, str):
        yield path, node
