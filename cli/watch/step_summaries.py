"""What people read of a step: a phrase about what it found or made, a line of the result.

The words are those of the operation's own module; a result of another shape just gets no phrase.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cli.watch import definitions
from statemachines.definitions import tasks


def of_result(step: str, output: object) -> str:
    """What the step did, by its task's output (JSON text); empty when there is nothing to say."""
    result = _json(output)
    if isinstance(result, Mapping) and "Payload" in result:
        result = result["Payload"]
    progress = _word(step, "progress")
    if progress is None or not isinstance(result, Mapping):
        return ""
    try:
        return str(progress(result))
    except (KeyError, TypeError, ValueError):
        return ""


def carried(cause: object) -> object:
    """The task's output that the cause of a TaskTokenRefused carries; None in any other."""
    detail = _json(cause)
    message = _json(detail.get("errorMessage")) if isinstance(detail, Mapping) else None
    return message.get("output") if isinstance(message, Mapping) else None


def of_waiting(step: str) -> str:
    """What a step waits for once its function has done its part; may be empty."""
    return str(_word(step, "WAITING") or "")


def of_record(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What a request's steps have to say of its record: labels and values, in the steps' order."""
    request, fields = record.get("request"), dict[str, Any]()
    record = {**record, "request": request if isinstance(request, Mapping) else {}}
    for state, _ in tasks(definitions.read(definitions.ACCOUNT_VENDING)):
        summary = _word(state, "summary")
        try:
            field = summary(record) if summary else None
        except (AttributeError, KeyError, TypeError, ValueError):
            continue  # what was rejected need not be a request
        if field is not None:
            fields.setdefault(*field)
    return list(fields.items())


def of_error(error: object, cause: object) -> str:
    """What went wrong, by a history event's `error` and `cause`: its name and AWS's own code."""
    name = str(error or "failed").removeprefix("Lambda.")
    detail = _json(cause)
    if isinstance(detail, Mapping) and "errorMessage" in detail:
        detail = _json(detail["errorMessage"])
    if not isinstance(detail, Mapping):
        return name
    code = str(detail.get("reason") or detail.get("code") or "")
    return f"{name}: {code}" if code and code != name else name


def _word(step: str, name: str) -> Any:
    """What the module of the step's operation has under a name; None where it has nothing."""
    operation = definitions.operations().get(step)
    return getattr(definitions.module_of(operation), name, None) if operation else None


def _json(text: object) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None
