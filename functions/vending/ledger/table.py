"""The one access to DynamoDB: items as values, writes on conditions, and transactions of writes.

Conditions are boto3's (`boto3.dynamodb.conditions.Attr`), values are serialized by boto3's own
serializer, and what a condition found instead comes back as values, too. Every method is one call
to AWS, but for a query, which is one for each page; errors are those of `aws_errors`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import reduce
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import And, Attr, ConditionBase, ConditionExpressionBuilder, Key

from vending.aws.clock import Clock, now
from vending.errors.aws_errors import translate, translate_aws_errors
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.items import from_dynamodb, to_dynamodb

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]
"""An item's attributes as Python's values; numbers are int or Decimal."""

IS_NEW = Attr("pk").not_exists()
"""There is no item of this key."""


class ConditionFailed(Exception):
    """A write's condition does not hold.

    Attributes:
        found: the item that is there; None where there is none, or it was not asked for.
        refusal: AWS's refusal in our words, for whoever did not expect it.
    """

    def __init__(self, error: ClientError) -> None:
        super().__init__()
        self.found = _found(error.response)
        self.refusal = translate(error)


@frozen
class Put:
    """Write a whole item, `pk` included, in place of any that is there.

    Attributes:
        item: what to write.
        condition: None to write whatever is there.
        returns_found: whether a failed condition sends the item along that is there.
    """

    item: Mapping[str, Any]
    condition: ConditionBase | None = None
    returns_found: bool = True

    def parameters(self, table_name: str) -> dict[str, Any]:
        """What PutItem takes, and a Put of TransactWriteItems."""
        return {
            "TableName": table_name,
            "Item": to_dynamodb(self.item),
            **_conditional(self.condition, returns_found=self.returns_found),
        }


@frozen
class Update:
    """Set and remove an item's attributes; `values` that are None are left as they are.

    Of the attributes in `keep` the item's own value stays, where it has one.
    """

    pk: str
    values: Mapping[str, Any]
    remove: Sequence[str] = ()
    keep: Sequence[str] = ()
    condition: ConditionBase

    def parameters(self, table_name: str) -> dict[str, Any]:
        """What UpdateItem takes, and an Update of TransactWriteItems."""
        written = {name: value for name, value in self.values.items() if value is not None}
        clauses = [
            ("SET", [f"#{name} = {self._value(name)}" for name in written]),
            ("REMOVE", [f"#{name}" for name in self.remove]),
        ]
        conditional = _conditional(self.condition, returns_found=True)
        names = {f"#{name}": name for name in (*written, *self.remove)}
        values = to_dynamodb({f":{name}": value for name, value in written.items()})
        return {
            "TableName": table_name,
            "Key": {"pk": {"S": self.pk}},
            "UpdateExpression": " ".join(
                f"{clause} {', '.join(parts)}" for clause, parts in clauses if parts
            ),
            **conditional,
            "ExpressionAttributeNames": conditional["ExpressionAttributeNames"] | names,
            "ExpressionAttributeValues": conditional.get("ExpressionAttributeValues", {}) | values,
        }

    def _value(self, name: str) -> str:
        return f"if_not_exists(#{name}, :{name})" if name in self.keep else f":{name}"


Write = Put | Update


@frozen
class Cancellation:
    """Why one write of a transaction was the reason that none of them was made.

    `code` is DynamoDB's (API reference, TransactWriteItems): ConditionalCheckFailed, where `found`
    is the item that is there, TransactionConflict, ThrottlingError and their like.
    """

    code: str
    found: Item = field(default_factory=dict)


@frozen
class Table:
    """The stack's table, and the clock by which what is in it is dated."""

    client: DynamoDBClient
    name: str
    clock: Clock = now

    def get(self, pk: str, *, consistent: bool = False) -> Item | None:
        """The item of this key; `consistent` shows every write that has returned."""
        with translate_aws_errors():
            answer = self.client.get_item(
                TableName=self.name,
                Key={"pk": {"S": pk}},
                **({"ConsistentRead": True} if consistent else {}),  # type: ignore[arg-type]
            )
        return from_dynamodb(answer["Item"]) if "Item" in answer else None

    def put(self, put: Put) -> None:
        """Write an item; ConditionFailed where its condition does not hold."""
        with translate_aws_errors():
            try:
                self.client.put_item(**put.parameters(self.name))
            except self.client.exceptions.ConditionalCheckFailedException as error:
                if put.condition is None:
                    raise
                raise ConditionFailed(error) from None

    def update(self, update: Update) -> Item:
        """Change an item, and return it; ConditionFailed where the condition does not hold."""
        with translate_aws_errors():
            try:
                answer = self.client.update_item(
                    ReturnValues="ALL_NEW", **update.parameters(self.name)
                )
            except self.client.exceptions.ConditionalCheckFailedException as error:
                raise ConditionFailed(error) from None
        return from_dynamodb(answer["Attributes"])

    def delete(self, pk: str, condition: ConditionBase) -> bool:
        """Delete the item of this key; whether the condition held."""
        with translate_aws_errors():
            try:
                self.client.delete_item(
                    TableName=self.name,
                    Key={"pk": {"S": pk}},
                    **_conditional(condition, returns_found=False),
                )
            except self.client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def transact(self, writes: Mapping[str, Write]) -> dict[str, Cancellation]:
        """Make all of these named writes or none; by name, the reasons why none was made.

        Empty when all were made.
        """
        with translate_aws_errors():
            try:
                self.client.transact_write_items(
                    TransactItems=[
                        {type(write).__name__: write.parameters(self.name)}  # type: ignore[misc]
                        for write in writes.values()
                    ]
                )
            except self.client.exceptions.TransactionCanceledException as error:
                answer: Mapping[str, Any] = error.response
                reasons = answer.get("CancellationReasons", [])
                if len(reasons) != len(writes):
                    raise  # nothing says which write it was
            else:
                return {}
        return {
            name: Cancellation(code=reason["Code"], found=_found(reason) or {})
            for name, reason in zip(writes, reasons, strict=True)
            if reason.get("Code", "None") != "None"
        }

    def query_by_state(
        self,
        state: str,
        *,
        since: str | None = None,
        newest_first: bool = False,
        after: Mapping[str, str] | None = None,
    ) -> Iterator[Item]:
        """The rows in a state, oldest change first; those changed since a timestamp.

        `after` has pk, state and updatedAt of a row: those that follow it.
        """
        condition: ConditionBase = Key("state").eq(state)
        if since is not None:
            condition &= Key("updatedAt").gte(since)
        begin: Any = to_dynamodb(after) if after else None
        while True:
            with translate_aws_errors():
                page = self.client.query(
                    TableName=self.name,
                    IndexName=keys.BY_STATE,
                    ScanIndexForward=not newest_first,
                    **({"ExclusiveStartKey": begin} if begin else {}),
                    **_expression("KeyConditionExpression", condition),
                )
            yield from map(from_dynamodb, page["Items"])
            begin = page.get("LastEvaluatedKey")
            if not begin:
                return


def as_expected(expected: Mapping[str, object]) -> ConditionBase:
    """The condition that all of these attributes have these values (None: are absent)."""
    conditions: list[ConditionBase] = [
        Attr(name).not_exists() if value is None else Attr(name).eq(value)
        for name, value in expected.items()
    ]
    return reduce(And, conditions)


def _conditional(condition: ConditionBase | None, *, returns_found: bool) -> dict[str, Any]:
    if condition is None:
        return {}
    found = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"} if returns_found else {}
    return {**_expression("ConditionExpression", condition), **found}


def _expression(parameter: str, condition: ConditionBase) -> dict[str, Any]:
    built = ConditionExpressionBuilder().build_expression(
        condition, is_key_condition=parameter == "KeyConditionExpression"
    )
    values = to_dynamodb(built.attribute_value_placeholders)
    return {
        parameter: built.condition_expression,
        "ExpressionAttributeNames": built.attribute_name_placeholders,
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _found(answer: Any) -> Item | None:
    """The item that a failed condition found, which DynamoDB sends along when asked to."""
    return from_dynamodb(answer["Item"]) if answer.get("Item") else None
