"""What DynamoDB refuses of a request's expressions, keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]


@pytest.fixture
def table(empty_cloud: Aws) -> Any:
    """A DynamoDB client and the name of a table with the key of the ledger's."""
    dynamodb = empty_cloud.client("dynamodb")
    dynamodb.create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb, "table"


def row(number: int, **attributes: str) -> dict[str, Any]:
    return {"pk": {"S": f"request#{number}"}} | {k: {"S": v} for k, v in attributes.items()}


def refusal(call: Any, **request: Any) -> str:
    """The message of the ValidationException that the call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        (" ", "The expression can not be empty;"),
        ("a", 'Syntax error; token: "<EOF>", near: "a"'),
        ("= :a", 'Syntax error; token: "=", near: "= :a"'),
        ("a = :a AND", 'Syntax error; token: "<EOF>", near: "AND"'),
        ("a = :a a = :a", 'Syntax error; token: "a", near: ":a a ="'),
        ("(a = :a", 'Syntax error; token: "<EOF>", near: ":a"'),
        ("a = :a)", 'Syntax error; token: ")", near: ":a)"'),
        ("a == :a", 'Syntax error; token: "=", near: "== :a"'),
        ("a[x] = :a", 'Syntax error; token: "x", near: "[x]"'),
        ("a IN ()", 'Syntax error; token: ")", near: "()"'),
        ("size(a)", 'Syntax error; token: "<EOF>", near: ")"'),
        (
            "contains(a)",
            (
                "Incorrect number of operands for operator or function; operator or function: "
                "contains, number of operands: 1"
            ),
        ),
        (
            "begins_with(a, :n)",
            (
                "Incorrect operand type for operator or function; operator or function: begins_with"
                ", operand type: N"
            ),
        ),
        (
            "a < :bool",
            (
                "Incorrect operand type for operator or function; operator or function: <, "
                "operand type: BOOL"
            ),
        ),
        (
            "a BETWEEN :a AND :n",
            (
                "The BETWEEN operator requires same data type for lower and upper bounds; lower "
                "bound operand: AttributeValue: {S:x}, upper bound operand: AttributeValue: {N:1}"
            ),
        ),
        (
            "attribute_exists(:a)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "attribute_type(a, :a)",
            (
                "Invalid attribute type name found; type: x, valid types: "
                "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
            ),
        ),
    ],
)
@pytest.mark.parametrize("kind", ["ConditionExpression", "FilterExpression"])
def test_a_condition_that_is_none_is_refused(
    table: Any, kind: str, expression: str, problem: str
) -> None:
    dynamodb, name = table
    request: dict[str, Any] = {"TableName": name, kind: expression}
    values = {":a": {"S": "x"}, ":n": {"N": "1"}, ":bool": {"BOOL": True}}
    used = {key: value for key, value in values.items() if key in expression}
    if used:
        request["ExpressionAttributeValues"] = used

    if kind == "FilterExpression":
        message = refusal(dynamodb.scan, **request)
    else:
        message = refusal(dynamodb.put_item, Item=row(1), **request)

    assert message == f"Invalid {kind}: {problem}"
    assert dynamodb.scan(TableName=name)["Count"] == 0


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("a = :s AND NOT (a <> :s OR n > :n)", True),
        ("not a.b = :s and l[0] = :s", True),
        ("size(a) >= :n", True),
        ("a IN (:n, :s) AND n BETWEEN :n AND :n", True),
        ("attribute_not_exists(b) and contains(l, :s)", True),
        ("a > :n", False),
        ("n BETWEEN :s AND :s", False),
        ("size(n) > :n", False),
        ("size(b) > :n", False),
    ],
)
def test_operands_of_two_types_do_not_compare(table: Any, expression: str, holds: bool) -> None:
    dynamodb, name = table
    item = row(1, a="x") | {"n": {"N": "1"}, "l": {"L": [{"S": "x"}]}}
    dynamodb.put_item(TableName=name, Item=item)
    values = {":s": {"S": "x"}, ":n": {"N": "1"}}

    found = dynamodb.scan(
        TableName=name,
        FilterExpression=expression,
        ExpressionAttributeValues={key: v for key, v in values.items() if key in expression},
    )

    assert found["Count"] == holds


def test_a_key_condition_takes_fewer_operators(table: Any) -> None:
    dynamodb, name = table

    message = refusal(
        dynamodb.query,
        TableName=name,
        KeyConditionExpression="pk = :a OR pk = :a",
        ExpressionAttributeValues={":a": {"S": "x"}},
    )

    problem = "Invalid operator used in KeyConditionExpression: OR"
    assert message == f"Invalid KeyConditionExpression: {problem}"


def test_a_projection_that_ends_too_early_is_refused(table: Any) -> None:
    dynamodb, name = table

    message = refusal(dynamodb.scan, TableName=name, ProjectionExpression="a,")

    problem = 'Syntax error; token: "<EOF>", near: ","'
    assert message == f"Invalid ProjectionExpression: {problem}"


@pytest.mark.parametrize(
    "key",
    [{}, {"x": {"S": "1"}}, {**row(1), "x": {"S": "1"}}, {"pk": {"N": "1"}}, {"pk": {"M": {}}}],
)
def test_a_key_that_is_not_the_tables_is_refused(table: Any, key: dict[str, Any]) -> None:
    dynamodb, name = table
    on_item = {"TableName": name, "Key": key}
    batch = {name: [{"DeleteRequest": {"Key": key}}]}

    messages = {
        refusal(dynamodb.get_item, **on_item),
        refusal(dynamodb.delete_item, **on_item),
        refusal(dynamodb.update_item, **on_item),
        refusal(dynamodb.batch_get_item, RequestItems={name: {"Keys": [key]}}),
        refusal(dynamodb.batch_write_item, RequestItems=batch),
        refusal(dynamodb.transact_write_items, TransactItems=[{"Delete": on_item}]),
        refusal(dynamodb.transact_get_items, TransactItems=[{"Get": on_item}]),
    }

    assert messages == {"The provided key element does not match the schema"}


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (
            {"x": {"S": "1"}},
            "One or more parameter values were invalid: Missing the key pk in the item",
        ),
        (
            {"pk": {"N": "1"}},
            (
                "One or more parameter values were invalid: Type mismatch for key pk expected: S "
                "actual: N"
            ),
        ),
        (
            {"pk": {"S": ""}},
            (
                "One or more parameter values are not valid. The AttributeValue for a key "
                "attribute cannot contain an empty string value. Key: pk"
            ),
        ),
        (
            {**row(1), "x": {}},
            "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
        ),
        (
            {**row(1), "x": {"L": [{"S": "a", "N": "1"}]}},
            (
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one "
                "of the supported datatypes"
            ),
        ),
        (
            {**row(1), "x": {"M": {"y": {"N": "one"}}}},
            "The parameter cannot be converted to a numeric value: one",
        ),
        (
            {**row(1), "x": {"SS": ["a", "a"]}},
            (
                "One or more parameter values were invalid: Input collection [a, a] contains "
                "duplicates."
            ),
        ),
    ],
)
def test_an_item_of_wrong_values_is_refused(table: Any, item: Any, problem: str) -> None:
    dynamodb, name = table
    put = {"TableName": name, "Item": item}

    messages = {
        refusal(dynamodb.put_item, **put),
        refusal(dynamodb.transact_write_items, TransactItems=[{"Put": put}]),
        refusal(dynamodb.batch_write_item, RequestItems={name: [{"PutRequest": {"Item": item}}]}),
    }

    assert messages == {problem}
    assert dynamodb.scan(TableName=name)["Count"] == 0
