from __future__ import annotations

import json

import pytest

from tests.unit.embedded.live_aws import Aws

LONG = 100_000.0
"""Virtual seconds that no test lasts."""


def test_describe_create_account_status_of_an_unknown_request(aws: Aws) -> None:
    unknown = "car-" + "0" * 32

    refused = aws.refused(
        "organizations", "DescribeCreateAccountStatus", CreateAccountRequestId=unknown
    )

    assert refused == ("CreateAccountStatusNotFoundException", None)


def test_list_create_account_status_filters_by_state_and_never_shows_emails(aws: Aws) -> None:
    organizations = aws.client("organizations")
    succeeded = aws.create_account(Email="a@example.com")
    failed = aws.create_account(Email="a@example.com")

    everything = organizations.list_create_account_status()["CreateAccountStatuses"]
    of_state = {
        state: [
            status["Id"]
            for status in organizations.list_create_account_status(States=[state])[
                "CreateAccountStatuses"
            ]
        ]
        for state in ("SUCCEEDED", "FAILED", "IN_PROGRESS")
    }

    assert [status["Id"] for status in everything] == [succeeded["Id"], failed["Id"]]
    assert of_state == {"SUCCEEDED": [succeeded["Id"]], "FAILED": [failed["Id"]], "IN_PROGRESS": []}
    assert "example.com" not in json.dumps(everything, default=str)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param({"States": ["DONE"]}, "INVALID_LIST_MEMBER", id="state"),
        pytest.param({"MaxResults": 21}, "MAX_VALUE_EXCEEDED", id="page-of-21"),
        pytest.param({"MaxResults": 0}, "MIN_VALUE_EXCEEDED", id="page-of-0"),
        pytest.param({"NextToken": "made up"}, "INVALID_NEXT_TOKEN", id="token"),
    ],
)
def test_list_create_account_status_refuses(
    aws: Aws, request_: dict[str, object], reason: str
) -> None:
    refused = aws.refused("organizations", "ListCreateAccountStatus", **request_)

    assert refused == ("InvalidInputException", reason)


def test_list_create_account_status_pages_end(aws: Aws) -> None:
    aws.reset_organization(throttled=False, creations_in_progress=45, creation_seconds=LONG)
    organizations = aws.client("organizations")
    asked = [
        organizations.create_account(Email=f"a{n}@example.com", AccountName="A") for n in range(45)
    ]

    pages = list(organizations.get_paginator("list_create_account_status").paginate())

    listed = [status["Id"] for page in pages for status in page["CreateAccountStatuses"]]
    assert listed == [answer["CreateAccountStatus"]["Id"] for answer in asked]
    assert [len(page["CreateAccountStatuses"]) for page in pages] == [20, 20, 5]


def test_list_create_account_status_does_not_take_another_operations_token(aws: Aws) -> None:
    organizations = aws.client("organizations")
    aws.create_account()
    token = organizations.list_accounts(MaxResults=1)["NextToken"]

    refused = aws.refused("organizations", "ListCreateAccountStatus", NextToken=token)

    assert refused == ("InvalidInputException", "INVALID_NEXT_TOKEN")
