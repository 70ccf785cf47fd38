"""What docs/approvals.md tells people to type is run, and its rules are a request policy."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from embedded import ACCOUNT_ID
from tests.installations import ROOT
from tests.workflow.fleets import edit, write
from tests.workflow.vending import eventually
from vending.authorization.request_policy import parse_policy

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workflow.command import Command
    from tests.workflow.vending import Vending

PAGE = (ROOT / "docs" / "approvals.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.S)


def blocks(kind: str) -> list[str]:
    return [text for language, text in BLOCK.findall(PAGE) if language == kind]


def state_of(vending: Vending, request_id: str) -> str:
    return str((vending.row(request_id) or {}).get("state"))


def test_every_command_of_the_page_works(
    vending: Vending, vend: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    lines = [line for block in blocks("") for line in block.splitlines()]
    shown = list[str]()
    for line in lines:
        ran = vend(*shlex.split(line)[1:])
        assert ran.status == 0, (line, ran)
        shown.append(ran.out)
        if "submit" in line:
            eventually(lambda: state_of(vending, "restricted") == "AWAITING_APPROVAL")
        if "approve" in line:
            eventually(lambda: state_of(vending, "restricted") == "VENDED")

    _, waiting, approved, *status = shown
    assert "AWAITING_APPROVAL  Restricted" in waiting
    assert "by approvers" in waiting
    assert "approved by approvers" in approved
    assert all("agreed with the team" in one for one in status)


def test_request_that_the_page_rejects_is_rejected(
    vending: Vending, vend: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (line,) = re.findall(r"`(vend reject restricted .*?)`", PAGE)
    vend("submit", "examples/requests/restricted.yaml", "--no-wait")
    eventually(lambda: state_of(vending, "restricted") == "AWAITING_APPROVAL")

    assert vend(*shlex.split(line)[1:]).status == 0
    eventually(lambda: state_of(vending, "restricted") == "REJECTED")


def test_rules_of_the_page_are_a_request_policy() -> None:
    rules, merges = (yaml.safe_load(block) for block in blocks("yaml"))
    rules["requesters"] |= merges

    policy = parse_policy(rules)

    named = set(re.findall(r"^\| `(\w+)` \| ", PAGE, re.M))
    used = {key for rule in rules["approvals"]["rules"].values() for key in rule}
    assert named == used - {"approvals", "by"}
    assert policy.approvals.expire_after_days == 14


def a_file(folder: Path) -> Path:
    account: dict[str, Any] = {"name": "Restricted", "email": "aws+restricted@example.com"}
    document = {"requestId": "restricted", "account": account}
    write(folder, "restricted.yaml", document | {"organizationalUnit": "/Workloads/Restricted"})
    return folder


def test_merged_pull_request_is_the_approval(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    folder = a_file(tmp_path)
    by_hand = vend("plan", str(folder), "--only", "restricted*")
    planned = vend("plan", str(folder), "--merged")

    applied = vend("apply", str(folder), "--merged", "--yes")

    assert "needs 1 approval by approvers (restricted)" in by_hand.out
    assert "approval" not in planned.out
    assert applied.status == 0, applied
    row = vending.row("restricted")
    assert row is not None
    assert (row["state"], row["approval"]["outcome"]) == ("VENDED", "APPROVED")
    (decision,) = row["approval"]["decisions"]
    assert decision["reason"] == "requesters.merges.countsAsApproved: restricted"
    assert decision["by"].startswith("merges (")


def test_plan_of_a_retirement_says_who_has_to_approve(
    vending: Vending, vend: Command, tmp_path: Path
) -> None:
    folder = a_file(tmp_path)
    assert vend("apply", str(folder), "--merged", "--yes").status == 0
    account_id = str((vending.row("restricted") or {})["accountId"])
    edit(folder / "restricted.yaml", lifecycle="retired", reason="over")

    of_directory = vend("plan", str(folder))
    of_file = vend("plan", str(folder / "restricted.yaml"))
    merged = vend("plan", str(folder), "--merged")
    retired = vend("retire", account_id, "--reason", "over")
    waiting = vend("plan", str(folder))

    said = "! The retirement needs 1 approval by approvers (restricted-retirements)"
    for ran in (of_directory, of_file, waiting):
        assert ran.status == 0, ran
        assert said in ran.out
    assert "approval" not in merged.out
    assert "Waits for approval" in retired.out


def test_plan_says_who_has_to_approve(vending: Vending, vend: Command) -> None:
    assert vending.accounts() == []

    planned = vend("plan", "examples/requests/restricted.yaml")
    free = vend("plan", "examples/requests/minimal.json")

    assert planned.status == 0
    assert "! The request needs 1 approval by approvers (restricted)" in planned.out
    assert "approval" not in free.out


def test_policy_of_the_page_lets_approvers_decide_and_ask_for_nothing(
    vending: Vending, vend: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    vend("submit", "examples/requests/restricted.yaml", "--no-wait")
    eventually(lambda: state_of(vending, "restricted") == "AWAITING_APPROVAL")
    (text,) = blocks("json")
    decides = json.loads(text.replace("111122223333", ACCOUNT_ID))
    reads = {
        "Effect": "Allow",
        "Action": [
            "cloudformation:DescribeStacks",
            "cloudformation:GetTemplateSummary",
            "dynamodb:BatchGetItem",
            "states:DescribeExecution",
        ],
        "Resource": "*",
    }
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    role = vending.iam.create_role(
        RoleName="Reviewer",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    vending.iam.put_role_policy(
        RoleName="Reviewer",
        PolicyName="approve",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [decides, reads]}),
    )
    keys = vending.aws.context.credentials.issue(role["Arn"], "ann")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys.session_token)

    asked = vend("submit", "examples/requests/minimal.json", "--no-wait")
    approved = vend("approve", "restricted")

    assert asked.status == 1
    assert "AWS denies PutEvents" in asked.err
    assert approved.status == 0, approved
