"""The API's OpenAPI 3.1 document, made of the routes and of the models of their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from vending.api import views
from vending.api.parameters import LIMIT_DEFAULT, LIMIT_MAX
from vending.api.problems import CONTENT_TYPE
from vending.api.routes import ROUTES, Route
from vending.api.starts import KEY_MAX
from vending.approvals.request import Approving, Rejecting
from vending.frozen import frozen
from vending.request.account_request import AccountRequest
from vending.retirement.rows import AccountState
from vending.states import State

Json = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"
_JSON = "application/json"


@frozen
class Contract:
    """What a route takes and answers.

    Attributes:
        answer: the model of its body; None: any object.
        status: where it did what was asked.
        body: the model of the request's body; None: there is none.
        query: its parameters.
        states: the values of the parameter `state`.
        is_body_optional: whether it may be left out.
    """

    answer: type[BaseModel] | None
    status: int = 200
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    states: tuple[str, ...] = tuple(State)
    is_body_optional: bool = False


_STARTED = 202
CONTRACTS: Mapping[str, Contract] = {
    "createRequest": Contract(answer=views.Started, status=_STARTED, body=AccountRequest),
    "listRequests": Contract(
        answer=views.RequestPage,
        query=("state", "requester", "organizationalUnit", "cursor", "limit"),
    ),
    "getRequest": Contract(answer=views.RequestDetails),
    "listRequestEvents": Contract(answer=views.RequestEvents, query=("cursor", "limit")),
    "resumeRequest": Contract(answer=views.Started, status=_STARTED),
    "cancelRequest": Contract(answer=views.RequestRecord, status=_STARTED),
    "approveRequest": Contract(answer=views.RequestRecord, body=Approving, is_body_optional=True),
    "rejectRequest": Contract(answer=views.RequestRecord, body=Rejecting),
    "listAccounts": Contract(
        answer=views.AccountPage,
        query=("state", "cursor", "limit"),
        states=(AccountState.AWAITING_APPROVAL,),
    ),
    "getAccount": Contract(answer=views.AccountDetails, query=("cursor", "limit")),
    "changeAccount": Contract(answer=views.Started, status=_STARTED, body=AccountRequest),
    "retireAccount": Contract(answer=views.Started, status=_STARTED, body=views.Retirement),
    "restoreAccount": Contract(answer=views.Started, status=_STARTED),
    "planRequest": Contract(answer=views.Plan, body=AccountRequest),
    "approveRetirement": Contract(
        answer=views.RetirementRecord, body=Approving, is_body_optional=True
    ),
    "rejectRetirement": Contract(answer=views.RetirementRecord, body=Rejecting),
    "getSchema": Contract(answer=None),
    "listErrors": Contract(answer=views.ErrorCatalogue),
    "getOpenApi": Contract(answer=None),
}
"""By operation."""

_QUERY: Mapping[str, Json] = {
    "state": {"schema": {"type": "string"}},
    "requester": {
        "description": "A requester of the request policy.",
        "schema": {"type": "string"},
    },
    "organizationalUnit": {
        "description": "The path of a unit: requests for it, and for all below.",
        "schema": {"type": "string"},
    },
    "cursor": {
        "description": "`nextCursor` of the page before.",
        "schema": {"type": "string"},
    },
    "limit": {
        "description": "Of a page.",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": LIMIT_MAX,
            "default": LIMIT_DEFAULT,
        },
    },
}
_PATH: Mapping[str, str] = {
    "requestId": "The request's id; a requester may leave out its own name and the dot.",
    "accountId": "Twelve digits.",
}
_REFUSALS: Mapping[int, str] = {
    400: "The call breaks the contract; every mistake is listed.",
    401: "The token is missing, or is none that is taken.",
    403: "IAM does not let the caller in, or the request policy does not grant what is asked.",
    404: "There is no such thing, or the caller may not see it.",
    409: "The state of what it is about does not allow it, or the key was used for another body.",
    413: "The body is larger than 10 MB.",
    429: "Too many calls: repeat it later.",
    500: "The installation is at fault.",
    503: "It passes: repeat it later.",
}
_OF_API_GATEWAY = (401, 403, 413, 429, 500, 503)
"""What API Gateway answers by itself, too, as {message}."""


@cache
def document() -> Json:
    """The document; the same for every installation."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Account vending",
            "version": "1",
            "description": "AWS accounts on request. Calls are signed with Signature Version 4 "
            "for the service execute-api, or carry a token, by the installation's settings.",
        },
        "servers": [{"url": "/"}],
        "security": [{"sigv4": []}, {"token": []}],
        "paths": _paths(),
        "components": {"schemas": _schemas(), "securitySchemes": _SECURITY},
    }


_SECURITY: Json = {
    "sigv4": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Where the setting `api.tokens` has tokens authorize calls, instead of IAM.",
    },
}


def _paths() -> Json:
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return paths


def _operation(route: Route) -> Json:
    contract = CONTRACTS[route.operation]
    parameters = list(_parameters(route, contract))
    body = (
        {
            "requestBody": {
                "required": not contract.is_body_optional,
                "content": {_JSON: {"schema": _of(contract.body)}},
            }
        }
        if contract.body
        else {}
    )
    return {
        "operationId": route.operation,
        "summary": route.summary,
        **({"parameters": parameters} if parameters else {}),
        **body,
        "responses": {
            str(contract.status): {
                "description": "It was started." if contract.status == _STARTED else "It is this.",
                "content": {_JSON: {"schema": _of(contract.answer)}},
                **({"headers": {"Location": _LOCATION}} if has_location(route) else {}),
            },
            **{str(status): _refusal(status) for status in _refusals(route, contract)},
        },
    }


_LOCATION: Json = {
    "description": "The route of the request.",
    "required": True,
    "schema": {"type": "string"},
}


def has_location(route: Route) -> bool:
    """Whether its answer names the route of the request that it started."""
    return route.operation in ("createRequest", "resumeRequest", "changeAccount")


def _parameters(route: Route, contract: Contract) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH[name],
            "schema": {"type": "string", "minLength": 1},
        }
    for name in contract.query:
        parameter = _QUERY[name]
        if name == "state":
            parameter = {"schema": {**parameter["schema"], "enum": [*contract.states]}}
        yield {"name": name, "in": "query", "required": False, **parameter}
    if route.is_idempotent_by_key:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key of the same caller on the same route is the same request.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": KEY_MAX,
                "pattern": "^[ -~]+$",
            },
        }


def _refusals(route: Route, contract: Contract) -> Iterator[int]:
    if contract.body or contract.query or route.is_idempotent_by_key:
        yield 400
    yield from (401, 403)
    if "{" in route.path:
        yield 404
    if route.method != "GET":
        yield from (409, 413)
    yield from (429, 500, 503)


def _refusal(status: int) -> Json:
    problem: Json = {CONTENT_TYPE: {"schema": _of(views.Problem)}}
    own: Json = {_JSON: {"schema": _of(views.GatewayMessage)}}
    content = {
        **(problem if status not in (401, 413, 429) else {}),
        **(own if status in _OF_API_GATEWAY else {}),
    }
    return {"description": _REFUSALS[status], "content": content}


def _of(model: type[BaseModel] | None) -> Json:
    if model is None:
        return {"type": "object"}
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def _schemas() -> Json:
    """Of what is sent as it is read, and of what is answered as it is written."""
    sent = {contract.body for contract in CONTRACTS.values() if contract.body}
    answered = {contract.answer for contract in CONTRACTS.values() if contract.answer}
    answered |= {views.Problem, views.GatewayMessage}
    _, made = models_json_schema(
        [
            *((model, "validation") for model in sorted(sent, key=_name)),
            *((model, "serialization") for model in sorted(answered, key=_name)),
        ],
        ref_template=_REFERENCE,
    )
    schemas: Json = made["$defs"]
    # Who calls is who asks.
    del schemas[AccountRequest.__name__]["properties"]["requestedBy"]
    return schemas


def _name(model: type[BaseModel]) -> str:
    return model.__name__
