"""A pair of accounts is created as one account is: once, and reported with both ids."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from tests.unit.functions.payloads import (
    EMAIL,
    REQUEST_ID,
    REQUEST_ID_TAG,
    a_request,
    accepted,
    an_account,
    create,
    describe,
)
from tests.unit.functions.world import World
from vending.creation import govcloud
from vending.errors.exceptions import (
    CreationRefusedForNow,
    OperationRefused,
    OutcomeUnknown,
    VendingError,
)


def create_pair(world: World, **changes: Any) -> dict[str, Any]:
    return create(world, operation="CreateGovCloudAccount", **changes)


def accepted_pair(world: World) -> None:
    accepted(world, a_request(source="new-govcloud"))


def test_pair_is_asked_for_once_with_the_request_id_among_the_tags(world: World) -> None:
    accepted_pair(world)

    first, second = create_pair(world, account=an_account(roleName="Admin")), create_pair(world)

    (call,) = world.called("CreateGovCloudAccount")
    assert first == second
    assert (call["Email"], call["AccountName"], call["RoleName"]) == (EMAIL, "Sandbox", "Admin")
    assert {"Key": REQUEST_ID_TAG, "Value": REQUEST_ID} in call["Tags"]
    assert world.called("CreateAccount") == []


def test_pair_that_is_there_has_both_ids_and_says_what_is_left_to_do(world: World) -> None:
    accepted_pair(world)
    creation_id = create_pair(world)["createAccountRequestId"]
    account_id = world.organization.finish()

    result = describe(world, creation_id)

    row = world.row(REQUEST_ID)
    assert result["accountId"] == row["accountId"] == account_id
    assert result["govCloudAccountId"] == row["govCloudAccountId"] != account_id
    assert len(row["nextSteps"]) == 5
    assert all(row["govCloudAccountId"] in step for step in row["nextSteps"][:2])
    assert world.announced()[-1][1]["nextSteps"] == row["nextSteps"]


def test_lost_answer_of_a_pair_is_adopted_with_both_ids(world: World) -> None:
    accepted_pair(world)
    world.organization.lose_answer("CreateGovCloudAccount")

    with pytest.raises(OutcomeUnknown, match="CreateGovCloudAccount: "):
        create_pair(world)
    with pytest.raises(OutcomeUnknown, match="being created"):
        create_pair(world)
    account_id = world.organization.finish()
    result = create_pair(world)

    row = world.row(REQUEST_ID)
    assert (result["state"], result["accountId"]) == ("SUCCEEDED", account_id)
    assert row["govCloudAccountId"] in row["nextSteps"][0]
    assert len(world.called("CreateGovCloudAccount")) == 1


def test_pair_whose_creation_is_no_longer_listed_is_adopted_and_the_twin_is_to_be_found(
    world: World,
) -> None:
    accepted_pair(world)
    world.organization.lose_answer("CreateGovCloudAccount")
    with pytest.raises(OutcomeUnknown):
        create_pair(world)
    account_id = world.organization.finish()
    world.organization.creations.clear()

    result = create_pair(world)

    row = world.row(REQUEST_ID)
    assert result["accountId"] == account_id
    assert "govCloudAccountId" not in row
    assert "list-create-account-status" in row["nextSteps"][0]
    assert str(account_id) in row["nextSteps"][0]
    assert len(row["nextSteps"]) == 6


def test_twin_that_is_known_is_not_forgotten_when_the_pair_is_looked_for_again(
    world: World,
) -> None:
    accepted_pair(world)
    creation_id = create_pair(world)["createAccountRequestId"]
    world.organization.finish()
    describe(world, creation_id)
    before = world.row(REQUEST_ID)

    create_pair(world)

    row = world.row(REQUEST_ID)
    assert row["govCloudAccountId"] == before["govCloudAccountId"]
    assert row["nextSteps"] == before["nextSteps"]


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        ("ConstraintViolationException", "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED", OperationRefused),
        (
            "ConstraintViolationException",
            "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED",
            CreationRefusedForNow,
        ),
        ("UnsupportedAPIEndpointException", None, OperationRefused),
        ("AccessDeniedException", None, OperationRefused),
    ],
)
def test_refused_pair_may_be_asked_for_again_without_a_look(
    world: World, code: str, reason: str | None, error: type[VendingError]
) -> None:
    accepted_pair(world)
    world.organization.refuse("CreateGovCloudAccount", code, reason)

    with pytest.raises(error) as refused:
        create_pair(world)

    assert (refused.value.code, refused.value.reason) == (code, reason)
    assert refused.value.remedy
    assert "intent" not in world.row(REQUEST_ID)
    world.later(60)  # others create too, so the queue rests
    assert create_pair(world)["state"] == "IN_PROGRESS"
    assert world.called("ListCreateAccountStatus") == []


def test_commercial_account_has_no_next_steps(world: World) -> None:
    accepted(world)
    creation_id = create(world)["createAccountRequestId"]
    world.organization.finish()

    describe(world, creation_id)

    assert "nextSteps" not in world.row(REQUEST_ID)


def test_creation_that_aws_does_not_know_is_named_by_the_operation_that_asked(
    world: World,
) -> None:
    accepted_pair(world)
    create_pair(world)
    world.organization.creations.clear()
    world.later(301)

    with pytest.raises(OutcomeUnknown, match="CreateGovCloudAccount"):
        describe(world, "car-" + "0" * 32)


def steps_of(**changes: Any) -> list[str]:
    return govcloud.next_steps(
        "r-1",
        **{
            "account_id": "1" * 12,
            "gov_cloud_account_id": "2" * 12,
            "role_name": "Admin",
            "tags": {},
            "organizational_unit": None,
            **changes,
        },
    )


def test_next_steps_name_the_role_of_the_request() -> None:
    steps = steps_of()

    assert f"arn:aws-us-gov:iam::{'2' * 12}:role/Admin" in steps[1]
    assert all(": aws --region us-gov-west-1 " in step for step in steps)


def test_next_steps_quote_tags_that_a_shell_would_take_apart() -> None:
    tags = {"owner": 'O\'Neil, R&D ("core")', "note": "a: aws b, Key=c", "empty": ""}

    (step,) = (one for one in steps_of(tags=tags) if "tag-resource" in one)

    command = shlex.split(step.partition(": aws ")[2])
    listed = json.loads(command[command.index("--tags") + 1])
    assert {tag["Key"]: tag["Value"] for tag in listed} == {**tags, REQUEST_ID_TAG: "r-1"}


@pytest.mark.parametrize(
    ("unit", "moves"), [(None, 0), ("/", 0), ("/Workloads/My Sandbox", 1)], ids=str
)
def test_next_steps_move_the_twin_where_the_request_names_a_unit(
    unit: str | None, moves: int
) -> None:
    moving = [one for one in steps_of(organizational_unit=unit) if "move-account" in one]

    assert len(moving) == moves
    assert all(unit and unit in one.partition(": aws ")[0] for one in moving)
