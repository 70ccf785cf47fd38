"""How much a request may say, and that the most it may say fits everything it travels in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import a_largest_request, policy_content
from tests.unit.functions.payloads import EMAIL, REQUEST_ID, a_request
from tests.unit.functions.world import EXECUTION, World
from vending.errors.exceptions import RequestInvalid
from vending.request import bounds, organization_setup, validation_messages, validators
from vending.request.account_request import AccountRequest, parse, schema

EVENT_BYTES = 256 * 1024
PAYLOAD_BYTES = 256 * 1024
ITEM_BYTES = 400 * 1024
CAUSE_CHARACTERS = 32_768


def test_request_too_deep_to_be_passed_on_is_refused_by_what_it_is_known_by(world: World) -> None:
    known = {"requestId": REQUEST_ID}
    with pytest.raises(RequestInvalid) as refused:
        world.call("AcceptRequest", request=known, tooDeep=True, executionArn=EXECUTION)
    error = {"Error": "RequestInvalid", "Cause": json.dumps({"errorMessage": str(refused.value)})}

    record = world.call(
        "RecordFailure", request=known, tooDeep=True, executionArn=EXECUTION, error=error
    )

    assert refused.value.problems == [bounds.TOO_DEEP]
    assert world.row(REQUEST_ID)["state"] == record["state"] == "REJECTED"


def test_organizations_document_too_deep_to_be_passed_on_is_refused_for_that(world: World) -> None:
    with pytest.raises(RequestInvalid, match="nested at most 16 levels"):
        world.call("AcceptOrganizationSetup", document=None, tooDeep=True)


def problems_of(request: dict[str, Any]) -> list[str]:
    with pytest.raises(RequestInvalid) as refused:
        parse(request)
    return refused.value.problems


def rejected(world: World, request: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The record of a request that AcceptRequest refuses, and what it finds wrong."""
    with pytest.raises(RequestInvalid) as refused:
        world.call("AcceptRequest", request=request, executionArn=EXECUTION)
    cause = json.dumps({"errorMessage": str(refused.value)})
    error = {"Error": "RequestInvalid", "Cause": cause}
    record: dict[str, Any] = world.call(
        "RecordFailure", request=request, executionArn=EXECUTION, error=error
    )
    return record, refused.value.problems


def test_largest_request_fits_its_row_its_event_and_the_workflows_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = a_largest_request(a_request())
    monkeypatch.setenv("SERVICE_PRINCIPALS", " ".join(request["serviceAccess"]))
    size = len(json.dumps(request, separators=(",", ":")))

    result = world.call("AcceptRequest", request=request, executionArn=EXECUTION)

    assert 0.95 * validators.SIZE_MAX < size <= validators.SIZE_MAX
    assert result["outcome"] == "ACCEPTED"
    assert len(json.dumps(request).encode()) < EVENT_BYTES
    assert len(json.dumps(result)) + CAUSE_CHARACTERS < PAYLOAD_BYTES
    assert len(json.dumps(world.rows()[0])) + CAUSE_CHARACTERS < ITEM_BYTES


def test_request_larger_as_a_whole_is_refused() -> None:
    policy = {"type": "SERVICE_CONTROL_POLICY", "content": policy_content(10_000)}
    policies = [{"name": f"p{number}", **policy} for number in range(11)]

    problems = problems_of(a_request(policies=policies))

    assert any(f"at most {validators.SIZE_MAX:,} bytes" in problem for problem in problems), (
        problems
    )


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        pytest.param(
            a_request(requestedBy="x" * 257), "requestedBy: must have at most 256", id="requestedBy"
        ),
        pytest.param(
            a_request(serviceAccess=[f"s{number}.amazonaws.com" for number in range(101)]),
            "serviceAccess: must have at most 100 entries",
            id="serviceAccess",
        ),
        pytest.param(
            a_request(
                policies=[{"name": f"p{number}", "type": "TAG_POLICY"} for number in range(51)]
            ),
            "policies: must have at most 50 entries",
            id="policies",
        ),
        pytest.param(
            a_request(
                policies=[
                    {"name": "p", "type": "S3_POLICY", "content": json.dumps({"a": "x" * 10_240})}
                ]
            ),
            "policies[0].content: must have at most 10,240",
            id="content of a type with no limit of its own",
        ),
    ],
)
def test_text_or_list_longer_than_its_maximum_is_refused(
    request_: dict[str, Any], expected: str
) -> None:
    problems = problems_of(request_)

    assert any(problem.startswith(expected) for problem in problems), problems


def test_longest_requested_by_is_accepted() -> None:
    assert parse(a_request(requestedBy="x" * 256)).requested_by == "x" * 256


@pytest.mark.parametrize("document", [schema, organization_setup.schema])
def test_every_text_and_list_has_a_maximum_in_the_schema(document: Any) -> None:
    unbounded = list(_unbounded(document(), ""))

    assert unbounded == []


def _unbounded(node: Any, where: str) -> Any:
    """Places of texts without maxLength or an enumeration; of lists and maps alike."""
    if isinstance(node, dict):
        kind = node.get("type")
        if kind == "string" and not node.keys() & {"maxLength", "enum", "const"}:
            yield where
        if "maxProperties" in node and "maxLength" not in node.get("propertyNames", {}):
            yield f"{where}, its keys"
        if kind == "array" and "maxItems" not in node:
            yield where
        if kind == "object" and "properties" not in node and "maxProperties" not in node:
            yield where
        for key, inner in node.items():
            yield from _unbounded(inner, f"{where}/{key}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _unbounded(inner, f"{where}/{index}")


def test_organizations_document_has_maxima_too() -> None:
    units = [f"/u{number}" for number in range(validators.UNITS_MAX + 1)]

    with pytest.raises(RequestInvalid) as refused:
        organization_setup.parse({"organizationalUnits": units})

    assert refused.value.problems == ["organizationalUnits: must have at most 500 entries"]


def test_giant_request_ends_rejected_with_its_row(world: World) -> None:
    request = a_request(requestedBy="x" * 135_000)

    record, _ = rejected(world, request)

    row = world.row(REQUEST_ID)
    assert (record["requestId"], record["state"]) == (REQUEST_ID, "REJECTED")
    assert (row["state"], row["error"]["code"]) == ("REJECTED", "RequestInvalid")
    assert "requestedBy: must have at most 256 characters" in row["error"]["message"]


@pytest.mark.parametrize("key", ["x", "\U0001f600", '"', "\\"])
def test_cause_of_a_refusal_is_one_that_step_functions_keeps(key: str) -> None:
    unknown = {f"{number}{key * 60}": 1 for number in range(1_000)}

    with pytest.raises(RequestInvalid) as refused:
        parse(a_request(**unknown))

    assert len(refused.value.problems) >= 1_000
    assert "more problems" in refused.value.message
    assert len(json.dumps({"errorMessage": str(refused.value)})) < CAUSE_CHARACTERS


def test_schema_is_built_once_however_many_keys_are_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = []
    build = AccountRequest.model_json_schema

    def counted(**options: Any) -> dict[str, Any]:
        built.append(1)
        return build(**options)

    monkeypatch.setattr(AccountRequest, "model_json_schema", counted)
    validation_messages._schema.cache_clear()

    found = problems_of(a_request(**{f"unknown{number}": 1 for number in range(5_000)}))

    assert len(found) == 5_000
    assert len(built) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
@pytest.mark.parametrize("where", ["requestedBy", "organizationalUnit", "requestId", "unknown"])
def test_value_that_json_cannot_hold_is_refused_by_name(
    world: World, where: str, value: object
) -> None:
    request = {"account": {"name": "Sandbox", "email": EMAIL}, where: value}

    with pytest.raises(RequestInvalid) as refused:
        world.call("AcceptRequest", request=request, executionArn=EXECUTION)

    assert any(problem.startswith(where) for problem in refused.value.problems)
    str(refused.value).encode()


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "\udfff"])
@pytest.mark.parametrize(
    ("changes", "place"),
    [
        (lambda value: {"account": {"name": value, "email": EMAIL}}, "account.name"),
        (lambda value: {"account": {"name": "A", "email": value}}, "account.email"),
        (lambda value: {"tags": {"key": value}}, "tags['key']"),
        (lambda value: {"tags": {f"{value}\ud800": "x"}}, "tags["),
        (lambda value: {"serviceAccess": [value]}, "serviceAccess[0]"),
        (
            lambda value: {"policies": [{"name": value, "type": "TAG_POLICY"}]},
            "policies[0].name",
        ),
        (
            lambda value: {"policies": [{"name": "p", "type": "TAG_POLICY", "description": value}]},
            "policies[0].description",
        ),
        (
            lambda value: {"policies": [{"name": "p", "type": "TAG_POLICY", "content": value}]},
            "policies[0].content",
        ),
    ],
)
def test_value_that_json_cannot_hold_ends_rejected_with_its_place(
    world: World, value: object, changes: Any, place: str
) -> None:
    request = a_request(**changes(value))

    record, problems = rejected(world, request)

    assert any(problem.startswith(place) for problem in problems)
    assert record["state"] == world.row(REQUEST_ID)["state"] == "REJECTED"
    assert place in record["error"]["message"]


def test_policy_content_with_a_number_that_json_lacks_is_refused() -> None:
    policy = {"name": "p", "type": "TAG_POLICY", "content": '{"a": NaN}'}

    assert problems_of(a_request(policies=[policy])) == [
        "policies[0].content: must be a JSON object as text"
    ]
