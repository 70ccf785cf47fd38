"""One phrase about what a step found or made, from the result of its function.

The names are those of the functions' results; a result of another shape just gets no phrase.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Result = Mapping[str, Any]


def of_result(step: str, output: object) -> str:
    """What the step did, by its task's output (JSON text); empty when there is nothing to say."""
    result = _json(output)
    if isinstance(result, Mapping) and "Payload" in result:
        result = result["Payload"]
    phrase = _PHRASES.get(step)
    if phrase is None or not isinstance(result, Mapping):
        return ""
    try:
        return phrase(result)
    except (KeyError, TypeError, ValueError):
        return ""


def carried(cause: object) -> object:
    """The task's output that the cause of a TaskTokenRefused carries; None in any other."""
    detail = _json(cause)
    told = _json(detail.get("errorMessage")) if isinstance(detail, Mapping) else None
    return told.get("output") if isinstance(told, Mapping) else None


def of_waiting(step: str) -> str:
    """What a step waits for once its function has done its part; may be empty."""
    return _WAITING.get(step, "")


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


def _json(text: object) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None


def _accept(result: Result) -> str:
    said = {"DUPLICATE": "another execution is at work", "FINISHED": "vended before"}
    return said.get(str(result["outcome"]), "")


def _slot(result: Result) -> str:
    wait = int(result["waitSeconds"])
    return f"slot in {wait}s" if wait else "no wait"


def _creation(result: Result) -> str:
    account = result.get("accountId")
    if account:
        return f"account {account}"
    return str(result.get("createAccountRequestId") or "")


def _invitation(result: Result) -> str:
    if result["state"] == "MEMBER":
        return "in the organization already"
    return f"{result['handshakeId']}, open until {str(result['expiresAt'])[:10]}"


def _acceptance(result: Result) -> str:
    account = result.get("accountId")
    return f"accepted as {account}" if account else str(result["handshakeId"])


def _answer(result: Result) -> str:
    return f"{str(result['state']).lower()} by {result['accountId']}" if "state" in result else ""


def _status(result: Result) -> str:
    if result["state"] != "SUCCEEDED":
        return "AWS is creating it"
    return f"account {result['accountId']}"


def _move(result: Result) -> str:
    return f"into {result['destinationParentId']}" if result["moved"] else "already there"


def _tags(result: Result) -> str:
    tagged = list(result["tagged"])
    return ", ".join(tagged) if tagged else "all there since creation"


def _service_access(result: Result) -> str:
    enabled = list(result["enabled"])
    return ", ".join(enabled) if enabled else "enabled before"


def _types(result: Result) -> str:
    enabled = list(result["enabled"])
    return ", ".join(enabled) if enabled else "on before"


def _policy(result: Result) -> str:
    said = {
        "CREATED": "created",
        "UPDATED": "content replaced",
        "KEPT": "exists with other content, which was kept",
        "UNCHANGED": "there already",
    }
    return f"{result['name']}: {said[str(result['outcome'])]}"


def _all_features(result: Result) -> str:
    if result["state"] == "ENABLED":
        return "on"
    waiting = list(result["waitingFor"])
    if waiting:
        return f"waits for {', '.join(waiting)} until {str(result['expiresAt'])[:10]}"
    if result["state"] == "REQUESTED":
        return "waits for AWS: everybody has answered, perhaps one declined over 30 days ago"
    return "every invited account has agreed"


def _report(result: Result) -> str:
    return f"{result['state']}, {len(result['changed'])} changed"


_PHRASES: dict[str, Callable[[Result], str]] = {
    "AcceptRequest": _accept,
    "CreateOrganizationalUnit": lambda result: str(result["organizationalUnitId"]),
    "InviteAccountToOrganization": _invitation,
    "AcceptHandshake": _acceptance,
    "CancelHandshake": lambda result: "taken back" if result["canceled"] else "",
    "DescribeHandshake": _answer,
    "CreateGovCloudAccount": _creation,
    "ReserveCreation": _slot,
    "CreateAccount": _creation,
    "DescribeCreateAccountStatus": _status,
    "DescribeAccount": lambda result: str(result["name"]),
    "MoveAccount": _move,
    "TagResource": _tags,
    "EnablePolicyType": _types,
    "CreatePolicy": _policy,
    "AttachPolicy": lambda result: "attached" if result["attached"] else "attached before",
    "EnableAWSServiceAccess": _service_access,
    "EnableOrganizationsRootCredentialsManagement": lambda result: ", ".join(
        result["enabledFeatures"]
    ),
    "EnableOrganizationsRootSessions": lambda result: ", ".join(result["enabledFeatures"]),
    "EnableAllFeatures": _all_features,
    "ReportOrganizationSetup": _report,
    "RecordVended": lambda result: str(result["state"]),
    "RecordFailure": lambda result: str(result["state"]),
}

_WAITING = {"ReserveCreation": "queued, AWS creates a few accounts at a time"}
