"""2,000 accounts: adopted at the rates of AWS, planned, changed, killed and run again."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.aws.pace import RATES, Pace
from cli.fleet import adoption
from embedded import ACCOUNT_ID
from embedded.organizations import organization_of
from tests.workflow.fleets import attach_guard, edit, reads, seed, writes
from tests.workflow.processes import Running

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending

pytestmark = pytest.mark.slow

ACCOUNTS, UNITS, EDITED = 2000, 20, 50
CONTACTS = 3
"""Calls for the contacts of an account; more of them than of any other kind, at ten a second."""


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    return tmp_path / "accounts"


class Schedule(Pace):
    """When each call would be made, by the rates, if calls took no time; it waits for none."""

    def __init__(self) -> None:
        super().__init__(clock=lambda: 0.0, sleep=lambda _: None)

    def seconds(self, operation: str) -> float:
        """From the first call of an operation to its last."""
        per_second, burst = RATES[operation]
        return self._taken_until.get(operation, 0.0) - (burst // 2) / per_second


def attach_to_half(vending: Vending, ids: list[str]) -> None:
    """A policy on every other account, which AWS takes two of a second."""
    policy_id = attach_guard(vending, [])
    organization = organization_of(ACCOUNT_ID)
    assert organization is not None
    policies: list[Any] = organization.policies
    guard = next(one for one in policies if one.id == policy_id)
    for account_id in ids[::2]:
        organization.account(account_id).attached_policies.append(guard)


def counts(vend: Command, accounts: Path) -> dict[str, int]:
    ran = vend("plan", str(accounts), "--json")
    assert ran.status == 0, ran.err
    return {kind: count for kind, count in ran.json["counts"].items() if count}


def test_fleet_is_adopted_at_awss_rates_and_lives_by_its_files(
    vending: Vending, vend: Command, accounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = Schedule()
    monkeypatch.setattr(adoption, "Pace", lambda: schedule)
    ids = seed(ACCOUNTS, units=UNITS)
    attach_to_half(vending, ids)
    vending.organizations.enable_aws_service_access(ServicePrincipal="account.amazonaws.com")
    vending.aws.context.calls.clear()

    adopted = vend("adopt", "--out", str(accounts), "--json")

    assert adopted.status == 0, adopted.err
    assert len(adopted.json["written"]) == adopted.json["recorded"] == ACCOUNTS
    assert {operation: reads(vending, operation) for operation in RATES} == {
        "GetAlternateContact": ACCOUNTS * CONTACTS,
        "ListTagsForResource": ACCOUNTS,
        # A page of twenty for each unit's hundred accounts, and the root's.
        "ListAccountsForParent": 1 + UNITS * 5,
        "ListOrganizationalUnitsForParent": 1 + UNITS,
        "ListRoots": 2,
        "ListPolicies": 1,
        "ListTargetsForPolicy": ACCOUNTS // 2 // 20,
    }
    took = (
        schedule.seconds("ListAccountsForParent")
        + schedule.seconds("ListPolicies")
        + schedule.seconds("ListTargetsForPolicy")
        + max(schedule.seconds("GetAlternateContact"), schedule.seconds("ListTagsForResource"))
    )
    slowest = ACCOUNTS * CONTACTS / RATES["GetAlternateContact"][0]
    assert slowest * 0.9 <= took <= slowest * 1.1, took
    assert set(writes(vending)) == {"dynamodb:TransactWriteItems"}

    vending.aws.context.calls.clear()
    assert counts(vend, accounts) == {"unchanged": ACCOUNTS}
    assert reads(vending, "DescribeAccount") == 0
    assert reads(vending, "ListAccounts") == ACCOUNTS // 20 + 1
    assert reads(vending, "BatchGetItem") <= 3 * ACCOUNTS // 100
    assert writes(vending) == []

    chosen = sorted(accounts.iterdir())[:: ACCOUNTS // EDITED]
    for number, path in enumerate(chosen):
        edit(path, tags={"team": f"new {number}"})
    assert counts(vend, accounts) == {"unchanged": ACCOUNTS - EDITED, "change": EDITED}

    before = len(vending.executions())
    applied = vend("apply", str(accounts), "--yes", "--json")
    assert applied.status == 0, applied.err
    assert {one["revision"] for one in applied.json["requests"]} == {2}
    assert len(vending.executions()) - before == EDITED

    vending.aws.context.calls.clear()
    again = vend("apply", str(accounts), "--yes", "--json")
    assert (again.status, again.json["requests"]) == (0, [])
    assert counts(vend, accounts) == {"unchanged": ACCOUNTS}
    assert writes(vending) == []


def killed(vending: Vending, temporary: Path, after: float, *words: str) -> None:
    """Run the command in a process of its own, and kill it without warning after a while."""
    running = Running(
        *words,
        temporary=temporary,
        environment={
            "AWS_ENDPOINT_URL": vending.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
    )
    time.sleep(after)
    running._process.kill()
    running._process.communicate()


def test_command_killed_at_any_moment_comes_to_the_same_end_when_run_again(
    vending: Vending, vend: Command, accounts: Path, tmp_path: Path
) -> None:
    generator = random.Random(10)
    ids = seed(150)
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    for _ in range(3):
        killed(vending, temporary, generator.uniform(1.5, 3.5), "adopt", "--out", str(accounts))
    partly = len(list(accounts.glob("*.yaml")))
    adopted = vend("adopt", "--out", str(accounts), "--json")
    assert adopted.status == 0, adopted.err
    assert 0 < partly < len(ids), partly
    assert len(list(accounts.iterdir())) == len(ids)
    assert counts(vend, accounts) == {"unchanged": len(ids)}
    assert {one["revision"] for one in vend("accounts", "--json").json} == {1}

    chosen = sorted(accounts.iterdir())[:8]
    for number, path in enumerate(chosen):
        edit(path, tags={"team": f"new {number}"}, organizationalUnit="/Unit 0")
    for _ in range(3):
        killed(vending, temporary, generator.uniform(2, 5), "apply", str(accounts), "--yes")
    applied = vend("apply", str(accounts), "--yes", "--json")
    assert applied.status == 0, applied.err
    assert counts(vend, accounts) == {"unchanged": len(ids)}
    listed = vend("accounts", "--json").json
    assert sorted(one["revision"] for one in listed) == [1] * (len(ids) - 8) + [2] * 8
    teams = [vending.tags(path.stem[-12:])["team"] for path in chosen]
    assert teams == [f"new {number}" for number in range(8)]
