"""Every example does what it is there to show; docs/operations.md has the calls it makes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.input.documents import read
from embedded.organizations import (
    OrganizationSettings,
    create_standalone_account,
    owner_credentials,
    second_organization,
)
from tests.grids import few
from tests.workflow import approvals, email_codes
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.workflow.vending import Ended, Vending

pytestmark = pytest.mark.usefixtures("role_accepts")

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SANDBOX, INVITED = "requests/sandbox.yaml", "requests/invited_by_role.yaml"
STANDALONE = "222222222222"
RUN_BY_EVENTS = (
    "AnswerCreateAccount",
    "AnswerHandshake",
    "DecideApproval",
    "DiscoverAccount",
    "ReconcileLedger",
    "RecordExecutionEnd",
)


def nothing(_: Vending) -> None:
    """The organization as it is founded."""


def as_owner(vending: Vending, account_id: str) -> Any:
    """AWS Organizations, called by the account's own administrator."""
    keys = owner_credentials(account_id)
    return vending.aws.client(
        "organizations",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        aws_session_token=keys.session_token,
    )


def everything_ended(vending: Vending) -> bool:
    """Whether no execution is at work any more."""
    return all(vending.has_ended(arn) for arn in vending.executions())


def the_owner_accepts(vending: Vending, account_id: str = STANDALONE) -> None:
    """As soon as there is an invitation, the owner of the invited account takes it.

    There is none where the execution ended before.
    """
    client = as_owner(vending, account_id)

    def invited() -> list[Any]:
        found = client.list_handshakes_for_account()["Handshakes"]
        return [one for one in found if one["State"] == "OPEN"]

    eventually(lambda: invited() or everything_ended(vending))
    for handshake in invited():
        client.accept_handshake(HandshakeId=handshake["Id"])


def an_account_of_that_id(vending: Vending) -> None:
    """The account of `existing.yaml` is a member."""
    account_id = create_standalone_account("adopted@example.com", "Adopted", "444455556666")
    handshake = vending.organizations.invite_account_to_organization(
        Target={"Id": account_id, "Type": "ACCOUNT"}
    )
    as_owner(vending, account_id).accept_handshake(HandshakeId=handshake["Handshake"]["Id"])


def an_account_that_was_given_more(vending: Vending) -> None:
    """The account of `existing.yaml` was vended before, with more than the file asks for."""
    an_account_of_that_id(vending)
    (document,) = read(str(EXAMPLES / "requests/existing.yaml"))
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    content = {"Version": "2012-10-17", "Statement": [statement]}
    policy = {
        "name": "NoStorage",
        "type": "SERVICE_CONTROL_POLICY",
        "content": json.dumps(content),
    }
    contacts = document.value["contacts"]
    earlier = {
        "account": document.value["account"] | {"name": "Earlier"},
        "tags": {"earlier": "1"},
        "policies": [policy],
        "contacts": contacts | {"billing": contacts["security"]},
    }
    ended = vending.run(document.value | earlier)
    assert ended.status == "SUCCEEDED", ended


def an_account_with_another_email(vending: Vending) -> None:
    """The account of `changed_email.yaml` was vended before, with another email."""
    (document,) = read(str(EXAMPLES / "requests/changed_email.yaml"))
    account = document.value["account"] | {"email": "aws+earlier@example.com"}
    ended = vending.run(document.value | {"account": account})
    assert ended.status == "SUCCEEDED", ended


def the_owner_gives_the_code(vending: Vending) -> None:
    """Whoever reads the mail of the new address gives the code, after a wrong one."""
    with email_codes.given(vending):
        eventually(lambda: everything_ended(vending))


def an_approver_approves(vending: Vending) -> None:
    """As soon as the request waits for it."""
    with approvals.given(vending):
        eventually(lambda: everything_ended(vending))


def the_units_of_that_path(vending: Vending) -> None:
    """Somebody made the organizational units of `sandbox.yaml`."""
    parent = vending.organizations.list_roots()["Roots"][0]["Id"]
    for name in ("Workloads", "Sandbox"):
        made = vending.organizations.create_organizational_unit(ParentId=parent, Name=name)
        parent = made["OrganizationalUnit"]["Id"]


def a_request_to_that_path(vending: Vending) -> None:
    """Another account was vended to where `sandbox.yaml` is to go."""
    account = {"name": "Earlier", "email": "aws+earlier@example.com"}
    vending.run({"account": account, "organizationalUnit": "/Workloads/Sandbox"})


def a_policy_of_that_name(vending: Vending) -> None:
    """The policy of `organization.yaml` is there, with another content."""
    vending.organizations.create_policy(
        Name="DenyLeavingTheOrganization",
        Type="SERVICE_CONTROL_POLICY",
        Description="",
        Content=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}],
            }
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Case:
    """An example as a user runs it: the request it goes with, how it ends."""

    request: str = SANDBOX
    beforehand: Callable[[Vending], None] = nothing
    meanwhile: Callable[[Vending], None] = nothing
    organization: OrganizationSettings = field(default_factory=OrganizationSettings)
    status: str = "SUCCEEDED"

    def run(self, vending: Vending) -> Ended:
        """Run the request, or the document of an organization, to its end."""
        is_setup = self.request == "organization.yaml"
        (document,) = read(str(EXAMPLES / self.request))
        arn = (vending.start_setup if is_setup else vending.start)(document.value)
        self.meanwhile(vending)
        return vending.finish(arn)


CASES = {
    "requests/minimal.json": Case(request="requests/minimal.json"),
    "requests/sandbox.yaml": Case(),
    "requests/sandbox.yaml, its units are there": Case(beforehand=the_units_of_that_path),
    "requests/sandbox.yaml, its path is known": Case(beforehand=a_request_to_that_path),
    "requests/existing.yaml": Case(
        request="requests/existing.yaml", beforehand=an_account_of_that_id
    ),
    "requests/existing.yaml, which was given more": Case(
        request="requests/existing.yaml", beforehand=an_account_that_was_given_more
    ),
    "requests/changed_email.yaml": Case(request="requests/changed_email.yaml"),
    "requests/changed_email.yaml, which had another one": Case(
        request="requests/changed_email.yaml",
        beforehand=an_account_with_another_email,
        meanwhile=the_owner_gives_the_code,
    ),
    "requests/restricted.yaml": Case(
        request="requests/restricted.yaml", meanwhile=an_approver_approves
    ),
    "requests/govcloud.yaml": Case(request="requests/govcloud.yaml"),
    "requests/invited_by_role.yaml": Case(request=INVITED),
    "requests/invited_by_email.yaml": Case(
        request="requests/invited_by_email.yaml", meanwhile=the_owner_accepts
    ),
    "requests/invited_from_organization.yaml": Case(
        request="requests/invited_from_organization.yaml",
        organization=OrganizationSettings(second_organization=True),
        meanwhile=lambda vending: the_owner_accepts(vending, second_organization.MEMBER.id),
    ),
    "faults/acceptance_refused.json": Case(request=INVITED, status="FAILED"),
    "faults/account_limit.json": Case(status="FAILED"),
    "faults/creation_fails.json": Case(status="FAILED"),
    "faults/crash.json": Case(),
    "faults/lost_answer.json": Case(),
    "faults/slow_creation.json": Case(),
    "faults/lost_event.json": Case(),
    "faults/throttled.json": Case(),
    "organization.yaml": Case(
        request="organization.yaml",
        organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"),
    ),
    "organization.yaml, a policy differs": Case(
        request="organization.yaml", beforehand=a_policy_of_that_name
    ),
}


QUICK = [
    "requests/sandbox.yaml",
    "requests/existing.yaml",
    "requests/restricted.yaml",
    "requests/invited_by_role.yaml",
    "faults/creation_fails.json",
    "faults/lost_answer.json",
    "organization.yaml",
]


@pytest.mark.parametrize("example", few(CASES, quick=QUICK))
def test_example_runs_as_it_says_and_makes_the_calls_that_are_documented(
    vending: Vending, example: str
) -> None:
    case = CASES[example]
    vending.aws.renew(organization=case.organization)
    if example.startswith("faults/"):
        vending.aws.faults.replace(json.loads((EXAMPLES / example).read_text()))
    case.beforehand(vending)

    ended = case.run(vending)

    assert ended.status == case.status, ended
    made = calls_made(vending)
    documented = json.loads((ROOT / "docs" / "example_calls.json").read_text())
    assert set(documented.get(example, ["none yet"])) <= made, json.dumps({example: sorted(made)})


def calls_made(vending: Vending) -> set[str]:
    """What the workflow's functions called; those that events run come when they come."""
    return {
        f"{call.service}:{call.operation}"
        for call in vending.aws.context.calls
        if "assumed-role/AccountVending" in call.caller
        and not any(name in call.caller for name in RUN_BY_EVENTS)
    }


def test_every_runnable_example_is_run() -> None:
    runnable = {
        str(path.relative_to(EXAMPLES))
        for folder in ("requests", "faults")
        for path in (EXAMPLES / folder).iterdir()
    }
    elsewhere = {"requests/invalid.yaml", "requests/several.yaml", "faults/three_deliveries.json"}

    assert runnable - elsewhere <= set(CASES)
