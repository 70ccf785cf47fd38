"""An invitation whose calls, functions or events go wrong is still sent once and heard once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from embedded import eventbridge
from tests import samples
from tests.grids import few
from tests.workflow.invitations import (
    BY_ID,
    ROLE,
    an_invitation,
    awaited,
    handshakes,
    owner,
)

if TYPE_CHECKING:
    from tests.workflow.vending import Vending

pytestmark = pytest.mark.usefixtures("role_accepts")


@pytest.mark.parametrize(
    ("service", "operation"),
    few(
        [
            ("organizations", "InviteAccountToOrganization"),
            ("organizations", "DescribeHandshake"),
            ("organizations", "AcceptHandshake"),
            ("organizations", "DescribeAccount"),
            ("sts", "AssumeRole"),
            ("dynamodb", "PutItem"),
            ("dynamodb", "UpdateItem"),
            ("events", "PutEvents"),
        ],
        quick=[
            ("organizations", "InviteAccountToOrganization"),
            ("organizations", "AcceptHandshake"),
        ],
    ),
)
def test_lost_answer_costs_neither_the_request_nor_a_second_invitation(
    vending: Vending, service: str, operation: str
) -> None:
    vending.aws.faults.replace(
        [{"service": service, "operation": operation, "calls": [1], "lost": True}]
    )

    ended = vending.run(an_invitation(**BY_ID, roleName=ROLE))

    assert ended.status == "SUCCEEDED", ended
    assert handshakes(vending) == ["ACCEPTED"]
    assert vending.calls("organizations", "InviteAccountToOrganization") == 1


@pytest.mark.parametrize(
    "operation", few(["SendTaskSuccess", "DescribeHandshake"], quick=["SendTaskSuccess"])
)
def test_lost_answer_on_the_way_back_into_the_workflow_is_made_up_for(
    vending: Vending, operation: str
) -> None:
    service = "stepfunctions" if operation == "SendTaskSuccess" else "organizations"
    request = an_invitation()
    arn = vending.start(request)
    row = awaited(vending, request)
    vending.aws.faults.replace(
        [{"service": service, "operation": operation, "calls": [1], "lost": True}]
    )

    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])
    ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended


@pytest.mark.parametrize(
    "function",
    few(
        ["InviteAccountToOrganization", "AcceptHandshake", "DescribeAccount"],
        quick=["InviteAccountToOrganization"],
    ),
)
def test_function_that_dies_after_its_calls_is_made_up_for(vending: Vending, function: str) -> None:
    vending.aws.faults.replace([{"function": function, "calls": [1], "crash": True}])

    ended = vending.run(an_invitation(**BY_ID, roleName=ROLE))

    assert ended.status == "SUCCEEDED", ended
    assert handshakes(vending) == ["ACCEPTED"]


def test_waiting_function_that_dies_is_made_up_for(vending: Vending) -> None:
    vending.aws.faults.replace([{"function": "DescribeHandshake", "calls": [1], "crash": True}])
    request = an_invitation()
    arn = vending.start(request)
    row = awaited(vending, request)

    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])
    ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended


@pytest.mark.parametrize(
    "detail_type",
    few(
        ["AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"],
        quick=["AWS API Call via CloudTrail"],
    ),
)
def test_answer_reported_three_times_is_heard_once(vending: Vending, detail_type: str) -> None:
    vending.aws.faults.replace([{"event": detail_type, "deliveries": 3}])
    request = an_invitation()
    arn = vending.start(request)
    row = awaited(vending, request)

    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])
    ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    assert len(vending.executions()) == 1
    assert vending.states_entered(arn).count("DescribeAccount") == 1


def test_two_requests_for_one_account_are_one_account(vending: Vending) -> None:
    request = an_invitation()
    first, second = vending.start(request), vending.start(request)
    row = awaited(vending, request)

    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])

    assert {vending.finish(arn).status for arn in (first, second)} == {"SUCCEEDED"}
    assert vending.calls("organizations", "InviteAccountToOrganization") == 1


@pytest.mark.parametrize(
    "name",
    few(
        (name for name in samples.TELL_OF_AN_ANSWER if "refused" not in name),
        quick=["aws.organizations/decline_handshake_by_role"],
    ),
)
@pytest.mark.usefixtures("without_events")
def test_every_shape_of_an_answer_comes_through_the_rule(vending: Vending, name: str) -> None:
    request = an_invitation()
    arn = vending.start(request)
    handshake_id = awaited(vending, request)["handshakeId"]
    owner(vending).accept_handshake(HandshakeId=handshake_id)
    event = samples.sample(name)

    vending.listen("HandshakeAnswered")
    detail = json.dumps(event["detail"]).replace(samples.HANDSHAKE_ID, handshake_id)
    eventbridge.publish(
        source=event["source"], detail_type=event["detail-type"], detail=json.loads(detail)
    )
    ended = vending.finish(arn)

    assert ended.status == "SUCCEEDED", ended
    history = vending.states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    assert "TaskTimedOut" not in {one["type"] for one in history}
