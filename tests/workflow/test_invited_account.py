"""Source `invited`: an account outside the organization is asked to join, and then vended."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from embedded import organizations
from embedded.organizations import create_standalone_account, organization_of
from embedded.organizations.handshakes import Handshakes
from tests.grids import few
from tests.workflow.invitations import (
    BY_EMAIL,
    BY_ID,
    EXTERNAL_ID,
    INVITED,
    ROLE,
    an_invitation,
    awaited,
    handshakes,
    invite,
    owner,
)
from tests.workflow.plans import planned, reported_alike

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.cloud import EmbeddedAws
    from tests.workflow.vending import Ended, Vending

pytestmark = pytest.mark.usefixtures("role_accepts")

ROOT = Path(__file__).parents[2]
WITHOUT_ROLE = "333333333333"
"""An account outside the organization that has no role for it."""


@pytest.fixture
def settled(cloud: EmbeddedAws, vending: Vending) -> Iterator[Any]:
    """Found another organization than the default one."""
    before = cloud._organization

    def found(**settings: Any) -> None:
        cloud._organization = organizations.OrganizationSettings(**settings)
        cloud.renew()

    yield found
    cloud._organization = before


def run_and_accept(vending: Vending, request: dict[str, Any]) -> tuple[dict[str, Any], Ended]:
    """The row when the invitation was open, and the end after its owner has accepted it."""
    arn = vending.start(request)
    row = awaited(vending, request)
    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])
    return row, vending.finish(arn)


@pytest.mark.parametrize("resource", few(["account", "*"], quick=["account"]))
@pytest.mark.parametrize("account", [BY_ID, BY_EMAIL], ids=["id", "email"])
def test_invited_account_is_vended_once_its_owner_has_accepted(
    vending: Vending, settled: Any, account: dict[str, str], resource: str
) -> None:
    settled(new_account_resource=resource)
    request = an_invitation(**account)

    row, ended = run_and_accept(vending, request)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["accountId"] == INVITED
    assert ended.output["state"] == "VENDED"
    assert ended.output["handshakeId"] == row["handshakeId"]
    assert ended.output["nextSteps"] is None
    assert vending.path(INVITED) == "/Workloads/Sandbox"
    assert vending.tags(INVITED)["account-vending:request-id"] == request["requestId"]
    assert vending.states_entered(ended.arn).count("DescribeHandshake") == 1
    assert vending.calls("organizations", "CreateAccount") == 0


def test_record_of_an_open_invitation_says_how_to_accept_and_until_when(vending: Vending) -> None:
    request = an_invitation()

    vending.start(request)

    row = awaited(vending, request)
    (step,) = row["nextSteps"]
    assert row["state"] == "INVITED"
    assert f"aws organizations accept-handshake --handshake-id {row['handshakeId']}" in step
    left = datetime.datetime.fromisoformat(row["expiresAt"]) - vending.aws.clock.datetime()
    assert datetime.timedelta(days=14) < left <= datetime.timedelta(days=15)
    handshake = vending.organizations.describe_handshake(HandshakeId=row["handshakeId"])
    notes = [r["Value"] for r in handshake["Handshake"]["Resources"] if r["Type"] == "NOTES"]
    assert request["requestId"] in notes[0]


@pytest.mark.usefixtures("without_events", "task_answers")
@pytest.mark.parametrize("account", few([BY_ID, BY_EMAIL], quick=[BY_EMAIL], ids=["id", "email"]))
def test_acceptance_that_no_event_reports_is_found(
    vending: Vending, account: dict[str, str]
) -> None:
    _, ended = run_and_accept(vending, an_invitation(**account))

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["accountId"] == INVITED


@pytest.mark.parametrize(
    ("named", "otherwise"),
    few([(BY_ID, BY_EMAIL), (BY_EMAIL, BY_ID)], quick=[(BY_ID, BY_EMAIL)], ids=["id", "email"]),
)
def test_open_invitation_under_the_other_name_is_reported_and_cancelled_to_the_letter(
    vending: Vending, named: dict[str, str], otherwise: dict[str, str]
) -> None:
    there = invite(vending, otherwise)
    request = an_invitation(**named)

    failed = vending.run(request)
    _, _, remedy = failed.cause["remedy"].partition("aws organizations cancel-handshake")
    vending.organizations.cancel_handshake(HandshakeId=remedy.split("`")[0].split()[-1])
    vending.start(request)

    assert (failed.status, failed.error) == ("FAILED", "InvitationUnderOtherName"), failed
    assert awaited(vending, request)["handshakeId"] != there
    assert handshakes(vending) == ["CANCELED", "OPEN"]


def test_role_in_the_invited_account_accepts_with_that_accounts_credentials(
    vending: Vending,
) -> None:
    ended = vending.run(an_invitation(**BY_ID, roleName=ROLE))

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["accountId"] == INVITED
    callers = {
        call.caller for call in vending.aws.context.calls if call.operation == "AcceptHandshake"
    }
    assert callers == {f"arn:aws:sts::{INVITED}:assumed-role/{ROLE}/account-vending"}


def test_role_that_the_docs_show_accepts_and_lets_nobody_else_in(vending: Vending) -> None:
    trust, permissions = (
        json.loads(text.partition("```")[0])
        for text in (ROOT / "docs" / "sources.md").read_text().split("```json")[1:3]
    )
    accepting = vending.aws.outputs["AcceptHandshakeRoleArn"]
    text = json.dumps(trust).replace("<AcceptHandshakeRoleArn>", accepting)
    account_id = create_standalone_account("joiner@example.com", "Joiner", role_name=None)
    iam = owner(vending, account_id, "iam")

    for external_id, status in (("another", "FAILED"), (EXTERNAL_ID, "SUCCEEDED")):
        given = text.replace("<invited_account_external_id>", external_id)
        if external_id == "another":
            iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=given)
            iam.put_role_policy(
                RoleName=ROLE, PolicyName="Accept", PolicyDocument=json.dumps(permissions)
            )
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=given)

        ended = vending.run(an_invitation(accountId=account_id, roleName=ROLE))

        assert ended.status == status, ended
    with pytest.raises(ClientError, match="AssumeRole"):
        vending.aws.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account_id}:role/{ROLE}",
            RoleSessionName="administrator",
            ExternalId=EXTERNAL_ID,
        )


def test_role_that_the_stack_may_not_assume_is_rejected_before_an_invitation_is_sent(
    vending: Vending,
) -> None:
    request = an_invitation(**BY_ID, roleName="Somebody")

    before = planned(vending, request)
    rejected = vending.run(request)
    corrected = vending.run({**request, "account": {**BY_ID, "roleName": ROLE}})

    assert [problem["code"] for problem in before.problems] == ["RoleNotAssumable"]
    assert reported_alike(before, rejected), rejected
    assert rejected.error == "RequestInvalid"
    assert "invited_account_role_names" in rejected.cause["message"]
    assert corrected.status == "SUCCEEDED", corrected
    assert handshakes(vending) == ["ACCEPTED"]


def test_role_that_the_account_has_not_leaves_no_invitation_behind(vending: Vending) -> None:
    failed = vending.run(an_invitation(accountId=WITHOUT_ROLE, roleName=ROLE))

    assert (failed.status, failed.error) == ("FAILED", "RoleNotAssumable"), failed
    assert "roleName" in failed.cause["remedy"]
    assert handshakes(vending) == ["CANCELED"]


def test_refused_acceptance_takes_the_invitation_back_and_shows_why(vending: Vending) -> None:
    refusal = {"service": "organizations", "operation": "AcceptHandshake", "calls": "all"}
    vending.aws.faults.replace(
        [
            refusal
            | {
                "error": "HandshakeConstraintViolationException",
                "reason": "PAYMENT_INSTRUMENT_REQUIRED",
            }
        ]
    )

    failed = vending.run(an_invitation(**BY_ID, roleName=ROLE))

    assert failed.status == "FAILED", failed
    assert failed.cause["reason"] == "PAYMENT_INSTRUMENT_REQUIRED"
    assert handshakes(vending) == ["CANCELED"]


@pytest.mark.parametrize(
    ("operation", "by_owner", "reason"),
    [("decline_handshake", True, "DECLINED"), ("cancel_handshake", False, "CANCELED")],
)
@pytest.mark.parametrize("events", few([True, False], quick=[True], ids=["by event", "by looking"]))
def test_invitation_that_is_not_accepted_fails_with_its_reason(
    vending: Vending,
    request: pytest.FixtureRequest,
    operation: str,
    by_owner: bool,
    reason: str,
    events: bool,
) -> None:
    if not events:
        request.getfixturevalue("without_events")
    invitation = an_invitation()
    arn = vending.start(invitation)
    row = awaited(vending, invitation)

    client = owner(vending) if by_owner else vending.organizations
    getattr(client, operation)(HandshakeId=row["handshakeId"])
    failed = vending.finish(arn)

    assert (failed.status, failed.error) == ("FAILED", "InvitationEnded"), failed
    assert failed.cause["reason"] == reason
    assert "submit the request again" in failed.cause["remedy"].lower()
    row = vending.row(invitation["requestId"]) or {}
    assert (row["state"], row["error"]) == ("FAILED", failed.cause)
    assert row.get("nextSteps") is None


def test_invitation_that_nobody_answers_fails_when_it_expires(vending: Vending) -> None:
    request = an_invitation()
    arn = vending.start(request)
    row = awaited(vending, request)
    organization = organization_of("111111111111")
    assert organization is not None
    (handshake,) = Handshakes(organization).sent()
    assert handshake.id == row["handshakeId"]

    handshake.lifetime = datetime.timedelta(seconds=60)
    failed = vending.finish(arn)

    assert (failed.status, failed.error) == ("FAILED", "InvitationEnded"), failed
    assert failed.cause["reason"] == "EXPIRED"


@pytest.mark.slow
def test_fifteen_days_without_an_answer_cost_few_transitions_and_end_on_time() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.workflow.fifteen_days"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=240,
    )

    reported = json.loads(done.stdout)
    assert (reported["status"], reported["error"]) == ("FAILED", "InvitationEnded"), reported
    assert reported["cause"]["reason"] == "EXPIRED"
    assert 0 <= reported["late"] < 0.5
    assert reported["looks"] < 150
    assert reported["events"] < 2_000  # Step Functions allows 25,000


@pytest.mark.slow
def test_resubmission_after_a_refusal_sends_a_new_invitation(vending: Vending) -> None:
    request = an_invitation()
    first = vending.start(request)
    owner(vending).decline_handshake(HandshakeId=awaited(vending, request)["handshakeId"])
    vending.finish(first)

    second = vending.start(request)
    owner(vending).accept_handshake(HandshakeId=awaited(vending, request)["handshakeId"])
    ended = vending.finish(second)

    assert ended.status == "SUCCEEDED", ended
    assert handshakes(vending) == ["DECLINED", "ACCEPTED"]


def test_member_needs_no_invitation(vending: Vending) -> None:
    request = an_invitation(**BY_ID, roleName=ROLE)
    vending.run(request)

    for account in (BY_ID, BY_EMAIL):
        ended = vending.run(an_invitation(**account))

        assert ended.status == "SUCCEEDED", ended
        assert ended.output["accountId"] == INVITED
    assert handshakes(vending) == ["ACCEPTED"]


def test_account_that_aws_does_not_let_move_is_refused_with_a_next_step(vending: Vending) -> None:
    vending.aws.faults.replace(
        [
            {
                "service": "organizations",
                "operation": "InviteAccountToOrganization",
                "calls": "all",
                "error": "HandshakeConstraintViolationException",
                "reason": "ALREADY_IN_AN_ORGANIZATION",
            }
        ]
    )

    failed = vending.run(an_invitation())

    assert failed.status == "FAILED", failed
    assert failed.cause["reason"] == "ALREADY_IN_AN_ORGANIZATION"
    assert "remove it from its organization" in failed.cause["remedy"]


def test_invitation_that_is_open_already_is_adopted(vending: Vending) -> None:
    sent = vending.organizations.invite_account_to_organization(
        Target={"Type": "ACCOUNT", "Id": INVITED}
    )["Handshake"]
    request = an_invitation()
    arn = vending.start(request)
    row = awaited(vending, request)

    owner(vending).accept_handshake(HandshakeId=row["handshakeId"])
    ended = vending.finish(arn)

    assert row["handshakeId"] == sent["Id"]
    assert ended.status == "SUCCEEDED", ended
    assert vending.tags(INVITED)["cost-centre"] == "4711"
    assert handshakes(vending) == ["ACCEPTED"]


def test_adopted_invitation_is_not_taken_back(vending: Vending) -> None:
    named = {"accountId": WITHOUT_ROLE}
    invite(vending, named)

    failed = vending.run(an_invitation(**named, roleName=ROLE))

    assert failed.error == "RoleNotAssumable", failed
    assert handshakes(vending) == ["OPEN"]


def test_invitation_during_the_change_to_all_features_fails_with_a_next_step(
    vending: Vending, settled: Any
) -> None:
    settled(feature_set="CONSOLIDATED_BILLING")
    vending.organizations.enable_all_features()

    failed = vending.run(an_invitation() | {"serviceAccess": [], "rootAccess": []})

    assert failed.status == "FAILED", failed
    assert failed.cause["reason"] == "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES"
    assert "all features" in failed.cause["remedy"]
