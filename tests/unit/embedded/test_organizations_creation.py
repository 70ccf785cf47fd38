from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError
from moto.iam.models import iam_backends

from embedded.core.principal import Principal
from tests.unit.embedded.live_aws import Aws, CreationFault, eventually

LONG = 100_000.0
"""Virtual seconds that no test lasts."""


def test_create_account_answers_in_progress_before_the_account_exists(aws: Aws) -> None:
    aws.reset_organization(throttled=False, creation_seconds=LONG)
    organizations = aws.client("organizations")

    status = organizations.create_account(Email="a@example.com", AccountName="A")

    created = status["CreateAccountStatus"]
    assert created["State"] == "IN_PROGRESS"
    assert created["Id"].startswith("car-")
    assert set(created) == {"Id", "AccountName", "State", "RequestedTimestamp"}
    assert [a["Id"] for a in organizations.list_accounts()["Accounts"]] == ["111111111111"]


def test_create_account_succeeded_is_an_active_account_in_the_root(aws: Aws) -> None:
    organizations = aws.client("organizations")
    root_id = organizations.list_roots()["Roots"][0]["Id"]

    status = aws.create_account(
        Email="a@example.com", AccountName="A", Tags=[{"Key": "team", "Value": "é 1"}]
    )

    account_id = status["AccountId"]
    account = organizations.describe_account(AccountId=account_id)["Account"]
    parents = organizations.list_parents(ChildId=account_id)["Parents"]
    tags = organizations.list_tags_for_resource(ResourceId=account_id)["Tags"]
    assert status["State"] == "SUCCEEDED"
    assert status["CompletedTimestamp"] > status["RequestedTimestamp"]
    assert "FailureReason" not in status
    assert (account["Email"], account["Name"]) == ("a@example.com", "A")
    assert (account["JoinedMethod"], account["State"], account["Status"]) == (
        "CREATED",
        "ACTIVE",
        "ACTIVE",
    )
    assert account["JoinedTimestamp"] == status["CompletedTimestamp"]
    assert parents == [{"Id": root_id, "Type": "ROOT"}]
    assert tags == [{"Key": "team", "Value": "é 1"}]


@pytest.mark.parametrize(
    ("request_", "role_name"),
    [
        pytest.param({}, "OrganizationAccountAccessRole", id="default"),
        pytest.param({"RoleName": "Vending"}, "Vending", id="named"),
    ],
)
def test_create_account_leaves_an_administrators_role_that_trusts_the_management_account(
    aws: Aws, request_: dict[str, str], role_name: str
) -> None:
    status = aws.create_account(**request_)

    role = iam_backends[status["AccountId"]]["aws"].get_role(role_name)
    trust = json.loads(unquote(role.assume_role_policy_document))
    assert role.arn == f"arn:aws:iam::{status['AccountId']}:role/{role_name}"
    assert trust["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}
    assert list(role.managed_policies) == ["arn:aws:iam::aws:policy/AdministratorAccess"]


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        pytest.param({"Email": None}, ("InvalidInputException", "INPUT_REQUIRED"), id="no-email"),
        pytest.param(
            {"AccountName": "x" * 51},
            ("InvalidInputException", "MAX_LENGTH_EXCEEDED"),
            id="name-51",
        ),
        pytest.param(
            {"AccountName": ""}, ("InvalidInputException", "MIN_LENGTH_EXCEEDED"), id="name-empty"
        ),
        pytest.param(
            {"AccountName": "Zoë"},
            ("InvalidInputException", "INVALID_PATTERN"),
            id="name-not-ascii",
        ),
        pytest.param(
            {"Email": "no-at.example.com"},
            ("InvalidInputException", "INVALID_PATTERN"),
            id="email-without-at",
        ),
        pytest.param(
            {"Email": "a@b@example.com"},
            ("InvalidInputException", "INVALID_PATTERN"),
            id="email-with-two-at",
        ),
        pytest.param(
            {"Email": "x" * 53 + "@example.com"},
            ("InvalidInputException", "MAX_LENGTH_EXCEEDED"),
            id="email-65",
        ),
        pytest.param(
            {"RoleName": "not a role"}, ("InvalidInputException", "INVALID_PATTERN"), id="role"
        ),
        pytest.param(
            {"RoleName": "AWSServiceRoleForMe"},
            ("InvalidInputException", "INVALID_ROLE_NAME"),
            id="role-reserved",
        ),
        pytest.param(
            {"IamUserAccessToBilling": "PERHAPS"},
            ("InvalidInputException", "INVALID_ENUM"),
            id="billing",
        ),
        pytest.param(
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            ("InvalidInputException", "DUPLICATE_TAG_KEY"),
            id="tag-twice",
        ),
        pytest.param(
            {"Tags": [{"Key": "AWS:x", "Value": "1"}]},
            ("InvalidInputException", "INVALID_SYSTEM_TAGS_PARAMETER"),
            id="tag-reserved",
        ),
        pytest.param(
            {"Tags": [{"Key": "a", "Value": "semi;colon"}]},
            ("InvalidInputException", "INVALID_PATTERN"),
            id="tag-value-pattern",
        ),
        pytest.param(
            {"Tags": [{"Key": "k" * 129, "Value": ""}]},
            ("InvalidInputException", "MAX_LENGTH_EXCEEDED"),
            id="tag-key-129",
        ),
        pytest.param(
            {"Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
            ("ConstraintViolationException", "MAX_TAG_LIMIT_EXCEEDED"),
            id="tags-51",
        ),
    ],
)
def test_create_account_refuses_bad_input_and_starts_nothing(
    aws: Aws, request_: dict[str, object], refusal: tuple[str, str]
) -> None:
    given = {"Email": "a@example.com", "AccountName": "A"} | request_

    refused = aws.refused("organizations", "CreateAccount", **given)

    assert refused == refusal
    assert aws.client("organizations").list_create_account_status()["CreateAccountStatuses"] == []
    assert aws.faults.asked == 0


def test_create_account_takes_fifty_tags(aws: Aws) -> None:
    status = aws.create_account(Tags=[{"Key": f"k{n}", "Value": "v" * 256} for n in range(50)])

    tags = aws.client("organizations").list_tags_for_resource(ResourceId=status["AccountId"])
    assert len(tags["Tags"]) == 50


@pytest.mark.parametrize(
    "email", ["a,b@example.com", ".a@example.com", "a@-example.com", "ä@example.com", "a@b..c."]
)
def test_create_account_with_an_address_against_the_documented_rules_fails_later(
    aws: Aws, email: str
) -> None:
    status = aws.create_account(Email=email)

    assert (status["State"], status["FailureReason"]) == ("FAILED", "INVALID_EMAIL")


@pytest.mark.parametrize("email", ["management@example.com", "NEW@example.com", "far@example.com"])
def test_create_account_with_an_email_in_use_anywhere_fails_later(aws: Aws, email: str) -> None:
    aws.reset_organization(throttled=False, emails_elsewhere=frozenset({"far@example.com"}))
    aws.create_account(Email="new@example.com")
    accounts = len(aws.client("organizations").list_accounts()["Accounts"])

    status = aws.create_account(Email=email)

    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "AccountId" not in status
    assert len(aws.client("organizations").list_accounts()["Accounts"]) == accounts


def test_create_account_with_the_email_of_one_in_progress_fails_and_the_first_goes_on(
    aws: Aws,
) -> None:
    aws.faults.planned = [CreationFault(seconds=60), None]
    first = aws.client("organizations").create_account(Email="a@example.com", AccountName="A")

    second = aws.create_account(Email="a@example.com", AccountName="A")

    assert second["FailureReason"] == "CONCURRENT_ACCOUNT_MODIFICATION"
    assert aws.ended(first["CreateAccountStatus"]["Id"])["State"] == "SUCCEEDED"


def test_create_account_goes_as_its_fault_says_and_asks_once(aws: Aws) -> None:
    aws.faults.planned = [CreationFault(seconds=30, failure_reason="INTERNAL_FAILURE")]

    status = aws.create_account()

    assert (status["State"], status["FailureReason"]) == ("FAILED", "INTERNAL_FAILURE")
    took = status["CompletedTimestamp"] - status["RequestedTimestamp"]
    assert took.total_seconds() >= 30
    assert aws.faults.asked == 1


@pytest.mark.parametrize(
    ("settings", "refusal"),
    [
        pytest.param(
            {},
            ("ConstraintViolationException", "ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED"),
            id="default",
        ),
        pytest.param(
            {"creation_limit_error": "ConcurrentModificationException"},
            ("ConcurrentModificationException", None),
            id="concurrent-modification",
        ),
        pytest.param(
            {"creation_limit_error": "TooManyRequestsException"},
            ("TooManyRequestsException", None),
            id="too-many-requests",
        ),
    ],
)
def test_create_account_refuses_a_sixth_in_progress(
    aws: Aws, settings: dict[str, Any], refusal: tuple[str, str | None]
) -> None:
    aws.reset_organization(throttled=False, creation_seconds=LONG, **settings)
    for n in range(5):
        aws.client("organizations").create_account(Email=f"a{n}@example.com", AccountName="A")

    refused = aws.refused("organizations", "CreateAccount", Email="a6@example.com", AccountName="A")

    assert refused == refusal


def test_create_account_has_room_again_once_a_creation_ended(aws: Aws) -> None:
    aws.reset_organization(throttled=False, creations_in_progress=1)
    aws.create_account(Email="a@example.com")

    status = aws.create_account(Email="b@example.com")

    assert status["State"] == "SUCCEEDED"


@pytest.mark.parametrize("limit", [3, 10])
def test_create_account_stops_at_the_account_limit_counting_the_management_account(
    aws: Aws, limit: int
) -> None:
    aws.reset_organization(throttled=False, account_limit=limit, creation_seconds=0.1)
    for n in range(limit - 1):
        assert aws.create_account(Email=f"a{n}@example.com")["State"] == "SUCCEEDED"

    refused = aws.refused("organizations", "CreateAccount", Email="z@example.com", AccountName="Z")

    assert refused == ("ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")


def test_create_account_counts_creations_in_progress_towards_the_account_limit(aws: Aws) -> None:
    aws.reset_organization(throttled=False, account_limit=2, creation_seconds=LONG)
    aws.client("organizations").create_account(Email="a@example.com", AccountName="A")

    refused = aws.refused("organizations", "CreateAccount", Email="b@example.com", AccountName="B")

    assert refused == ("ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED")


def test_create_account_waits_for_the_organization_to_finalize(aws: Aws) -> None:
    aws.reset_organization(speed=1, finalizing_until=time.time() + LONG)

    refused = aws.refused("organizations", "CreateAccount", Email="b@example.com", AccountName="B")

    assert refused == ("FinalizingOrganizationException", None)


def test_create_account_works_once_the_organization_is_finalized(aws: Aws) -> None:
    aws.reset_organization(finalizing_until=time.time() - 1)

    assert aws.create_account()["State"] == "SUCCEEDED"


def test_creations_of_an_earlier_organization_do_not_reach_the_new_one(aws: Aws) -> None:
    organizations = aws.client("organizations")
    aws.reset_organization(throttled=False, creation_seconds=4)
    created = organizations.create_account(Email="a@example.com", AccountName="A")

    aws.reset_organization(throttled=False, creation_seconds=0.1)
    later = aws.create_account(Email="b@example.com")
    time.sleep(aws.clock.real(4))

    emails = {account["Email"] for account in organizations.list_accounts()["Accounts"]}
    assert later["State"] == "SUCCEEDED"
    assert emails == {"management@example.com", "b@example.com"}
    with pytest.raises(ClientError, match="CreateAccountStatusNotFound"):
        organizations.describe_create_account_status(
            CreateAccountRequestId=created["CreateAccountStatus"]["Id"]
        )


def test_a_member_account_may_not_create_accounts(aws: Aws) -> None:
    member = aws.create_account()["AccountId"]

    with aws.calling_as(Principal(account_id=member)):
        refused = aws.refused(
            "organizations", "CreateAccount", Email="b@example.com", AccountName="B"
        )

    assert refused == ("AccessDeniedException", None)


def test_a_closed_account_keeps_its_email(aws: Aws) -> None:
    organizations = aws.client("organizations")
    account_id = aws.create_account(Email="a@example.com")["AccountId"]
    organizations.close_account(AccountId=account_id)
    eventually(
        lambda: organizations.describe_account(AccountId=account_id)["Account"]["State"] == "CLOSED"
    )

    status = aws.create_account(Email="a@example.com")

    assert status["FailureReason"] == "EMAIL_ALREADY_EXISTS"
