"""Requests to vary: each test says only what matters to it."""

from __future__ import annotations

import itertools
import json
from typing import Any

from vending.request import validators

_numbers = itertools.count(1)


def a_request(**changes: Any) -> dict[str, Any]:
    """A valid request for a new account, its email its own; `changes` replace top-level keys."""
    number = next(_numbers)
    request: dict[str, Any] = {
        "requestId": f"request-{number}",
        "account": {"name": f"Sandbox {number}", "email": f"aws+{number}@example.com"},
        "organizationalUnit": "/Workloads/Sandbox",
        "tags": {"cost-centre": "4711"},
        "serviceAccess": ["account.amazonaws.com"],
        "rootAccess": ["RootCredentialsManagement", "RootSessions"],
        "requestedBy": "platform team",
    }
    return request | changes


def a_contact(name: str) -> dict[str, str]:
    """An alternate contact; its email follows from its name."""
    email = f"{name.lower()}@example.com"
    return {"name": name, "title": "Team", "email": email, "phone": "+1 555 0100"}


def policy_content(length: int) -> str:
    """A service control policy's content of this many characters."""
    statement = {"Sid": "", "Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    statement["Sid"] = "x" * (length - len(json.dumps(document)))
    return json.dumps(document)


def a_largest_request(request: dict[str, Any]) -> dict[str, Any]:
    """The request with all but its policies at their maxima, and policies up to the whole's."""
    request = request | dict[str, Any](
        organizationalUnit="".join("/" + str(level) * validators.OU_NAME_MAX for level in range(5)),
        tags={
            f"{number:0>{validators.TAG_KEY_MAX}}": "é" * validators.TAG_VALUE_MAX
            for number in range(validators.TAGS_PER_REQUEST // 4)
        },
        serviceAccess=[
            "account.amazonaws.com",
            *(f"s{number:0>113}.amazonaws.com" for number in range(1, validators.SERVICES_MAX)),
        ],
        rootAccess=["RootSessions", "RootCredentialsManagement"],
        contacts={
            kind: {
                "name": "é" * validators.CONTACT_NAME_MAX,
                "title": "é" * validators.CONTACT_TITLE_MAX,
                "email": "@example.com".rjust(validators.CONTACT_EMAIL_MAX, "a"),
                "phone": "0" * validators.CONTACT_PHONE_MAX,
            }
            for kind in ("billing", "operations", "security")
        },
        requestedBy="é" * validators.REQUESTED_BY_MAX,
        policies=[],
    )
    while not validators.size(request):
        request["policies"].append(
            {
                "name": f"{len(request['policies']):0>{validators.POLICY_NAME_MAX}}",
                "type": "SERVICE_CONTROL_POLICY",
                "description": "d" * validators.POLICY_DESCRIPTION_MAX,
                "content": policy_content(10_000),
            }
        )
    content = policy_content(200)
    last = request["policies"][-1]
    last.update(content=content)
    if validators.size(request):
        request["policies"].pop()
        last = request["policies"][-1]
        last.update(content=content)
    room = validators.SIZE_MAX - len(json.dumps(request, separators=(",", ":")))
    last["content"] = policy_content(min(200 + room, 10_000))
    return request
