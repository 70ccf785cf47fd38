"""What the ledger asks of DynamoDB, on a table as the template makes it."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb import models
from moto.dynamodb.models import table as table_models
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from embedded.core.clock import Clock
from embedded.core.context import Context
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.moto_patches.dynamodb_tokens import VALID_SECONDS
from tests.unit.embedded.cloudformation_template import only, with_properties

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the embedded AWS whose DynamoDB is tested."""
    clock = Clock()
    context = Context(clock=clock, faults=Faults.none(), credentials=Credentials())
    monkeypatch.setattr("embedded.core.context._active", [context])
    return clock


@pytest.fixture
def ledger(cloud: Aws, clock: Clock) -> Any:
    """A DynamoDB client and the name of the deployed table."""
    cloud.client("cloudformation").create_stack(
        StackName="AccountVending", TemplateBody=only(Ledger=with_properties("Ledger"))
    )
    dynamodb = cloud.client("dynamodb")
    return dynamodb, dynamodb.list_tables()["TableNames"][0]


@pytest.fixture
def slow_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause between a condition and the write it guards, long enough for another writer."""
    for module in (models, table_models):
        compiled = module.get_filter_expression

        def slowly(*args: Any, compiled: Any = compiled) -> Any:
            condition = compiled(*args)

            def evaluate(item: Any) -> Any:
                holds = condition.expr(item)
                time.sleep(0.003)
                return holds

            return SimpleNamespace(expr=evaluate)

        monkeypatch.setattr(module, "get_filter_expression", slowly)


def row(number: int, **attributes: str) -> dict[str, Any]:
    return {"pk": {"S": f"request#{number}"}} | {k: {"S": v} for k, v in attributes.items()}


def winners(*attempts: Any) -> int:
    """How many of the calls, made at once, were not refused by their condition."""
    won: list[bool] = []
    together = threading.Barrier(len(attempts))

    def attempt(call: Any) -> None:
        together.wait()
        try:
            call()
        except ClientError as error:
            if "Conditional" not in str(error):
                raise
        else:
            won.append(True)

    threads = [threading.Thread(target=attempt, args=(call,)) for call in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(won)


def put(dynamodb: Any, table: str) -> None:
    dynamodb.put_item(TableName=table, Item=row(1), ConditionExpression="attribute_not_exists(pk)")


def update(dynamodb: Any, table: str) -> None:
    dynamodb.update_item(
        TableName=table,
        Key=row(1),
        UpdateExpression="SET a = :a",
        ConditionExpression="attribute_not_exists(pk)",
        ExpressionAttributeValues={":a": {"S": "1"}},
    )


def transact(dynamodb: Any, table: str) -> None:
    part = {"TableName": table, "Item": row(1), "ConditionExpression": "attribute_not_exists(pk)"}
    dynamodb.transact_write_items(TransactItems=[{"Put": part}])


@pytest.mark.parametrize("write", [put, update, transact])
def test_only_one_of_several_conditional_writes_at_once_wins(
    ledger: Any, slow_conditions: None, write: Any
) -> None:
    assert winners(*[lambda: write(*ledger)] * 4) == 1


def test_refused_condition_returns_the_row_that_is_there(ledger: Any) -> None:
    dynamodb, table = ledger
    dynamodb.put_item(TableName=table, Item=row(1, state="VENDED"))

    with pytest.raises(ClientError) as caught:
        dynamodb.update_item(
            TableName=table,
            Key=row(1),
            UpdateExpression="SET #s = :failed",
            ConditionExpression="#s <> :vended",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":failed": {"S": "FAILED"}, ":vended": {"S": "VENDED"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    assert caught.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    response: dict[str, Any] = {**caught.value.response}
    assert response["Item"] == row(1, state="VENDED")


UNNAMED = "used in the document path is not defined; attribute name: #n"
UNDEFINED = "used in expression is not defined; attribute value: :b"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"ExpressionAttributeValues": {":a": {"S": "1"}, ":c": {"S": "2"}}},
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:c}",
        ),
        (
            {"ExpressionAttributeNames": {"#x": "x"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}",
        ),
        (
            {"ConditionExpression": "a = :b"},
            f"Invalid ConditionExpression: An expression attribute value {UNDEFINED}",
        ),
        (
            {"UpdateExpression": "SET a = :b"},
            f"Invalid UpdateExpression: An expression attribute value {UNDEFINED}",
        ),
        (
            {"UpdateExpression": "SET #n = :a"},
            f"Invalid UpdateExpression: An expression attribute name {UNNAMED}",
        ),
    ],
)
@pytest.mark.parametrize("transacted", [False, True])
def test_expressions_and_what_they_name_have_to_fit(
    ledger: Any, more: dict[str, Any], message: str, transacted: bool
) -> None:
    dynamodb, table = ledger
    update = {
        "TableName": table,
        "Key": row(1),
        "UpdateExpression": "SET a = :a",
        "ExpressionAttributeValues": {":a": {"S": "1"}},
    } | more

    call = dynamodb.transact_write_items if transacted else dynamodb.update_item
    request = {"TransactItems": [{"Update": update}]} if transacted else update

    with pytest.raises(ClientError) as caught:
        call(**request)

    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", message)
    assert dynamodb.scan(TableName=table)["Items"] == []


def test_a_batch_writes_twenty_five_items_at_most(ledger: Any) -> None:
    dynamodb, table = ledger
    writes = [{"PutRequest": {"Item": row(number)}} for number in range(26)]

    with pytest.raises(ClientError) as caught:
        dynamodb.batch_write_item(RequestItems={table: writes})
    dynamodb.batch_write_item(RequestItems={table: writes[:25]})

    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert "Member must have length less than or equal to 25" in error["Message"]
    assert dynamodb.scan(TableName=table)["Count"] == 25


def test_a_transaction_that_is_refused_leaves_every_item_as_it_was(ledger: Any) -> None:
    dynamodb, table = ledger
    rows = [row(1, a="1"), row(2, a="1")]
    for one in rows:
        dynamodb.put_item(TableName=table, Item=one)
    update = {
        "TableName": table,
        "Key": row(1),
        "UpdateExpression": "SET a = :b",
        "ExpressionAttributeValues": {":b": {"S": "2"}},
    }
    absent = {"TableName": table, "Key": row(9), "ConditionExpression": "attribute_exists(pk)"}

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(
            TransactItems=[
                {"Update": update},
                {"Delete": {"TableName": table, "Key": row(2)}},
                {"Put": {"TableName": table, "Item": row(3)}},
                {"Update": {**update, "Key": row(4)}},
                {"ConditionCheck": absent},
            ]
        )

    left = dynamodb.scan(TableName=table)["Items"]
    assert sorted(left, key=lambda item: str(item["pk"])) == rows


def delete_of(table: str, number: int) -> list[Any]:
    return [{"Delete": {"TableName": table, "Key": row(number)}}]


def test_a_transaction_with_a_token_acts_once(ledger: Any) -> None:
    dynamodb, table = ledger
    for number in (1, 2):
        dynamodb.put_item(TableName=table, Item=row(number))

    dynamodb.transact_write_items(TransactItems=delete_of(table, 1), ClientRequestToken="one")
    dynamodb.put_item(TableName=table, Item=row(1))
    dynamodb.transact_write_items(TransactItems=delete_of(table, 1), ClientRequestToken="one")
    with pytest.raises(dynamodb.exceptions.IdempotentParameterMismatchException):
        dynamodb.transact_write_items(TransactItems=delete_of(table, 2), ClientRequestToken="one")

    assert dynamodb.scan(TableName=table)["Count"] == 2


def test_a_token_is_forgotten_after_ten_minutes(
    ledger: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb, table = ledger
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    dynamodb.put_item(TableName=table, Item=row(2))
    dynamodb.transact_write_items(TransactItems=delete_of(table, 1), ClientRequestToken="one")

    at += VALID_SECONDS
    dynamodb.transact_write_items(TransactItems=delete_of(table, 2), ClientRequestToken="one")

    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_a_refused_transaction_can_be_repeated_with_its_token(ledger: Any) -> None:
    dynamodb, table = ledger
    there = {"TableName": table, "Key": row(1), "ConditionExpression": "attribute_exists(pk)"}
    request = {
        "TransactItems": [
            {"ConditionCheck": there},
            {"Put": {"TableName": table, "Item": row(2)}},
        ],
        "ClientRequestToken": "one",
    }
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(**request)

    dynamodb.put_item(TableName=table, Item=row(1))
    dynamodb.transact_write_items(**request)

    assert dynamodb.scan(TableName=table)["Count"] == 2


def test_a_transaction_copies_only_the_items_it_names(
    ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb, table = ledger
    for number in range(40):
        dynamodb.put_item(TableName=table, Item=row(number))
    copied: list[str] = []
    original = Item.__deepcopy__

    def counting(self: Any, memo: Any) -> Any:
        copied.append(self.hash_key.value)
        return original(self, memo)

    monkeypatch.setattr(Item, "__deepcopy__", counting)

    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": row(3)}}])

    assert set(copied) == {"request#3"}


def test_a_backup_is_a_copy_of_the_table(ledger: Any) -> None:
    dynamodb, table = ledger
    dynamodb.put_item(TableName=table, Item=row(1))
    backup = dynamodb.create_backup(TableName=table, BackupName="one")["BackupDetails"]
    dynamodb.put_item(TableName=table, Item=row(2))

    dynamodb.restore_table_from_backup(TargetTableName="restored", BackupArn=backup["BackupArn"])

    assert dynamodb.scan(TableName="restored")["Items"] == [row(1)]


def test_refused_update_makes_no_row(ledger: Any) -> None:
    dynamodb, table = ledger

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        dynamodb.update_item(
            TableName=table,
            Key=row(1),
            UpdateExpression="SET a = :a",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":a": {"S": "1"}},
        )

    assert "Item" not in dynamodb.get_item(TableName=table, Key=row(1))


def test_transaction_is_all_or_nothing_and_says_which_part_failed(ledger: Any) -> None:
    dynamodb, table = ledger
    dynamodb.put_item(TableName=table, Item=row(2, state="CREATING"))

    def write(number: int) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": table,
                "Item": row(number, state="QUEUED"),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    with pytest.raises(ClientError) as caught:
        dynamodb.transact_write_items(TransactItems=[write(1), write(2)])
    dynamodb.transact_write_items(TransactItems=[write(3), write(4)])

    reasons = caught.value.response["CancellationReasons"]
    assert caught.value.response["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    found = dynamodb.scan(TableName=table)["Items"]
    assert sorted(item["pk"]["S"] for item in found) == ["request#2", "request#3", "request#4"]


def test_rows_are_listed_by_state_newest_first(ledger: Any) -> None:
    dynamodb, table = ledger
    for number, state in ((1, "VENDED"), (2, "FAILED"), (3, "VENDED"), (4, "VENDED")):
        item = row(number, state=state, updatedAt=f"2026-01-0{number}T00:00:00.000Z")
        dynamodb.put_item(TableName=table, Item=item)
    dynamodb.put_item(TableName=table, Item=row(5))  # without a state it is in no index

    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        IndexName="byState",
        KeyConditionExpression="#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "VENDED"}},
        ScanIndexForward=False,
        PaginationConfig={"PageSize": 2},
    )

    found = [[item["pk"]["S"] for item in page["Items"]] for page in pages]
    assert found == [["request#4", "request#3"], ["request#1"]]


def test_item_whose_time_has_come_is_deleted_where_the_table_says_so(
    ledger: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, table = ledger
    soon = str(int(clock.now()) + 86_400)
    client.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"AttributeName": "until", "Enabled": True}
    )
    for number, until in enumerate(({"N": soon}, {"N": soon + "0"}, {"S": "1"})):
        client.put_item(TableName=table, Item=row(number) | {"until": until})
    client.put_item(TableName=table, Item=row(3))

    later = clock.now() + 86_400 * 2
    monkeypatch.setattr(clock, "now", lambda: later)

    left = client.scan(TableName=table)["Items"]
    assert {one["pk"]["S"] for one in left} == {"request#1", "request#2", "request#3"}


def test_items_with_a_sort_key_expire_too(
    ledger: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = ledger
    client.create_table(
        TableName="events",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    client.update_time_to_live(
        TableName="events",
        TimeToLiveSpecification={"AttributeName": "until", "Enabled": True},
    )
    for number in range(3):
        until = f"{int(clock.now()) + 86_400 * number + 60}"
        key = {"pk": {"S": "a"}, "sk": {"N": f"{number}"}}
        client.put_item(TableName="events", Item=key | {"until": {"N": until}})

    later = clock.now() + 86_400 * 1.5
    monkeypatch.setattr(clock, "now", lambda: later)

    left = client.scan(TableName="events")["Items"]
    assert [one["sk"]["N"] for one in left] == ["2"]


def test_item_whose_time_has_come_stays_where_the_table_has_no_time_to_live(
    ledger: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, table = ledger
    client.put_item(TableName=table, Item=row(1) | {"until": {"N": str(int(clock.now()) + 60)}})

    later = clock.now() + 86_400 * 2
    monkeypatch.setattr(clock, "now", lambda: later)

    assert client.scan(TableName=table)["Count"] == 1


VALUES: tuple[dict[str, Any], ...] = (
    {"S": "1"},
    {"S": "2"},
    {"N": "1"},
    {"N": "2"},
    {"SS": ["1", "2"]},
    {"SS": ["3"]},
    {"L": [{"S": "1"}]},
    {"L": [{"N": "1"}]},
    {"L": [{"S": "1"}, {"S": "2"}]},
    {"M": {"a": {"L": [{"S": "1"}]}}},
    {"M": {"b": {"L": [{"S": "1"}]}}},
)


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_values_are_equal_to_those_of_their_type_and_content(value: dict[str, Any]) -> None:
    equal = [one for one in VALUES if DynamoType(one) == DynamoType(value)]

    assert equal == [value]
    assert [one for one in VALUES if DynamoType(one) != DynamoType(value)] == [
        one for one in VALUES if one is not value
    ]


def test_numbers_and_sets_are_equal_however_they_are_written() -> None:
    assert DynamoType({"L": [{"N": "1.0"}]}) == DynamoType({"L": [{"N": "1"}]})
    assert DynamoType({"SS": ["a", "b"]}) == DynamoType({"SS": ["b", "a"]})
