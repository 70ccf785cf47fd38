"""What a target receives: the event, a constant, a part of the event, or a filled-in template.

Implements "Amazon EventBridge input transformation" of the user guide.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from embedded.core.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_ABSENT = object()
_STEP = re.compile(r"\.([^.\[\]]+)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[(\d+)\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.\-]+)>")

PREDEFINED = (
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
)
"""Names that every template may have in angle brackets."""


class InvalidInput(Exception):
    """The template, filled in, is not JSON."""


@frozen
class Occasion:
    """What a template may name besides the event's own fields."""

    rule_arn: str
    rule_name: str
    ingestion_time: str


def target_input(target: Mapping[str, Any], event: Mapping[str, Any], occasion: Occasion) -> str:
    """The JSON text that `target` is invoked with.

    Raises:
        InvalidInput: the target's InputTransformer does not make JSON of this event.
    """
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        found = select(event, target["InputPath"])
        return compact(None if found is _ABSENT else found)
    transformer = target.get("InputTransformer")
    if not transformer:
        return compact(event)
    values = {
        name: select(event, path) for name, path in transformer.get("InputPathsMap", {}).items()
    }
    without_detail = {
        "detailType" if name == "detail-type" else name: value
        for name, value in event.items()
        if name != "detail"
    }
    values |= {
        "aws.events.rule-arn": occasion.rule_arn,
        "aws.events.rule-name": occasion.rule_name,
        "aws.events.event.ingestion-time": occasion.ingestion_time,
        "aws.events.event": without_detail,
        "aws.events.event.json": dict(event),
    }
    return fill(transformer["InputTemplate"], values)


def compact(value: Any) -> str:
    """JSON as EventBridge writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def select(document: Any, path: str) -> Any:
    """The part of `document` at a JSON path such as `$.detail.list[0]`; a marker where none is."""
    steps = path.removeprefix("$")
    found = document
    position = 0
    while position < len(steps):
        step = _STEP.match(steps, position)
        if step is None:
            return _ABSENT
        position = step.end()
        name = step[1] or step[2] or step[3]
        if name is not None:
            found = found.get(name, _ABSENT) if isinstance(found, dict) else _ABSENT
        else:
            index = int(step[4])
            inside = isinstance(found, list) and index < len(found)
            found = found[index] if inside else _ABSENT
        if found is _ABSENT:
            return _ABSENT
    return found


def placeholders(template: str) -> list[str]:
    """The names that a template has in angle brackets."""
    return _PLACEHOLDER.findall(template)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """The template with each `<name>` replaced, inside and outside of JSON strings.

    A template is JSON, or lines of which each is a JSON string. In such a line an object or an
    array loses its quotation marks; in a string of a JSON object it keeps them, and what comes of
    it is no JSON.

    Raises:
        InvalidInput: the result is neither.
    """
    lines = template.lstrip().startswith('"')
    parts: list[str] = []
    position = 0
    quoted = False
    for placeholder in _PLACEHOLDER.finditer(template):
        between = template[position : placeholder.start()]
        quoted = quoted ^ (_quotes(between) % 2 == 1)
        parts.append(between)
        position = placeholder.end()
        if placeholder[1] in values:
            parts.append(_written(values[placeholder[1]], quoted=quoted, line=lines))
        else:
            parts.append(placeholder[0])
    text = "".join([*parts, template[position:]])
    try:
        if not lines:
            return compact(json.loads(text))
        texts = [json.loads(line) for line in text.split("\n")]
    except ValueError as error:
        raise InvalidInput(
            f"the input template does not make JSON of this event: {error}"
        ) from error
    if not all(isinstance(each, str) for each in texts):
        raise InvalidInput("a line of the input template is not a string")
    return text


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)"', text))


def _written(value: Any, *, quoted: bool, line: bool) -> str:
    if not quoted:
        return '""' if value is _ABSENT else compact(value)
    if value is _ABSENT:
        return ""
    if isinstance(value, str):
        return compact(value)[1:-1]
    return compact(value).replace('"', "") if line else compact(value)
