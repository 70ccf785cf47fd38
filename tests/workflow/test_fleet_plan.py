"""`vend plan` of a directory: every account's file together, with nothing done."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.aws import stack as stack_module
from cli.fleet import standing
from tests.builders import a_request
from tests.workflow.fleets import edit, reads, seed, write, writes
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from tests.workflow.command import Command, Ran
    from tests.workflow.vending import Vending


@pytest.fixture
def request_of(vending: Vending, tmp_path: Path) -> dict[str, Any]:
    """A request that was vended, in a file of a directory."""
    request = a_request()
    ended = vending.run(request)
    assert ended.status == "SUCCEEDED", ended
    write(tmp_path, "accounts/sandbox.yaml", request)
    vending.aws.context.calls.clear()
    return request


def planned(vend: Command, folder: Path, *words: str) -> Ran:
    return vend("plan", str(folder / "accounts"), "--json", *words)


def problems(vend: Command, folder: Path) -> str:
    """What a plan that is refused says."""
    ran = vend("plan", str(folder / "accounts"))
    assert ran.status == 2, ran
    assert ran.out == ""
    return ran.err


@pytest.mark.slow
def test_directory_as_it_was_vended_changes_nothing(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    ran = planned(vend, tmp_path, "--detailed-exitcode")

    assert ran.status == 0, ran
    assert ran.json["counts"]["unchanged"] == 1
    assert ran.json["gone"] == []
    assert writes(vending) == []


def test_each_account_is_shown_with_what_is_different(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    (retired_id, moved_id) = seed(2)
    accounts = tmp_path / "accounts"
    edit(accounts / "sandbox.yaml", tags={"cost-centre": "4712", "owner": "me"})
    write(accounts, "new.json", a_request(account={"name": "Next", "email": "next@example.com"}))
    existing = {"source": "existing", "account": {"accountId": retired_id}}
    write(accounts, "retired.yaml", existing | {"lifecycle": "retired", "reason": "over"})
    moved = {"accountId": moved_id, "email": "account1@example.com"}
    write(
        accounts,
        "teams/moved.yaml",
        {"source": "existing", "account": moved, "organizationalUnit": "/Workloads"},
    )

    ran = planned(vend, tmp_path)
    detailed = planned(vend, tmp_path, "--detailed-exitcode")
    shown = vend("plan", str(accounts))
    markdown = vend("plan", str(accounts), "--markdown")
    only = planned(vend, tmp_path, "--only", "sand*")

    found = {Path(one["file"]).name: one for one in ran.json["accounts"]}
    assert {name: one["kind"] for name, one in found.items()} == {
        "new.json": "new",
        "retired.yaml": "retirement",
        "sandbox.yaml": "change",
        "moved.yaml": "new",
    }
    assert found["sandbox.yaml"]["difference"] == [
        {"key": "tags.cost-centre", "before": "4711", "after": "4712"},
        {"key": "tags.owner", "before": None, "after": "me"},
    ]
    assert {"tag cost-centre", "tag owner"} <= set(found["sandbox.yaml"]["changes"])
    assert found["retired.yaml"]["reason"] == "over"
    assert "account Next" in found["new.json"]["changes"]
    assert any("/Workloads" in each for each in found["moved.yaml"]["changes"])
    assert [one["problems"] for one in found.values()] == [[]] * 4
    assert (ran.status, detailed.status) == (0, 2)
    assert "2 new, 1 to change, 1 to retire" in shown.out
    assert "tags.cost-centre: 4711 -> 4712" in shown.out
    assert shown.out.splitlines()[-1].startswith("Next  vend apply")
    assert "| tags.cost-centre | 4711 | 4712 |" in markdown.out
    assert [Path(one["file"]).name for one in only.json["accounts"]] == ["sandbox.yaml"]
    assert writes(vending) == []


@pytest.mark.slow
def test_account_without_its_file_is_said_and_left_alone(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    (unknown,) = seed(1)
    (account,) = (one["Id"] for one in vending.accounts() if one["Id"] != unknown)
    (tmp_path / "accounts" / "sandbox.yaml").unlink()
    write(tmp_path, "accounts/new.yaml", a_request())

    ran = planned(vend, tmp_path)
    of_file = vend("plan", str(tmp_path / "accounts" / "new.yaml"), "--only", "*", "--json")

    assert [one["accountId"] for one in ran.json["gone"]] == [account]
    assert ran.json["notAdopted"] == [unknown]
    assert of_file.json["gone"] == []


def test_everything_wrong_with_any_file_is_said_at_once_and_nothing_is_done(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    (first, second, third) = seed(3)
    accounts = tmp_path / "accounts"
    edit(accounts / "sandbox.yaml", account=request_of["account"] | {"roleName": "Other"})

    def existing(file: str, **account: str) -> None:
        write(accounts, file, {"source": "existing", "account": account})

    existing("one.yaml", accountId=first)
    existing("one-again.yaml", accountId=first)
    existing("disagrees.yaml", accountId=second, email="account2@example.com")
    existing("renamed.yaml", accountId=third, name="Account 0")
    existing("unknown.yaml", accountId="999999999999")
    existing("management.yaml", accountId="111111111111")
    existing("unnameable.yaml", accountId="888888888888", name="x" * 51)
    (accounts / "broken.yaml").write_text("account: [\n")
    (accounts / "mistyped.yaml").write_text("lifecycle: over\naccount: {accountId: 1}\ncolor: 1\n")
    taken = a_request(account={"name": "Taken", "email": "account0@example.com"})
    write(accounts, "taken.yaml", taken)

    mistakes = problems(vend, tmp_path)

    for name, part in {
        "sandbox.yaml": "account.roleName is",
        "one.yaml": "is the same request as",
        "disagrees.yaml": f"line 5: account.email: is that of the account {third}",
        "renamed.yaml": "'Account 0' is the name of",
        "unknown.yaml": "is no account of this organization",
        "management.yaml": "management account",
        "unnameable.yaml": "account.name: ",
        "broken.yaml": "is not YAML: line 2",
        "mistyped.yaml": "line 1: lifecycle: must be active or retired",
        "taken.yaml": f"is that of the account {first}",
    }.items():
        assert str(accounts / name) in mistakes, (name, mistakes)
        assert part in mistakes, (part, mistakes)
    assert writes(vending) == []


@pytest.mark.slow
def test_change_that_is_refused_is_so_in_the_plan(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    missing = [{"name": "Nowhere", "type": "SERVICE_CONTROL_POLICY"}]
    edit(tmp_path / "accounts" / "sandbox.yaml", policies=missing)

    ran = planned(vend, tmp_path)
    shown = vend("plan", str(tmp_path / "accounts"))

    (one,) = ran.json["accounts"]
    assert [problem["code"] for problem in one["problems"]] == ["PolicyMissing"]
    assert (ran.status, shown.status) == (1, 1)
    assert "1 refused" in shown.out


@pytest.mark.slow
def test_retirement_of_a_protected_account_is_planned_as_refused(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    (account_id,) = seed(1)
    existing = {"source": "existing", "account": {"accountId": account_id}}
    write(tmp_path, "accounts/kept.yaml", existing | {"lifecycle": "retired", "reason": "over"})
    vending.organizations.tag_resource(
        ResourceId=account_id, Tags=[{"Key": "account-vending:protected", "Value": "true"}]
    )

    ran = planned(vend, tmp_path)
    applied = vend("apply", str(tmp_path / "accounts"), "--json")

    (kept,) = [one for one in ran.json["accounts"] if one["kind"] == "retirement"]
    assert [problem["code"] for problem in kept["problems"]] == ["AccountProtected"]
    assert (ran.status, applied.status) == (1, 1)
    assert writes(vending) == ["organizations:TagResource"]


@pytest.mark.slow
def test_accounts_are_listed_and_not_described_one_by_one(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    ids = seed(60)
    for number, account_id in enumerate(ids):
        document = {"source": "existing", "account": {"accountId": account_id}}
        write(tmp_path, f"accounts/{number}.yaml", document | {"lifecycle": "retired"})

    ran = planned(vend, tmp_path)

    assert ran.json["counts"] == {
        "unchanged": 1,
        "new": 0,
        "change": 0,
        "retirement": 60,
        "inProgress": 0,
    }
    assert reads(vending, "DescribeAccount") == 0
    assert reads(vending, "ListAccounts") == 4
    assert reads(vending, "BatchGetItem") <= 6


@pytest.mark.slow
def test_request_that_is_under_way_is_neither_new_nor_in_the_way(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    request = a_request(account={"name": "Next", "email": "next@example.com"})
    write(tmp_path, "accounts/next.yaml", request)
    # Three minutes in AWS's time, so that the plan is made while AWS makes the account.
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 180}}])
    arn = vending.start(request)
    eventually(lambda: vending.row(request["requestId"]))

    ran = planned(vend, tmp_path)
    vending.finish(arn)
    afterwards = planned(vend, tmp_path)

    assert {one["kind"] for one in ran.json["accounts"]} == {"unchanged", "inProgress"}
    assert {one["kind"] for one in afterwards.json["accounts"]} == {"unchanged"}


@pytest.mark.slow
def test_request_that_ends_while_the_plan_is_made_is_not_planned_again(
    vending: Vending,
    vend: Command,
    request_of: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = a_request(account={"name": "Next", "email": "next@example.com"})
    write(tmp_path, "accounts/next.yaml", request)
    vending.aws.faults.replace([{"createAccount": {"calls": "all", "seconds": 180}}])
    arn = vending.start(request)
    eventually(lambda: vending.row(request["requestId"]))
    usual = stack_module.goes_on

    def once_it_has_ended(stack: Any, row: Any) -> bool:
        vending.finish(arn)
        return usual(stack, row)

    monkeypatch.setattr(standing, "goes_on", once_it_has_ended)
    ran = planned(vend, tmp_path)

    assert {one["kind"] for one in ran.json["accounts"]} == {"unchanged"}


@pytest.mark.slow
def test_single_file_with_an_option_of_many_is_compared_with_the_ledger(
    vending: Vending, vend: Command, request_of: Any, tmp_path: Path
) -> None:
    file = str(tmp_path / "accounts" / "sandbox.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("account: 1\n")

    assert vend("plan", file, "--detailed-exitcode").status == 0
    assert vend("plan", str(broken), "--detailed-exitcode").status == 1
    assert vend("plan", str(broken), "--markdown").status == 2


@pytest.mark.slow
def test_single_file_of_a_retired_account_is_planned_as_such(
    vending: Vending,
    vend: Command,
    request_of: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "accounts" / "sandbox.yaml"
    edit(path, lifecycle="retired", reason="over")
    monkeypatch.setattr("sys.stdin", io.StringIO(path.read_text()))

    of_file, of_input = vend("plan", str(path), "--json"), vend("plan", "-", "--json")
    sent = vend("submit", str(path))

    for ran in (of_file, of_input):
        assert ran.json["counts"]["retirement"] == 1, ran
        assert ran.json["accounts"][0]["reason"] == "over"
    assert (sent.status, writes(vending)) == (2, [])
    assert "lifecycle: is a key of an account's file" in sent.err
