"""A table that an earlier stack left, imported by its name: CreateChangeSet's own parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.embedded.cloudformation_template import NAME, only, with_properties

if TYPE_CHECKING:
    from tests.unit.embedded.cloudformation_server import Aws

pytest_plugins = ["tests.unit.embedded.cloudformation_server"]

LEFT = "AccountVending-Ledger-LEFT"
ROW = {"pk": {"S": "request#old"}, "state": {"S": "VENDED"}}


@pytest.fixture
def left(empty_cloud: Aws) -> Any:
    """A table with a row, which the stack that made it left when it was deleted."""
    formation, dynamodb = empty_cloud.client("cloudformation"), empty_cloud.client("dynamodb")
    body = only(Ledger=with_properties("Ledger", TableName=LEFT))
    formation.create_stack(StackName=NAME, TemplateBody=body)
    dynamodb.put_item(TableName=LEFT, Item=ROW)
    formation.delete_stack(StackName=NAME)
    return dynamodb


def deploy(cloud: Aws, body: str, **how: Any) -> dict[str, Any]:
    """The stack, made by a change set as the CDK makes it."""
    formation = cloud.client("cloudformation")
    formation.create_change_set(
        StackName=NAME,
        ChangeSetName="deploy",
        ChangeSetType="CREATE",
        TemplateBody=body,
        **how,
    )
    formation.execute_change_set(StackName=NAME, ChangeSetName="deploy")
    return cloud.stack()


def test_table_is_imported_with_its_rows(empty_cloud: Aws, left: Any) -> None:
    body = only(Ledger=with_properties("Ledger", TableName=LEFT))

    stack = deploy(empty_cloud, body, ImportExistingResources=True)

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert empty_cloud.ids() == {"Ledger": LEFT}
    assert left.scan(TableName=LEFT)["Items"] == [ROW]


def test_table_that_exists_stands_in_the_way_where_nothing_is_to_be_imported(
    empty_cloud: Aws, left: Any
) -> None:
    body = only(Ledger=with_properties("Ledger", TableName=LEFT))

    stack = deploy(empty_cloud, body)

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert left.scan(TableName=LEFT)["Items"] == [ROW]


def test_table_that_does_not_exist_is_made(empty_cloud: Aws) -> None:
    body = only(Ledger=with_properties("Ledger", TableName="new"))

    stack = deploy(empty_cloud, body, ImportExistingResources=True)

    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert empty_cloud.client("dynamodb").list_tables()["TableNames"] == ["new"]


def test_deployment_that_fails_after_the_import_leaves_the_table(
    empty_cloud: Aws, left: Any
) -> None:
    broken = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "p", "PolicyDocument": {}, "Roles": ["nobody"]},
        "DependsOn": ["Ledger"],
    }
    body = only(Ledger=with_properties("Ledger", TableName=LEFT), Broken=broken)

    stack = deploy(empty_cloud, body, ImportExistingResources=True)

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert left.scan(TableName=LEFT)["Items"] == [ROW]
