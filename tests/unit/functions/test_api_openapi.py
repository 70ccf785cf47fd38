"""The OpenAPI document: whole, valid, and what is served. Every call of the other tests of the API
is held against it (`api_calls.hold_against_document`).
"""

from __future__ import annotations

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.unit.functions.api_calls import DOCUMENT, STRANGER, Answer, Api, hold_against_document
from vending.api import openapi
from vending.api.routes import ROUTES


def test_document_is_valid() -> None:
    errors = [str(error) for error in OpenAPIV31SpecValidator(openapi.document()).iter_errors()]

    assert errors == []


def test_every_route_has_a_contract_and_an_operation() -> None:
    document = openapi.document()
    operations = [
        (operation["operationId"], f"{method.upper()} {path}")
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]

    assert set(openapi.CONTRACTS) == {route.operation for route in ROUTES}
    assert sorted(operations) == sorted((route.operation, route.key) for route in ROUTES)


def test_document_is_served_to_whom_iam_lets_in(api: Api) -> None:
    answer = api("GET /openapi.json", by=STRANGER)

    assert answer.status == 200
    assert answer.body == json.loads(json.dumps(openapi.document()))


def test_no_body_says_who_asks(api: Api) -> None:
    properties = openapi.document()["components"]["schemas"]["AccountRequest"]["properties"]

    assert "requestedBy" not in properties
    assert "requestedBy" in api("GET /schema").body["properties"]


def test_other_answers_than_the_documents_are_found(api: Api) -> None:
    answer = api("POST /requests", body=DOCUMENT)
    headers = {"Content-Type": answer.headers["Content-Type"]}

    for wrong in (
        Answer(status=204, headers=answer.headers, body=answer.body),
        Answer(status=202, headers=answer.headers, body={**answer.body, "startedAt": 7}),
        Answer(status=202, headers=headers, body=answer.body),
    ):
        with pytest.raises(AssertionError):
            hold_against_document("POST /requests", wrong)
