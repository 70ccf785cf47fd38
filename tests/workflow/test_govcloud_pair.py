"""Source `new-govcloud`: a commercial account and its twin in GovCloud."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from embedded import organizations
from tests.builders import a_request
from tests.grids import few

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cloud import EmbeddedAws
    from tests.workflow.vending import Vending


@pytest.fixture
def govcloud(cloud: EmbeddedAws, vending: Vending) -> Iterator[Vending]:
    """An organization whose management account is linked with one in GovCloud."""
    before = cloud._organization
    cloud._organization = organizations.OrganizationSettings(govcloud_enabled=True)
    cloud.renew()
    yield vending
    cloud._organization = before


def a_pair(**changes: Any) -> dict[str, Any]:
    request = a_request(source="new-govcloud")
    request["account"]["name"] = request["account"]["name"].replace(" ", "-")
    return request | changes


def test_pair_is_vended_with_both_ids_and_the_commercial_account_tagged(govcloud: Vending) -> None:
    request = a_pair()

    ended = govcloud.run(request)

    assert ended.status == "SUCCEEDED", ended
    record = ended.output
    (account,) = govcloud.accounts()
    assert record["accountId"] == account["Id"] != record["govCloudAccountId"]
    assert len(record["govCloudAccountId"]) == 12
    assert govcloud.tags(account["Id"]) == {
        "cost-centre": "4711",
        "account-vending:request-id": request["requestId"],
    }
    assert govcloud.path(account["Id"]) == "/Workloads/Sandbox"
    assert govcloud.calls("organizations", "CreateGovCloudAccount") == 1


def test_next_steps_followed_to_the_letter_make_the_twin_a_member_in_govcloud(
    govcloud: Vending,
) -> None:
    request = a_pair(tags={"cost-centre": "4711", "owner": "Zoë = R + D"})
    record = govcloud.run(request).output
    keys: dict[str, str] = {}
    answers: dict[str, Any] = _placed_in_govcloud(govcloud, "Sandbox")

    for step in record["nextSteps"]:
        who, _, line = step.partition(": aws ")
        assumed = keys if "of that role" in who else {}
        answers |= _run(govcloud, shlex.split(line), assumed, answers)
        if "Credentials" in answers:
            keys = {
                "aws_access_key_id": answers["Credentials"]["AccessKeyId"],
                "aws_secret_access_key": answers["Credentials"]["SecretAccessKey"],
                "aws_session_token": answers["Credentials"]["SessionToken"],
            }

    client = _client(govcloud, "organizations", "us-gov-west-1", {})
    accounts = {account["Id"] for account in client.list_accounts()["Accounts"]}
    tags = client.list_tags_for_resource(ResourceId=record["govCloudAccountId"])["Tags"]
    assert record["govCloudAccountId"] in accounts
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        **request["tags"],
        "account-vending:request-id": record["requestId"],
    }
    parents = client.list_parents(ChildId=record["govCloudAccountId"])["Parents"]
    assert [parent["Id"] for parent in parents] == [answers["UNIT_ID"]]


def test_management_account_without_a_govcloud_account_learns_what_to_do(
    vending: Vending, cloud: EmbeddedAws
) -> None:
    before = cloud._organization
    cloud._organization = organizations.OrganizationSettings(govcloud_enabled=False)
    cloud.renew()
    request = a_pair()

    failed = vending.run(request)

    cloud._organization = before
    assert (failed.status, failed.error) == ("FAILED", "ConstraintViolationException"), failed
    assert failed.cause["reason"] == "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED"
    assert "GovCloud" in failed.cause["remedy"]
    assert vending.accounts() == []


@pytest.mark.parametrize(
    "reason",
    few(
        ["GOVCLOUD_ACCOUNT_ALREADY_EXISTS", "EMAIL_ALREADY_EXISTS", "INTERNAL_FAILURE"],
        quick=["GOVCLOUD_ACCOUNT_ALREADY_EXISTS"],
    ),
)
def test_pair_that_cannot_be_made_fails_with_its_reason_and_a_remedy(
    govcloud: Vending, reason: str
) -> None:
    govcloud.aws.faults.replace(
        [{"createAccount": {"calls": "all", "seconds": 3, "failureReason": reason}}]
    )

    failed = govcloud.run(a_pair())

    assert failed.status == "FAILED", failed
    assert failed.cause["reason"] == reason
    assert len(failed.cause["remedy"]) > 20
    assert govcloud.accounts() == []


def test_name_that_govcloud_does_not_take_is_refused_before_any_call(govcloud: Vending) -> None:
    request = a_pair(account={"name": "Sand box", "email": "sandbox@example.com"})

    failed = govcloud.run(request)

    assert (failed.status, failed.error) == ("FAILED", "RequestInvalid")
    assert "account.name" in failed.cause["message"]
    assert govcloud.calls("organizations", "CreateGovCloudAccount") == 0


FAULTS: dict[str, dict[str, Any]] = {
    "creation": {
        "service": "organizations",
        "operation": "CreateGovCloudAccount",
        "calls": [1],
        "lost": True,
    },
    "function": {"function": "CreateGovCloudAccount", "calls": [1], "crash": True},
    "status": {
        "service": "organizations",
        "operation": "DescribeCreateAccountStatus",
        "calls": [1],
        "lost": True,
    },
}


@pytest.mark.parametrize("fault", few(FAULTS.values(), quick=[FAULTS["creation"]], ids=FAULTS))
def test_lost_answer_costs_neither_the_request_nor_a_second_pair(
    govcloud: Vending, fault: dict[str, Any]
) -> None:
    govcloud.aws.faults.replace([fault])

    ended = govcloud.run(a_pair())

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["govCloudAccountId"] in ended.output["nextSteps"][0]
    assert len(govcloud.accounts()) == 1
    assert govcloud.calls("organizations", "CreateGovCloudAccount") == 1


@pytest.mark.slow
def test_answer_that_says_nothing_about_a_pair_that_is_not_there_makes_one_in_the_end(
    govcloud: Vending,
) -> None:
    govcloud.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "CreateGovCloudAccount",
                "calls": [1],
                "error": "ServiceException",
            }
        ]
    )

    ended = govcloud.run(a_pair())

    assert ended.status == "SUCCEEDED", ended
    (account,) = govcloud.accounts()
    assert ended.output["accountId"] == account["Id"]
    searches = [
        call
        for call in govcloud.aws.context.calls
        if call.operation == "ListAccounts" and "CreateGovCloudAccount" in call.caller
    ]
    assert [call.error for call in searches] == [None] * len(searches) != []
    assert govcloud.calls("organizations", "CreateGovCloudAccount") == 2


@pytest.mark.slow
def test_resubmission_resumes_a_pair_that_failed_in_the_baseline(govcloud: Vending) -> None:
    request = a_pair()
    govcloud.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "MoveAccount",
                "calls": "all",
                "error": "AccessDeniedException",
            }
        ]
    )
    failed = govcloud.run(request)
    govcloud.aws.faults.replace([])

    ended = govcloud.run(request)

    assert failed.status == "FAILED"
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["govCloudAccountId"] in ended.output["nextSteps"][0]
    assert govcloud.calls("organizations", "CreateGovCloudAccount") == 1


def _client(vending: Vending, service: str, region: str, keys: dict[str, str]) -> Any:
    anybody = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    return boto3.session.Session().client(  # type: ignore[call-overload]
        service,
        region_name=region,
        endpoint_url=vending.aws.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}),
        **(keys or anybody),
    )


def _placed_in_govcloud(vending: Vending, name: str) -> dict[str, Any]:
    """The ids that whoever follows the steps looks up: of the root and of a unit below it."""
    client = _client(vending, "organizations", "us-gov-west-1", {})
    root_id = client.list_roots()["Roots"][0]["Id"]
    made = client.create_organizational_unit(ParentId=root_id, Name=name)
    return {"ROOT_ID": root_id, "UNIT_ID": made["OrganizationalUnit"]["Id"]}


def _run(
    vending: Vending, words: list[str], keys: dict[str, str], answers: dict[str, Any]
) -> dict[str, Any]:
    """Do what the AWS CLI does with these words: options become parameters, JSON and `A=b` too."""
    region_option, region, service, command, *options = words
    assert region_option == "--region"
    found = answers | {"HANDSHAKE_ID": answers.get("Handshake", {}).get("Id")}
    parameters: dict[str, Any] = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        name = "".join(word.capitalize() for word in option.removeprefix("--").split("-"))
        parameters[name] = found.get(value, value)
        if name == "Target":
            parameters[name] = dict(pair.split("=", 1) for pair in value.split(","))
        if name == "Tags":
            parameters[name] = json.loads(value)
    client = _client(vending, service, region, keys)
    answer: dict[str, Any] = getattr(client, command.replace("-", "_"))(**parameters)
    return answer
