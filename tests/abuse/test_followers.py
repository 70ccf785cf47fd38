"""Followers by the documented policy: they read requests, and nothing by which to act on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded import ACCOUNT_ID

if TYPE_CHECKING:
    from tests.abuse.target import Target

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy.md"


@pytest.fixture(scope="module")
def follower(target: Target) -> Any:
    """DynamoDB, as a principal has it who has the documented policy and nothing else."""
    section = DEPLOY.read_text().partition("### Followers")[2]
    policy = section.partition("```json")[2].partition("```")[0]
    filled = policy.replace("<account id>", ACCOUNT_ID).replace("<LedgerTableName>", target.table)
    return target.holder("Follower", json.loads(filled))("dynamodb")


def reading(target: Target, *keys: str) -> dict[str, Any]:
    return {"RequestItems": {target.table: {"Keys": [{"pk": {"S": key}} for key in keys]}}}


def test_follower_reads_requests_and_lists_them_by_state(target: Target, follower: Any) -> None:
    read = follower.batch_get_item(**reading(target, "request#theirs"))
    listed = follower.query(
        TableName=target.table,
        IndexName="byState",
        KeyConditionExpression="#state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": {"S": "VENDED"}},
    )

    assert read["Responses"][target.table][0]["pk"] == {"S": "request#theirs"}
    assert listed["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_follower_reads_no_token_and_writes_nothing(target: Target, follower: Any) -> None:
    row = {"TableName": target.table, "Key": {"pk": {"S": "request#theirs"}}}

    done = target.succeeding(
        follower,
        {
            "batch_get_item": [
                reading(target, "token#theirs"),
                reading(target, "request#theirs", "token#theirs"),
                reading(target, "gate#creation"),
            ],
            "get_item": [{"TableName": target.table, "Key": {"pk": {"S": "token#theirs"}}}],
            "scan": [{"TableName": target.table}],
            "update_item": [row],
            "delete_item": [row],
        },
    )

    assert done == []
