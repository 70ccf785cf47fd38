"""Calls of the API's function, as API Gateway makes them."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from openapi_schema_validator import OAS31Validator

from api import serve_api
from embedded.apigateway import routes
from embedded.apigateway.payload import Request
from tests import api_roles
from vending.api import openapi
from vending.api.routes import ROUTES
from vending.ledger import keys
from vending.ledger.table import Put
from vending.request.account_request import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.functions.world import World

HERE = "111111111111"
VENDING = f"arn:aws:states:us-east-1:{HERE}:stateMachine:account-vending"
RETIREMENT = f"arn:aws:states:us-east-1:{HERE}:stateMachine:account-retirement"


def session_of(role: str, session: str = "someone") -> str:
    return f"arn:aws:sts::{HERE}:assumed-role/{role}/{session}"


def role(name: str) -> str:
    return f"arn:aws:iam::{HERE}:role/{name}"


PORTAL, OTHER, OPERATOR, STRANGER = map(session_of, ("Portal", "Other", "Operator", "Stranger"))

OF_PORTAL: dict[str, Any] = {
    "senders": [{"principal": role("Portal")}],
    "organizationalUnits": ["/Workloads"],
    "emails": ["*@example.com"],
    "retire": ["/Workloads"],
}
POLICY: dict[str, Any] = {
    "requesters": {
        "portal": OF_PORTAL,
        "other": OF_PORTAL | {"senders": [{"principal": role("Other")}], "retire": []},
        "operators": {
            "roles": ["administrator"],
            "senders": [{"principal": role("team/Operator")}],
        },
    }
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def problems(self) -> list[str]:
        """Of problem details, which it must be."""
        assert self.headers["Content-Type"] == "application/problem+json"
        assert self.body["status"] == self.status
        problems: list[str] = self.body["problems"]
        return problems


def hold_against_document(route_key: str, answer: Answer) -> None:
    """Fail where the OpenAPI document has no such answer."""
    document = openapi.document()
    method, path = route_key.split(" ")
    responses = document["paths"][path][method.lower()]["responses"]
    assert str(answer.status) in responses, f"{route_key} answers {answer.status}"
    declared = responses[str(answer.status)]
    schema = declared["content"][answer.headers["Content-Type"]]["schema"]
    validator = OAS31Validator({**schema, "components": document["components"]})
    assert [error.message for error in validator.iter_errors(answer.body)] == []
    assert set(declared.get("headers", {})) <= set(answer.headers)


@dataclass(frozen=True, kw_only=True)
class Api:
    """The function, in a test's world."""

    world: World

    def __call__(
        self,
        route: str,
        *,
        by: str | None = PORTAL,
        body: Any = None,
        text: str | None = None,
        key: str | None = None,
        claims: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Call a method and path, `GET /requests`; `by` is the caller's userArn.

        `claims` are those of a token, instead of a caller whom IAM has authorized.
        """
        method, _, path = route.partition(" ")
        sent = json.dumps(body) if text is None and body is not None else (text or "")
        keys = [SimpleNamespace(route_key=one.key) for one in ROUTES]
        found = routes.find(keys, method, path)
        environ = {
            "REQUEST_METHOD": method,
            "QUERY_STRING": urlencode(query),
            "CONTENT_TYPE": "application/json",
            "wsgi.input": io.BytesIO(),
            **({"HTTP_IDEMPOTENCY_KEY": key} if key is not None else {}),
        }
        iam = {"userArn": by, "accountId": by.split(":")[4]} if by else None
        authorizer: dict[str, Any] | None = {"iam": iam} if iam else None
        if claims is not None:
            authorizer = {"jwt": {"claims": dict(claims), "scopes": None}}
        request = Request(
            account_id=HERE,
            api_id="api",
            region="us-east-1",
            stage="$default",
            route_key=found[0].route_key if found else "$default",
            path=path,
            parameters=found[1] if found else {},
            environ=environ,
            body=sent.encode(),
            request_id="r",
            now=self.world.now,
            authorizer=authorizer,
        )
        before = len(self.world.calls)
        context = SimpleNamespace(function_name="ServeApi")
        answer = serve_api.handler(json.loads(json.dumps(request.event())), context)
        made = {name for name, _ in self.world.calls[before:]}
        assert made <= serve_api.CALLS
        assert isinstance(answer["body"], str)
        headers = {
            name: value if isinstance(value, str) else value[0]
            for name, value in answer["headers"].items()
        }
        body = json.loads(answer["body"])
        returned = Answer(status=answer["statusCode"], headers=headers, body=body)
        if found:
            hold_against_document(found[0].route_key, returned)
        return returned

    @property
    def started(self) -> list[dict[str, Any]]:
        """The inputs of the executions that were started."""
        return [json.loads(one["input"]) for one in self.world.called("StartExecution")]


DOCUMENT = api_roles.DOCUMENT
EXECUTION = f"{VENDING.replace(':stateMachine:', ':execution:')}:one"


def a_row(api: Api, request_id: str, state: str = "VENDED", at: int = 0, **more: Any) -> None:
    """A request's row, changed at a second."""
    moment = f"2027-01-15T08:{at // 60:02}:{at % 60:02}.000Z"
    row = {
        "pk": keys.request(request_id),
        "requestId": request_id,
        "state": state,
        "executionArn": EXECUTION,
        "request": {**parse(DOCUMENT).normalised(), "requestId": request_id, "requestedBy": "me"},
        "sender": {"requester": request_id.partition(".")[0]},
        "requestedAt": moment,
        "updatedAt": moment,
        **more,
    }
    api.world._states[row["pk"]] = state  # how it came there is not what is tested
    api.world.ledger.table.put(Put(item=row))


SECRET = "aws+one@example.com"
"""Of the causes of failures."""


def a_state(api: Api, name: str, events: list[str], *, exits: bool = True) -> None:
    """A state in the history of the execution."""
    history = api.world.organization.histories.setdefault(EXECUTION, [])
    kinds = ["TaskStateEntered", *events, *(["TaskStateExited"] if exits else [])]
    before = 0
    for kind in kinds:
        number = len(history) + 1
        event: dict[str, Any] = {
            "id": number,
            "previousEventId": before,
            "type": kind,
            "timestamp": datetime.fromtimestamp(number, UTC),
        }
        if kind == "TaskStateEntered":
            event["stateEnteredEventDetails"] = {"name": name}
        if kind in ("TaskFailed", "TaskTimedOut"):
            details = f"{kind[0].lower()}{kind[1:]}EventDetails"
            event[details] = {"error": f"Of{kind}", "cause": SECRET}
        history.append(event)
        before = number


def the_end(api: Api, kind: str = "ExecutionSucceeded") -> None:
    history = api.world.organization.histories[EXECUTION]
    history.append({**history[-1], "id": len(history) + 1, "type": kind})


def text_of(values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


NESTED = base64.urlsafe_b64encode(b"[" * 12_000).decode()
CURSORS_OF_NOBODY = ["x", "W10", "bnVsbA", "WzEsMiwzXQ", "%%%", "ü", "", NESTED]
"""Which no route has given."""
