"""What PutRule and PutTargets refuse and moto takes: schedules, targets, input templates.

Implements "Cron expressions", "Rate expressions", "Amazon EventBridge quotas" and "Amazon
EventBridge input transformation" of the user guide.
"""

from __future__ import annotations

import re
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.models import EventsBackend

from embedded.eventbridge.inputs import PREDEFINED, placeholders

_MOST_TARGETS = 5
_RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?!1 |0+ )\d+ (?:minutes|hours|days))\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS = "SUN|MON|TUE|WED|THU|FRI|SAT"
_FIELDS = (
    (0, 59, "", None),
    (0, 23, "", None),
    (1, 31, "", r"L|LW|\d{1,2}W"),
    (1, 12, _MONTHS, None),
    (1, 7, _DAYS, rf"L|(?:[1-7]|{_DAYS})(?:L|#[1-5])"),
    (1970, 2199, "", None),
)
"""Smallest and largest number, names and special forms of each field of a cron expression."""
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_INPUTS = ("Input", "InputPath", "InputTransformer")

_moto_put_rule = EventsBackend.put_rule
_moto_put_targets = EventsBackend.put_targets


def put_rule(self: EventsBackend, *args: Any, **given: Any) -> Any:
    """PutRule.

    Raises:
        JsonRESTError: ValidationException for a schedule that is none.
    """
    schedule = given.get("scheduled_expression")
    if schedule and not is_schedule(schedule):
        raise _invalid("Parameter ScheduleExpression is not valid.")
    return _moto_put_rule(self, *args, **given)


def is_schedule(text: str) -> bool:
    """Whether the text is a rate or a cron expression."""
    if _RATE.fullmatch(text):
        return True
    cron = _CRON.fullmatch(text)
    if cron is None:
        return False
    fields = cron.groups()
    days = (fields[_DAY_OF_MONTH], fields[_DAY_OF_WEEK])
    return days.count("?") == 1 and all(map(_is_cron_field, fields, range(len(fields))))


def _is_cron_field(text: str, index: int) -> bool:
    smallest, largest, names, special = _FIELDS[index]
    if text == "?":
        return index in (_DAY_OF_MONTH, _DAY_OF_WEEK)

    def is_value(value: str) -> bool:
        if names and re.fullmatch(names, value):
            return True
        return value.isdecimal() and smallest <= int(value) <= largest

    def is_part(part: str) -> bool:
        if special and re.fullmatch(special, part):
            return True
        start, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            return False
        return start == "*" or all(map(is_value, start.split("-", 1)))

    return all(map(is_part, text.split(",")))


def put_targets(
    self: EventsBackend, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
) -> None:
    """PutTargets.

    Raises:
        JsonRESTError: ValidationException for a target's input; LimitExceededException for more
            targets than a rule has.
    """
    for target in targets:
        _check_input(target)
    bus = self.event_buses.get(self._normalize_event_bus_arn(event_bus_arn))
    rule = bus.rules.get(name) if bus else None
    known = {target["Id"] for target in rule.targets} if rule else set()
    if len(known | {target["Id"] for target in targets}) > _MOST_TARGETS:
        raise JsonRESTError(
            "LimitExceededException",
            "The requested resource exceeds the maximum number allowed.",
        )
    _moto_put_targets(self, name, event_bus_arn, targets)


def _check_input(target: dict[str, Any]) -> None:
    name = target["Id"]
    if sum(bool(target.get(each)) for each in _INPUTS) > 1:
        raise _invalid(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    transformer = target.get("InputTransformer")
    if transformer:
        defined = {*PREDEFINED, *transformer.get("InputPathsMap", {})}
        for placeholder in placeholders(transformer["InputTemplate"]):
            if placeholder not in defined:
                raise _invalid(
                    f"InputTemplate for target {name} contains invalid placeholder {placeholder}."
                )


def _invalid(message: str) -> JsonRESTError:
    return JsonRESTError("ValidationException", message)
