"""An account that is closed, has left or was moved is not called vended, whoever asks and how."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded import ACCOUNT_ID
from embedded.organizations import organization_of
from tests.builders import a_request
from tests.grids import few
from tests.interruptions import when_entered
from tests.workflow.announcements import collected
from tests.workflow.invitations import INVITED, ROLE, an_invitation, owner
from tests.workflow.test_existing_account import an_account

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Ended, Vending

pytestmark = pytest.mark.usefixtures("role_accepts")

CLOSED = ["PENDING_CLOSURE", "SUSPENDED", "CLOSED"]

Again = Callable[["Vending", dict[str, Any]], "Ended"]


def by_hand(vending: Vending, request: dict[str, Any]) -> Ended:
    return vending.run(request)


def by_event(vending: Vending, request: dict[str, Any]) -> Ended:
    before = set(vending.executions())
    vending.send(request)
    (arn,) = set(vending.await_executions(len(before) + 1)) - before
    return vending.finish(arn)


AGAIN = few(
    itertools.product(CLOSED, (by_event, by_hand)),
    quick=[("SUSPENDED", by_hand)],
)
"""Every state, asked for again in either way."""


def becomes(account_id: str, state: str) -> None:
    """The account is in this state, whatever brought it there."""
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    account = organization.find_account(account_id)
    assert account is not None
    account.state = state


def row_of(vending: Vending, request: dict[str, Any]) -> dict[str, Any]:
    row = vending.row(request["requestId"])
    assert row is not None
    return row


def refuse_moves(vending: Vending) -> None:
    denied = {"service": "organizations", "operation": "MoveAccount", "calls": "all"}
    vending.aws.faults.replace([denied | {"error": "AccessDeniedException"}])


def written(tmp_path: Path, request: dict[str, Any]) -> str:
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    return str(path)


@pytest.mark.parametrize(("state", "again"), AGAIN)
def test_vended_account_that_is_closed_is_not_finished(
    vending: Vending, state: str, again: Again
) -> None:
    request = a_request()
    account_id = vending.run(request).output["accountId"]
    vended = row_of(vending, request)
    becomes(account_id, state)

    with collected(vending, "AccountVendingFailed") as failures:
        ended = again(vending, request)

    assert (ended.status, ended.error) == ("FAILED", "AccountNotActive"), ended
    assert account_id in ended.cause["message"]
    assert state in ended.cause["message"]
    assert ended.cause["remedy"]
    assert [(one["state"], one["executionArn"]) for one in failures] == [("FAILED", ended.arn)]
    assert failures[0]["error"]["code"] == "AccountNotActive"
    assert row_of(vending, request) == vended


@pytest.mark.slow
@pytest.mark.parametrize("state", few(CLOSED, quick=["SUSPENDED"]))
def test_vended_account_that_is_closed_is_no_success_of_the_command(
    vending: Vending, vend: Command, tmp_path: Path, state: str
) -> None:
    request = a_request()
    account_id = vending.run(request).output["accountId"]
    becomes(account_id, state)
    file = written(tmp_path, request)

    submitted, planned = vend("submit", file, "--json"), vend("plan", file, "--json")

    assert (submitted.status, planned.status) == (1, 1)
    assert submitted.json["error"]["code"] == "AccountNotActive"
    (problem,) = planned.json["problems"]
    assert problem["code"] == "AccountNotActive"
    for message in (submitted.json["error"]["message"], problem["message"]):
        assert account_id in message
        assert state in message


@pytest.mark.parametrize(("state", "again"), AGAIN)
def test_failed_request_whose_account_was_closed_meanwhile_fails_again(
    vending: Vending, state: str, again: Again
) -> None:
    request = a_request()
    refuse_moves(vending)
    assert vending.run(request).status == "FAILED"
    vending.aws.faults.replace([])
    (account,) = vending.accounts()
    becomes(account["Id"], state)

    ended = again(vending, request)

    assert (ended.status, ended.error) == ("FAILED", "AccountNotActive"), ended
    row = row_of(vending, request)
    assert (row["state"], row["error"]["reason"]) == ("FAILED", state)
    assert vending.path(account["Id"]) == "/"


@pytest.mark.slow
def test_failed_request_whose_account_was_closed_meanwhile_fails_by_command_too(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    request = a_request()
    refuse_moves(vending)
    vending.run(request)
    vending.aws.faults.replace([])
    (account,) = vending.accounts()
    vending.organizations.close_account(AccountId=account["Id"])
    file = written(tmp_path, request)

    planned, submitted = vend("plan", file, "--json"), vend("submit", file, "--json")

    assert (planned.status, submitted.status) == (1, 1)
    assert [one["code"] for one in planned.json["problems"]] == ["AccountNotActive"]
    assert submitted.json["error"]["code"] == "AccountNotActive"


@pytest.mark.slow
def test_account_that_is_reopened_is_vended_by_the_same_request(vending: Vending) -> None:
    request = a_request()
    refuse_moves(vending)
    vending.run(request)
    vending.aws.faults.replace([])
    (account,) = vending.accounts()
    becomes(account["Id"], "SUSPENDED")
    assert vending.run(request).status == "FAILED"
    becomes(account["Id"], "ACTIVE")

    ended = vending.run(request)

    assert ended.status == "SUCCEEDED", ended
    assert ended.output["accountId"] == account["Id"]
    assert vending.calls("organizations", "CreateAccount") == 1


@pytest.mark.parametrize(
    "state",
    few(
        [
            "Baseline",
            "MoveAccount",
            "TagResource",
            "EnableAWSServiceAccess",
            "EnableOrganizationsRootSessions",
            "RecordVended",
        ],
        quick=["MoveAccount", "RecordVended"],
    ),
)
def test_account_closed_while_under_way_ends_failed(vending: Vending, state: str) -> None:
    request = a_request()

    def close(_: Any) -> None:
        (account,) = vending.accounts()
        vending.organizations.close_account(AccountId=account["Id"])

    with when_entered(state, close) as entered:
        ended = vending.run(request)

    assert entered.is_set()
    assert (ended.status, ended.error) == ("FAILED", "AccountNotActive"), ended
    (account,) = vending.accounts()
    assert account["Id"] in ended.cause["message"]
    row = row_of(vending, request)
    assert (row["state"], row["error"]["code"]) == ("FAILED", "AccountNotActive")


@pytest.mark.parametrize("source", few(["existing", "invited", "new-govcloud"], quick=["existing"]))
def test_account_of_any_source_closed_while_under_way_ends_failed(
    vending: Vending, source: str
) -> None:
    request = a_request(source=source)
    if source == "existing":
        request["account"] = {"accountId": an_account(vending)}
    if source == "invited":
        request["account"] = {"accountId": INVITED, "roleName": ROLE}
    if source == "new-govcloud":
        request["account"]["name"] = "Pair"

    def close(_: Any) -> None:
        becomes(row_of(vending, request)["accountId"], "SUSPENDED")

    with when_entered("TagResource", close):
        ended = vending.run(request)

    assert (ended.status, ended.error) == ("FAILED", "AccountNotActive"), ended
    assert row_of(vending, request)["state"] == "FAILED"


def test_account_moved_away_while_under_way_ends_failed_and_the_next_run_moves_it(
    vending: Vending,
) -> None:
    request = a_request()

    def move_away(_: Any) -> None:
        (account,) = vending.accounts()
        (parent,) = vending.organizations.list_parents(ChildId=account["Id"])["Parents"]
        (root,) = vending.organizations.list_roots()["Roots"]
        vending.organizations.move_account(
            AccountId=account["Id"],
            SourceParentId=parent["Id"],
            DestinationParentId=root["Id"],
        )

    with when_entered("RecordVended", move_away):
        failed = vending.run(request)

    assert failed.status == "FAILED", failed
    (account,) = vending.accounts()
    assert account["Id"] in failed.cause["message"]
    assert failed.cause["remedy"]
    resumed = vending.run(request)
    assert resumed.status == "SUCCEEDED", resumed
    assert vending.path(account["Id"]) == "/Workloads/Sandbox"


@pytest.mark.parametrize("again", few([by_event, by_hand], quick=[by_event]))
def test_vended_account_that_has_left_is_not_finished(vending: Vending, again: Again) -> None:
    request = an_invitation(accountId=INVITED, roleName=ROLE)
    assert vending.run(request).status == "SUCCEEDED"
    owner(vending).leave_organization()

    with collected(vending, "AccountVendingFailed") as failures:
        ended = again(vending, request)

    assert (ended.status, ended.error) == ("FAILED", "AccountNotFoundException"), ended
    assert INVITED in ended.cause["message"]
    assert [one["executionArn"] for one in failures] == [ended.arn]
    assert row_of(vending, request)["state"] == "VENDED"


@pytest.mark.slow
def test_vended_account_that_has_left_comes_back_as_the_remedy_says(vending: Vending) -> None:
    request = an_invitation(accountId=INVITED, roleName=ROLE)
    vending.run(request)
    owner(vending).leave_organization()
    assert "source invited" in vending.run(request).cause["remedy"]

    back = vending.run(an_invitation(accountId=INVITED, roleName=ROLE))

    assert back.status == "SUCCEEDED", back
    again = vending.run(request)
    assert again.output["outcome"] == "FINISHED", again
