"""What moto remembers is what it would have worked out."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.core import parse, responses, serialize
from moto.core.base_backend import BackendDict
from moto.core.utils import get_service_model
from moto.dynamodb.parsing.ast_nodes import Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.sqs import models as sqs_models

from embedded.moto_patches import regions, speed


class Account:
    """Its members by other names than the model's."""

    def __init__(self) -> None:
        self.id = "111111111111"
        self.joined_method = "CREATED"


class Renamed:
    """Says itself how its members are called."""

    class Meta:
        serialization_aliases = {"Id": "number"}  # noqa: RUF012

    number = "222222222222"


OBJECTS: list[Any] = [
    {},
    {"Id": "1", "Arn": None},
    {"id": "1", "joined_method": "INVITED"},
    SimpleNamespace(Name="n", email="e"),
    Account(),
    Renamed(),
    "text",
]


@pytest.fixture(autouse=True)
def installed() -> None:
    speed.install()


@pytest.mark.parametrize("value", OBJECTS, ids=lambda value: type(value).__name__)
def test_member_is_found_where_moto_finds_it(value: Any) -> None:
    operation = get_service_model("organizations").operation_model("DescribeAccount")
    shape = operation.output_shape.members["Account"]
    picker = serialize.XFormedAttributePicker()
    serializer = serialize.JSONSerializer(operation_model=operation, value_picker=picker)

    for _ in ("worked out", "remembered"):
        for key, member in shape.members.items():
            member.parent = shape
            expected = speed._get_value(serializer, value, key, member)
            assert serializer.get_value(value, key, member) == expected, key


def an_item(some_bytes: Any) -> dict[str, Any]:
    """One with values of all of DynamoDB's types, in each other."""
    plain = {
        "text": {"S": "a"},
        "empty": {"S": ""},
        "number": {"N": "1.5"},
        "bytes": {"B": some_bytes},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "nothing": {"NULL": True},
        "texts": {"SS": ["a", "b"]},
        "numbers": {"NS": ["1"]},
        "all": {"BS": [some_bytes, some_bytes]},
    }
    values = {"L": [*plain.values(), {"L": []}, {"M": {}}]}
    return {**plain, "list": values, "map": {"M": {**plain, "list": values}}, "wrong": {"X": "a"}}


def test_values_of_dynamodb_are_answered_as_moto_does(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = get_service_model("dynamodb").operation_model("GetItem")

    def answered() -> Any:
        picker = serialize.XFormedAttributePicker()
        serializer = serialize.JSONSerializer(operation_model=operation, value_picker=picker)
        return json.loads(serializer.serialize({"Item": an_item(b"ab")})["body"])

    ours = answered()
    monkeypatch.setattr(
        serialize.ResponseSerializer, "_serialize_type_structure", speed._serialize_structure
    )

    assert ours == answered()
    assert ours["Item"]["map"]["M"]["list"]["L"][0] == {"S": "a"}


def test_values_of_dynamodb_are_read_as_moto_does(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = get_service_model("dynamodb").operation_model("PutItem")
    body = json.dumps({"TableName": "t", "Item": an_item("YWI=")})

    def parsed() -> Any:
        request: Any = {"body": body}
        return parse.JSONParser(operation).parse(request)

    ours = parsed()
    monkeypatch.setattr(parse.BaseJSONParser, "_parse_structure", speed._parse_structure)

    assert ours == parsed()
    assert ours["Item"]["map"]["M"]["list"]["L"][0] == {"S": "a"}


def test_answers_have_request_ids_of_their_own() -> None:
    headers: list[dict[str, Any]] = [{}, {}]

    ids = [responses.gen_amzn_requestid_long(each) for each in headers]

    assert len(set(ids)) == 2
    assert all(len(each) == 52 for each in ids)
    assert [each["x-amzn-requestid"] for each in headers] == ids


def test_expression_that_is_no_expression_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(Exception, match="Syntax error"):
            UpdateExpressionParser.make("SET a = = :b")


def nodes(root: Node, parent: Node | None = None) -> list[Node]:
    """The node and all below it, each of which knows its parent."""
    assert root.parent is parent
    below = [child for child in root.children or [] if isinstance(child, Node)]
    return [root, *(node for child in below for node in nodes(child, root))]


def leaves(of: list[Node]) -> list[Any]:
    return [one for node in of for one in node.children or [] if not isinstance(one, Node)]


def test_copy_of_an_expression_shares_no_node_with_it() -> None:
    parsed = UpdateExpressionParser.make("SET a = :b, #c[1].d = if_not_exists(e, :f) REMOVE g")

    copied = copy.deepcopy(parsed)

    ours, theirs = nodes(copied), nodes(parsed)
    assert [(type(node), node.type) for node in ours] == [(type(n), n.type) for n in theirs]
    assert leaves(ours) == leaves(theirs)
    assert not {id(node) for node in ours} & {id(node) for node in theirs}


SERVICES = ("cloudwatch", "dynamodbstreams", "ec2", "iam", "organizations", "stepfunctions")


@pytest.mark.parametrize("service", [*SERVICES, "no-such-service"])
def test_regions_of_a_service_are_those_of_its_model(service: str) -> None:
    ours, theirs = regions.Regions(), boto3.Session()

    assert ours.get_available_partitions() == theirs.get_available_partitions()
    for partition in theirs.get_available_partitions():
        assert ours.get_available_regions(
            service, partition_name=partition
        ) == theirs.get_available_regions(service, partition_name=partition)


def test_backend_that_was_reset_is_made_anew_and_reset_again() -> None:
    backends = BackendDict(sqs_models.SQSBackend, "sqs")
    first = backends["111111111111"]["us-east-1"]
    assert backends["111111111111"]["us-east-1"] is first

    BackendDict.reset()

    assert backends["111111111111"] is backends["111111111111"]
    assert sum(each is backends for each in BackendDict._instances) == 1
    BackendDict.reset()
    assert list(backends) == []
