"""2,000 accounts: adopted at the rates of AWS, planned, changed, killed and run again."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench import fleet
from cli.aws.pace import RATES
from tests.workflow.fleets import counts, edit, seed
from tests.workflow.processes import Running

if TYPE_CHECKING:
    from tests.workflow.command import Command
    from tests.workflow.vending import Vending

pytestmark = pytest.mark.slow

ACCOUNTS, EDITED = 2000, 50


def test_fleet_is_adopted_at_awss_rates_and_lives_by_its_files(
    vending: Vending, accounts: Path
) -> None:
    outcome = fleet.run(vending.aws, accounts, accounts=ACCOUNTS, edits=EDITED)

    assert outcome.written == outcome.recorded == ACCOUNTS
    assert {operation: outcome.reads[operation] for operation in RATES} == {
        "GetAlternateContact": ACCOUNTS * fleet.CONTACTS,
        "ListTagsForResource": ACCOUNTS,
        # A page of twenty for each unit's hundred accounts, and the root's.
        "ListAccountsForParent": 1 + fleet.UNITS * 5,
        "ListOrganizationalUnitsForParent": 1 + fleet.UNITS,
        "ListRoots": 2,
        "ListPolicies": 1,
        "ListTargetsForPolicy": ACCOUNTS // 2 // 20,
    }
    assert outcome.slowest * 0.9 <= outcome.seconds <= outcome.slowest * 1.1
    assert outcome.adoption_writes == {"dynamodb:TransactWriteItems"}
    assert outcome.planned == outcome.settled == 0
    assert outcome.plan_reads["DescribeAccount"] == 0
    assert outcome.plan_reads["ListAccounts"] == ACCOUNTS // 20 + 1
    assert outcome.plan_reads["BatchGetItem"] <= 3 * ACCOUNTS // 100
    assert outcome.edited == outcome.executions == outcome.revisions == EDITED
    assert outcome.writes == ()


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
