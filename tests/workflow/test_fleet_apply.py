"""`vend apply`: what a plan shows is done, once, for the accounts that differ and for no other."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.aws.stack import Stack
from cli.commands.follow import Follower
from tests.builders import a_request
from tests.interruptions import stop, when_entered
from tests.workflow.fleets import edit, path_of, seed, write, writes

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending


@pytest.fixture
def account_id(vending: Vending, accounts: Path) -> str:
    """An account that was vended, its request in a file of the directory."""
    request = a_request()
    ended = vending.run(request)
    assert ended.status == "SUCCEEDED", ended
    write(accounts, "sandbox.yaml", request)
    vending.aws.context.calls.clear()
    return str(ended.output["accountId"])


def test_each_account_that_differs_comes_to_what_its_file_says(
    vending: Vending, vend: Command, account_id: str, accounts: Path
) -> None:
    (retired_id, left_id) = seed(2)
    edit(accounts / "sandbox.yaml", tags={"owner": "me"}, organizationalUnit="/Workloads/Next")
    new = a_request(account={"name": "Next", "email": "next@example.com"})
    write(accounts, "next.yaml", new)
    retired = {"source": "existing", "account": {"accountId": retired_id}}
    write(accounts, "retired.yaml", retired | {"lifecycle": "retired", "reason": "over"})
    before = len(vending.executions())

    ran = vend("apply", str(accounts), "--yes", "--json")
    vending.aws.context.calls.clear()
    again = vend("apply", str(accounts), "--yes", "--json")

    assert ran.status == 0, ran
    assert ran.json["plan"]["counts"] == {
        "unchanged": 0,
        "new": 1,
        "change": 1,
        "retirement": 1,
        "inProgress": 0,
    }
    assert {one["state"] for one in ran.json["requests"]} == {"VENDED"}
    assert [one["state"] for one in ran.json["retirements"]] == ["RETIRING"]
    assert path_of(account_id) == "/Workloads/Next"
    assert vending.tags(account_id).get("cost-centre") is None
    assert path_of(retired_id) == "/Suspended"
    assert path_of(left_id) != "/Suspended"
    assert len(vending.executions()) == before + 2
    assert again.status == 0, again
    assert again.json["plan"]["counts"]["unchanged"] == 3
    assert writes(vending) == []


def test_more_changes_than_are_allowed_stop_all_of_it(
    vending: Vending, vend: Command, account_id: str, accounts: Path
) -> None:
    edit(accounts / "sandbox.yaml", tags={})
    write(accounts, "next.yaml", a_request())

    ran = vend("apply", str(accounts), "--yes", "--max-changes", "1")

    assert ran.status == 1
    assert "2 accounts differ, and --max-changes allows 1" in ran.err
    assert writes(vending) == []


@pytest.mark.parametrize(
    ("answer", "tty"),
    [
        ("no\n", True),
        pytest.param("", True, marks=pytest.mark.slow),
        pytest.param("yes\n", False, marks=pytest.mark.slow),
    ],
)
def test_what_nobody_agreed_to_is_not_done(
    answer: str,
    tty: bool,
    vending: Vending,
    vend: Command,
    account_id: str,
    accounts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edit(accounts / "sandbox.yaml", tags={})
    given = io.StringIO(answer)
    monkeypatch.setattr(given, "isatty", lambda: tty)
    monkeypatch.setattr(sys, "stdin", given)

    ran = vend("apply", str(accounts))

    assert ran.status == (1 if tty else 2)
    assert "Nothing was done" in ran.err
    assert writes(vending) == []


@pytest.mark.slow
def test_what_was_agreed_to_is_done(
    vending: Vending,
    vend: Command,
    account_id: str,
    accounts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edit(accounts / "sandbox.yaml", tags={"owner": "me"})
    given = io.StringIO("yes\n")
    monkeypatch.setattr(given, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", given)

    ran = vend("apply", str(accounts))

    assert ran.status == 0, ran
    assert "tags.owner: me (added)" in ran.out
    assert "Changed Sandbox" in ran.out
    assert vending.tags(account_id)["owner"] == "me"


@pytest.mark.slow
def test_saved_plan_is_carried_out_as_it_is_and_once(
    vending: Vending, vend: Command, account_id: str, accounts: Path, tmp_path: Path
) -> None:
    edit(accounts / "sandbox.yaml", tags={"owner": "me"})
    plan = str(tmp_path / "plan.json")

    planned = vend("plan", str(accounts), "--out", plan)
    edit(accounts / "sandbox.yaml", tags={"owner": "somebody else"})
    ran = vend("apply", plan, "--yes")
    again = vend("apply", plan, "--yes", "--json")

    assert planned.status == 0
    assert planned.out.splitlines()[-1].endswith(f"vend apply {plan}")
    assert ran.status == 0, ran
    assert vending.tags(account_id)["owner"] == "me"
    assert (again.status, again.json["requests"]) == (0, [])


@pytest.mark.slow
@pytest.mark.parametrize("moved", ["ledger", "organization"])
def test_saved_plan_is_refused_once_the_world_has_moved_on(
    moved: str, vending: Vending, vend: Command, account_id: str, accounts: Path, tmp_path: Path
) -> None:
    document = {"organizationalUnit": "/Workloads/Next"}
    edit(accounts / "sandbox.yaml", **document)
    plan = str(tmp_path / "plan.json")
    vend("plan", str(accounts), "--out", plan)
    if moved == "ledger":
        edit(accounts / "sandbox.yaml", tags={"owner": "other"})
        assert vend("apply", str(accounts), "--yes").status == 0
    else:
        parent = vending.organizations.list_parents(ChildId=account_id)["Parents"][0]["Id"]
        root = vending.organizations.list_roots()["Roots"][0]["Id"]
        unit = vending.organizations.create_organizational_unit(ParentId=root, Name="Workloads 2")
        vending.organizations.move_account(
            AccountId=account_id,
            SourceParentId=parent,
            DestinationParentId=unit["OrganizationalUnit"]["Id"],
        )
        vending.organizations.tag_resource(
            ResourceId=account_id, Tags=[{"Key": "cost-centre", "Value": "by hand"}]
        )
    vending.aws.context.calls.clear()

    ran = vend("apply", plan, "--yes")

    assert ran.status == 1, ran
    assert "has moved on since the plan was made" in ran.err
    assert "sandbox.yaml" in ran.err
    assert writes(vending) == []


@pytest.mark.slow
def test_account_that_somebody_else_changes_after_the_plan_is_left_as_they_made_it(
    vending: Vending,
    vend: Command,
    account_id: str,
    accounts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = json.loads((accounts / "sandbox.yaml").read_text())
    edit(accounts / "sandbox.yaml", tags={"owner": "me"})
    usual = Stack.publish

    def after_another(self: Stack, details: Sequence[Mapping[str, Any]]) -> list[str]:
        assert vending.run(request | {"tags": {"owner": "you"}}).status == "SUCCEEDED"
        return usual(self, details)

    monkeypatch.setattr(Stack, "publish", after_another)
    ran = vend("apply", str(accounts), "--yes", "--json")

    assert ran.status == 1, ran
    (arn, *_) = reversed(vending.executions())
    assert vending.finish(arn).output["outcome"] == "SUPERSEDED"
    assert vending.tags(account_id)["owner"] == "you"


@pytest.mark.slow
def test_change_that_fails_halfway_is_carried_out_to_its_end_by_the_same_plan(
    vending: Vending, vend: Command, account_id: str, accounts: Path, tmp_path: Path
) -> None:
    edit(accounts / "sandbox.yaml", tags={"owner": "me"}, organizationalUnit="/Workloads/Next")
    plan = str(tmp_path / "plan.json")
    vend("plan", str(accounts), "--out", plan)

    with when_entered("MoveAccount", stop):
        failed = vend("apply", plan, "--yes", "--json")
    again = vend("apply", plan, "--yes", "--json")

    assert failed.status == 1, failed
    assert (again.status, again.json["requests"][0]["revision"]) == (0, 2), again
    assert path_of(account_id) == "/Workloads/Next"
    assert vending.tags(account_id)["owner"] == "me"


@pytest.mark.slow
def test_command_that_is_killed_is_run_again_to_the_same_end(
    vending: Vending,
    vend: Command,
    account_id: str,
    accounts: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edit(accounts / "sandbox.yaml", tags={"owner": "me"})
    write(accounts, "next.yaml", a_request(account={"name": "Next", "email": "n@example.com"}))
    before = len(vending.executions())

    def killed(_: Follower) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Follower, "run", killed)
        first = vend("apply", str(accounts), "--yes")
    again = vend("apply", str(accounts), "--yes", "--json")

    assert first.status == 130
    assert again.status == 0, again
    assert vending.tags(account_id)["owner"] == "me"
    assert sorted(one["Name"] for one in vending.accounts())[0] == "Next"
    vended = [vending.finish(arn).status for arn in vending.executions()]
    assert set(vended) == {"SUCCEEDED"}
    assert len(vending.accounts()) == 2
    assert len(vended) - before <= 4
