"""Policies of a request: made where missing, attached to the account, changed by nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_request
from tests.grids import few
from tests.workflow.test_existing_account import an_account

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

SCP, TAGS = "SERVICE_CONTROL_POLICY", "TAG_POLICY"
DENY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}],
    }
)
TAG_RULES = json.dumps({"tags": {"team": {"tag_key": {"@@assign": "Team"}}}})
GUARD = {"name": "NoUsers", "type": SCP, "description": "No IAM users", "content": DENY}
TAGGED = {"name": "Teams", "type": TAGS, "content": TAG_RULES}


def by_creation(vending: Vending) -> dict[str, Any]:
    return a_request(policies=[GUARD, TAGGED])


def by_adoption(vending: Vending) -> dict[str, Any]:
    account_id = an_account(vending)
    return a_request(source="existing", account={"accountId": account_id}, policies=[GUARD, TAGGED])


def test_policy_of_a_newer_type_is_made_and_attached(vending: Vending) -> None:
    policy = {"name": "Models", "type": "BEDROCK_POLICY", "content": '{"bedrock": {}}'}

    ended = vending.run(a_request(policies=[policy]))

    assert ended.status == "SUCCEEDED", ended
    assert "Models" in vending.policies(ended.output["accountId"], "BEDROCK_POLICY")


@pytest.mark.parametrize("ask", [by_creation, by_adoption])
def test_policies_are_made_and_attached_to_the_account(vending: Vending, ask: Any) -> None:
    ended = vending.run(ask(vending))

    assert ended.status == "SUCCEEDED", ended
    account_id = ended.output["accountId"]
    assert vending.policies(account_id) == {"FullAWSAccess", "NoUsers"}
    assert vending.policies(account_id, TAGS) == {"Teams"}


def test_second_request_uses_the_policies_of_the_first(vending: Vending) -> None:
    by_name = {"name": "NoUsers", "type": SCP}

    vending.run(a_request(policies=[GUARD]))
    second = vending.run(a_request(policies=[by_name]))

    assert second.status == "SUCCEEDED", second
    assert "NoUsers" in vending.policies(second.output["accountId"])
    assert vending.calls("organizations", "CreatePolicy") == 1


def test_request_does_not_change_a_policy_that_exists(vending: Vending) -> None:
    vending.run(a_request(policies=[GUARD]))
    other = GUARD | {"content": DENY.replace("CreateUser", "DeleteUser")}

    ended = vending.run(a_request(policies=[other]))

    assert ended.status == "SUCCEEDED", ended
    assert vending.calls("organizations", "UpdatePolicy") == 0
    (attached,) = vending.outputs_of(ended.arn, "AttachPolicy")
    assert attached["outcome"] == "KEPT"
    (warning,) = ended.output["warnings"]
    assert "NoUsers" in warning


def test_policy_named_without_content_that_is_missing_is_refused_before_there_is_an_account(
    vending: Vending,
) -> None:
    request = a_request(policies=[{"name": "NoUsers", "type": SCP}])

    refused = vending.run(request)
    accounts = vending.accounts()
    vending.organizations.create_policy(
        Name="NoUsers", Type=SCP, Description="By hand", Content=DENY
    )
    again = vending.run(request)

    assert (refused.status, refused.error) == ("FAILED", "RequestInvalid")
    assert "NoUsers" in refused.cause["message"]
    assert accounts == []
    assert again.status == "SUCCEEDED", again
    assert len(vending.accounts()) == 1
    assert "NoUsers" in vending.policies(again.output["accountId"])


@pytest.mark.parametrize(
    ("operation", "error", "reason"),
    few(
        [
            ("CreatePolicy", "MalformedPolicyDocumentException", None),
            (
                "AttachPolicy",
                "ConstraintViolationException",
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            ),
            ("EnablePolicyType", "PolicyTypeNotAvailableForOrganizationException", None),
        ],
        quick=[
            (
                "AttachPolicy",
                "ConstraintViolationException",
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        ],
    ),
)
def test_policy_refused_fails_with_its_reason_and_resumes_with_one_account(
    vending: Vending, operation: str, error: str, reason: str | None
) -> None:
    request = a_request(policies=[GUARD, TAGGED])
    fault = {"service": "organizations", "operation": operation, "calls": "all", "error": error}
    vending.aws.faults.replace([fault | ({"reason": reason} if reason else {})])

    failed = vending.run(request)
    vending.aws.faults.replace([])
    again = vending.run(request)

    assert (failed.status, failed.error) == ("FAILED", error)
    assert (failed.cause["reason"], bool(failed.cause["remedy"])) == (reason, True)
    assert again.status == "SUCCEEDED", again
    assert len(vending.accounts()) == 1
    assert vending.policies(again.output["accountId"]) == {"FullAWSAccess", "NoUsers"}


def test_trusted_access_that_the_request_enables_meanwhile_is_waited_for(vending: Vending) -> None:
    fault = {
        "service": "organizations",
        "operation": "EnablePolicyType",
        "calls": [1, 2],
        "error": "ConstraintViolationException",
        "reason": "SERVICE_ACCESS_NOT_ENABLED",
    }
    vending.aws.faults.replace([fault])

    ended = vending.run(a_request(policies=[TAGGED]))

    assert ended.status == "SUCCEEDED", ended
    assert vending.calls("organizations", "EnablePolicyType") == 3
