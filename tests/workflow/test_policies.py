"""Policies of a request: made where missing, attached to the account, changed by nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import a_request
from tests.grids import few
from tests.workflow.plans import done, planned, reported_alike
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
ALLOW_ALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)
OTHER = DENY.replace("CreateUser", "DeleteUser")
TAG_RULES = json.dumps({"tags": {"team": {"tag_key": {"@@assign": "Team"}}}})
GUARD = {"name": "NoUsers", "type": SCP, "description": "No IAM users", "content": DENY}
MANAGED = {"name": "FullAWSAccess", "type": SCP}
TAGGED = {"name": "Teams", "type": TAGS, "content": TAG_RULES}


def by_creation(vending: Vending) -> dict[str, Any]:
    return a_request(policies=[GUARD, TAGGED])


def by_adoption(vending: Vending) -> dict[str, Any]:
    account_id = an_account(vending)
    return a_request(source="existing", account={"accountId": account_id}, policies=[GUARD, TAGGED])


@pytest.mark.slow
def test_policy_of_a_newer_type_is_made_and_attached(vending: Vending) -> None:
    policy = {"name": "Models", "type": "BEDROCK_POLICY", "content": '{"bedrock": {}}'}

    ended = vending.run(a_request(policies=[policy]))

    assert ended.status == "SUCCEEDED", ended
    assert "Models" in vending.policies(ended.output["accountId"], "BEDROCK_POLICY")


@pytest.mark.parametrize("ask", few([by_creation, by_adoption], quick=[by_creation]))
def test_policies_are_made_and_attached_to_the_account(vending: Vending, ask: Any) -> None:
    ended = vending.run(ask(vending))

    assert ended.status == "SUCCEEDED", ended
    account_id = ended.output["accountId"]
    assert vending.policies(account_id) == {"FullAWSAccess", "NoUsers"}
    assert vending.policies(account_id, TAGS) == {"Teams"}


@pytest.mark.slow
def test_second_request_uses_the_policies_of_the_first(vending: Vending) -> None:
    by_name = {"name": "NoUsers", "type": SCP}

    vending.run(a_request(policies=[GUARD]))
    second = vending.run(a_request(policies=[by_name]))

    assert second.status == "SUCCEEDED", second
    assert "NoUsers" in vending.policies(second.output["accountId"])
    assert vending.calls("organizations", "CreatePolicy") == 1


def test_policy_that_aws_manages_is_attached_where_it_is_missing(vending: Vending) -> None:
    account_id = vending.run(request := a_request(policies=[GUARD])).output["accountId"]
    attached = vending.organizations.list_policies_for_target(TargetId=account_id, Filter=SCP)
    ids = {policy["Name"]: policy["Id"] for policy in attached["Policies"]}
    vending.organizations.detach_policy(PolicyId=ids["FullAWSAccess"], TargetId=account_id)

    ended = vending.run(request | {"policies": [GUARD, MANAGED]})

    assert ended.status == "SUCCEEDED", ended
    assert vending.policies(account_id) == {"FullAWSAccess", "NoUsers"}


@pytest.mark.slow
def test_policy_that_aws_manages_may_be_given_with_the_content_that_it_has(
    vending: Vending,
) -> None:
    same = vending.run(a_request(policies=[MANAGED | {"content": ALLOW_ALL}]))
    other = vending.run(a_request(policies=[MANAGED | {"content": DENY}]))

    assert same.status == "SUCCEEDED", same
    assert (other.status, other.error) == ("FAILED", "RequestInvalid")
    assert len(vending.accounts()) == 1


def made_by_hand(vending: Vending, content: str) -> None:
    """A policy of the guard's name, with the content."""
    vending.organizations.create_policy(
        Name=str(GUARD["name"]), Type=SCP, Description="By hand", Content=content
    )


def test_policy_with_other_content_is_refused_with_the_difference_before_there_is_an_account(
    vending: Vending,
) -> None:
    made_by_hand(vending, OTHER)

    ended = vending.run(a_request(policies=[GUARD]))

    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid")
    assert (
        '-   "Action": "iam:DeleteUser",\n+   "Action": "iam:CreateUser",'
        in (ended.cause["message"])
    )
    assert vending.accounts() == []
    assert vending.calls("organizations", "UpdatePolicy") == 0


def test_policy_that_somebody_makes_meanwhile_with_other_content_is_not_attached(
    vending: Vending,
) -> None:
    request = a_request(policies=[GUARD])
    vending.run_stopped_in("WaitForAccount", request)
    made_by_hand(vending, OTHER)

    ended = vending.run(request)

    assert (ended.status, ended.error) == ("FAILED", "PolicyContentDiffers")
    assert "iam:DeleteUser" in ended.cause["message"]
    assert vending.calls("organizations", "AttachPolicy") == 0


def test_policy_of_an_account_that_exists_is_not_attached_with_other_content(
    vending: Vending,
) -> None:
    made_by_hand(vending, OTHER)

    request = by_adoption(vending)

    ended = vending.run(request)

    assert (ended.status, ended.error) == ("FAILED", "RequestInvalid")
    assert "iam:DeleteUser" in ended.cause["message"]
    assert vending.policies(request["account"]["accountId"]) == {"FullAWSAccess"}


@pytest.mark.slow
def test_policy_is_attached_with_the_content_that_it_has_where_the_request_says_so(
    vending: Vending,
) -> None:
    made_by_hand(vending, OTHER)

    ended = vending.run(a_request(policies=[GUARD | {"existing": "keep"}]))

    assert ended.status == "SUCCEEDED", ended
    assert "NoUsers" in vending.policies(ended.output["accountId"])
    assert vending.calls("organizations", "UpdatePolicy") == 0
    (attached,) = vending.outputs_of(ended.arn, "AttachPolicy")
    assert attached["outcome"] == "KEPT"
    (warning,) = ended.output["warnings"]
    assert "NoUsers" in warning


CASES: dict[str, Any] = {
    "request": a_request(policies=[GUARD]),
    "request that keeps it": a_request(policies=[GUARD | {"existing": "keep"}]),
    "document": {"policies": [GUARD | {"targets": ["/"]}]},
    "document that keeps it": {"policies": [GUARD | {"targets": ["/"], "existing": "keep"}]},
    "document that updates it": {"policies": [GUARD | {"targets": ["/"], "update": True}]},
}


@pytest.mark.parametrize("case", few(CASES, quick=["request", "document that updates it"]))
def test_plan_reports_other_content_as_the_run_does(vending: Vending, case: str) -> None:
    made_by_hand(vending, OTHER)

    before = planned(vending, CASES[case])
    ended = done(vending, CASES[case])

    refused = [] if "that" in case else ["PolicyContentDiffers"]
    assert [problem["code"] for problem in before.problems] == refused
    assert reported_alike(before, ended), ended


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
