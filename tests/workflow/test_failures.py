"""What AWS refuses or breaks: retried where that helps, else FAILED with reason and remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from tests.builders import a_request
from tests.grids import few
from tests.workflow.test_existing_account import an_account

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

MODEL = botocore.session.get_session().get_service_model("organizations")
FAILURE_REASONS = MODEL.shape_for("CreateAccountFailureReason").enum  # type: ignore[attr-defined]

CALLS = [
    ("organizations", "CreateAccount"),
    ("organizations", "DescribeCreateAccountStatus"),
    ("organizations", "ListRoots"),
    ("organizations", "ListOrganizationalUnitsForParent"),
    ("organizations", "CreateOrganizationalUnit"),
    ("organizations", "ListParents"),
    ("organizations", "MoveAccount"),
    ("organizations", "ListTagsForResource"),
    ("organizations", "ListAWSServiceAccessForOrganization"),
    ("organizations", "EnableAWSServiceAccess"),
]


@pytest.mark.parametrize(
    "reason",
    few(
        FAILURE_REASONS,
        quick=["EMAIL_ALREADY_EXISTS", "INTERNAL_FAILURE"],
    ),
)
def test_failed_creation_fails_with_its_reason_and_a_remedy(vending: Vending, reason: str) -> None:
    vending.aws.faults.replace(
        [{"createAccount": {"calls": "all", "seconds": 3, "failureReason": reason}}]
    )
    request = a_request()

    failed = vending.run(request)

    assert failed.status == "FAILED"
    assert failed.cause["reason"] == reason
    assert len(failed.cause["message"]) > 20
    assert len(failed.cause["remedy"]) > 20
    row = vending.row(request["requestId"])
    assert row is not None
    assert (row["state"], row["error"]["reason"]) == ("FAILED", reason)
    assert row.get("accountId") is None
    assert vending.accounts() == []


def test_email_that_belongs_to_another_account_is_refused_and_not_adopted(vending: Vending) -> None:
    first = a_request()
    vending.run(first)
    second = a_request(account={"name": "Other", "email": first["account"]["email"].upper()})

    failed = vending.run(second)

    assert failed.status == "FAILED", failed
    assert failed.cause["reason"] == "EMAIL_ALREADY_EXISTS"
    row = vending.row(second["requestId"])
    assert row is not None
    assert row.get("accountId") is None
    assert len(vending.accounts()) == 1


@pytest.mark.parametrize(
    ("service", "operation", "error"),
    few(
        (
            (service, operation, error)
            for service, operation in CALLS
            for error in ("TooManyRequestsException", "ConcurrentModificationException")
            if error in {shape.name for shape in MODEL.operation_model(operation).error_shapes}
        ),
        quick=[
            ("organizations", "CreateAccount", "ConcurrentModificationException"),
            ("organizations", "DescribeCreateAccountStatus", "TooManyRequestsException"),
        ],
    ),
)
def test_call_refused_twice_for_the_moment_is_invisible_to_the_requester(
    vending: Vending, service: str, operation: str, error: str
) -> None:
    vending.aws.faults.replace(
        [{"service": service, "operation": operation, "calls": [1, 2], "error": error}]
    )

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert len(vending.accounts()) == 1


@pytest.mark.parametrize(
    ("service", "operation"),
    few(
        [
            *CALLS,
            ("organizations", "TagResource"),
            ("iam", "ListOrganizationsFeatures"),
            ("iam", "EnableOrganizationsRootCredentialsManagement"),
            ("iam", "EnableOrganizationsRootSessions"),
            ("dynamodb", "PutItem"),
            ("dynamodb", "UpdateItem"),
            ("dynamodb", "GetItem"),
            ("events", "PutEvents"),
            ("dynamodb", "TransactWriteItems"),
            ("dynamodb", "DeleteItem"),
            ("stepfunctions", "SendTaskSuccess"),
        ],
        quick=[
            ("organizations", "CreateAccount"),
            ("dynamodb", "TransactWriteItems"),
            ("stepfunctions", "SendTaskSuccess"),
        ],
    ),
)
def test_lost_answer_costs_neither_the_request_nor_an_account(
    vending: Vending, service: str, operation: str
) -> None:
    vending.aws.faults.replace(
        [{"service": service, "operation": operation, "calls": [1], "lost": True}]
    )

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1


@pytest.mark.parametrize(
    "function",
    few(
        [
            "AcceptRequest",
            "ReserveCreation",
            "CreateAccount",
            "DescribeCreateAccountStatus",
            "MoveAccount",
            "TagResource",
            "EnableAWSServiceAccess",
            "EnableOrganizationsRootSessions",
            "RecordVended",
        ],
        quick=["CreateAccount", "RecordVended"],
    ),
)
def test_function_that_dies_after_its_calls_is_made_up_for(vending: Vending, function: str) -> None:
    vending.aws.faults.replace([{"function": function, "calls": [1], "crash": True}])

    ended = vending.run(a_request())

    assert ended.status == "SUCCEEDED", ended
    assert len(vending.accounts()) == 1
    assert vending.calls("organizations", "CreateAccount") == 1


def test_lost_answer_of_a_creation_that_fails_still_shows_the_reason(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {"service": "organizations", "operation": "CreateAccount", "calls": [1], "lost": True},
            {"createAccount": {"calls": "all", "seconds": 3, "failureReason": "INTERNAL_FAILURE"}},
        ]
    )

    failed = vending.run(a_request())

    assert failed.status == "FAILED", failed
    assert failed.cause["reason"] == "INTERNAL_FAILURE"
    assert vending.accounts() == []


@pytest.mark.parametrize(
    ("operation", "error", "reason"),
    few(
        [
            ("CreateAccount", "ConstraintViolationException", "ACCOUNT_NUMBER_LIMIT_EXCEEDED"),
            ("CreateAccount", "AccessDeniedException", None),
            ("CreateOrganizationalUnit", "ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED"),
            ("EnableAWSServiceAccess", "InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL"),
            ("CreateAccount", "ConstraintViolationException", "A_REASON_OF_NEXT_YEAR"),
        ],
        quick=[
            ("CreateAccount", "AccessDeniedException", None),
            ("EnableAWSServiceAccess", "InvalidInputException", "UNRECOGNIZED_SERVICE_PRINCIPAL"),
            ("CreateAccount", "ConstraintViolationException", "A_REASON_OF_NEXT_YEAR"),
        ],
    ),
)
def test_refusal_for_good_ends_at_once_with_code_reason_and_remedy(
    vending: Vending, operation: str, error: str, reason: str | None
) -> None:
    rule: dict[str, Any] = {
        "service": "organizations",
        "operation": operation,
        "calls": "all",
        "error": error,
    }
    vending.aws.faults.replace([rule | ({"reason": reason} if reason else {})])
    request = a_request()

    failed = vending.run(request)

    assert (failed.status, failed.error) == ("FAILED", error)
    assert failed.cause["reason"] == reason
    assert failed.cause["remedy"]
    assert vending.calls("organizations", operation) == 1
    row = vending.row(request["requestId"])
    assert row is not None
    assert row["error"] == failed.cause


@pytest.mark.slow
def test_five_creations_at_once_are_waited_out(vending: Vending) -> None:
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 40}}])
    requests = [a_request() for _ in range(7)]

    arns = [vending.start(request) for request in requests]

    ended = [vending.finish(arn) for arn in arns]
    assert [one.status for one in ended] == ["SUCCEEDED"] * len(requests), ended
    assert len(vending.accounts()) == len(requests)


def test_service_principal_that_the_stack_may_not_enable_is_refused_for_a_member_too(
    vending: Vending,
) -> None:
    account = {"accountId": an_account(vending)}
    services = ["unheard-of.amazonaws.com"]

    failed = vending.run(a_request(source="existing", account=account, serviceAccess=services))

    assert (failed.status, failed.error) == ("FAILED", "RequestInvalid")
    assert "unheard-of.amazonaws.com" in failed.cause["message"]
    assert vending.calls("organizations", "MoveAccount") == 0
    assert "unheard-of.amazonaws.com" not in vending.service_access()


@pytest.mark.parametrize(
    "operation",
    few(
        ["ListParents", "MoveAccount", "ListTagsForResource", "AttachPolicy"],
        quick=["MoveAccount"],
    ),
)
def test_denial_that_follows_a_write_is_asked_again(vending: Vending, operation: str) -> None:
    denied = {"service": "organizations", "operation": operation, "error": "AccessDeniedException"}
    vending.aws.faults.replace([denied | {"calls": [1, 2]}])
    policy = {"name": "FullAWSAccess", "type": "SERVICE_CONTROL_POLICY"}
    if operation == "AttachPolicy":
        content = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}],
        }
        policy = {
            "name": "NoUsers",
            "type": "SERVICE_CONTROL_POLICY",
            "content": json.dumps(content),
        }

    ended = vending.run(a_request(policies=[policy]))

    assert ended.status == "SUCCEEDED", ended
    assert vending.calls("organizations", operation) >= 3


def test_denial_that_lasts_is_final_after_a_few_more_calls(vending: Vending) -> None:
    denied = {"service": "organizations", "operation": "MoveAccount", "calls": "all"}
    vending.aws.faults.replace([denied | {"error": "AccessDeniedException"}])

    failed = vending.run(a_request())

    assert (failed.status, failed.error) == ("FAILED", "AccessDeniedException")
    assert vending.calls("organizations", "MoveAccount") == 4
    assert "CloudTrail" in failed.cause["remedy"]
