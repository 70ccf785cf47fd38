"""What docs/fleet.md and the examples of pipelines tell people to type is run, as they would."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from embedded import ACCOUNT_ID
from embedded.organizations import organization_of
from tests.builders import a_request
from tests.workflow.fleets import attach_guard, edit, path_of, seed, write, writes

if TYPE_CHECKING:
    from tests.workflow.command import Command, Ran
    from tests.workflow.vending import Vending

pytestmark = pytest.mark.usefixtures("adoption_in_awss_time")

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fleet.md"
CI = ROOT / "examples" / "ci"
NAMES = ("Payments", "Data", "Sandbox")
STACK = f"arn:aws:cloudformation:us-east-1:{ACCOUNT_ID}:stack/AccountVending/*"
BLOCK = re.compile(r"```(\w*)\n(.*?)```(?:\n```\n(.*?)```)?", re.S)


@pytest.fixture
def organization(vending: Vending) -> list[str]:
    """The page's: three accounts in /Workloads, the first with a guard."""
    state = organization_of(ACCOUNT_ID)
    assert state is not None
    ids = seed(len(NAMES), units=1)
    root = vending.organizations.list_roots()["Roots"][0]["Id"]
    unit = vending.organizations.list_organizational_units_for_parent(ParentId=root)
    vending.organizations.update_organizational_unit(
        OrganizationalUnitId=unit["OrganizationalUnits"][0]["Id"], Name="Workloads"
    )
    for account_id, name in zip(ids, NAMES, strict=True):
        account = state.account(account_id)
        account.name, account.email = name, f"{name.lower()}@example.com"
        account.tags = {"team": name.lower()}
    attach_guard(vending, ids[:1])
    return ids


def run(line: str, vend: Command) -> str:
    """What a line of the page prints."""
    words = shlex.split(line)
    if words[0] == "vend":
        ran = vend(*words[1:])
        assert ran.status == 0, (line, ran)
        return ran.out
    done = subprocess.run(["/bin/sh", "-c", line], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.slow
def test_every_command_of_the_page_does_what_the_page_shows(
    vending: Vending,
    vend: Command,
    organization: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = 0

    for kind, body, shown in BLOCK.findall(PAGE.read_text()):
        if kind == "yaml":
            file = tmp_path / "accounts" / "payments-200000000000.yaml"
            assert yaml.safe_load(file.read_text()) == yaml.safe_load(body)
        if kind != "sh":
            continue
        printed = "".join(run(line, vend) for line in body.splitlines())
        commands += len(body.splitlines())
        for line in filter(None, shown.splitlines()):
            assert line in printed, (body, line, printed)

    assert commands >= 15
    assert path_of(organization[0]) == "/Workloads/Production"
    assert path_of(organization[2]) == "/Suspended"


def as_role(
    vending: Vending, monkeypatch: pytest.MonkeyPatch, *policies: str
) -> dict[str, dict[str, Any]]:
    """Have the command run as a role with these policies of the examples; the policies."""
    iam, made = vending.aws.client("iam"), {}
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
    name = "-".join(policies)
    role = {
        "RoleName": name,
        "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    }
    try:
        arn = iam.create_role(**role)["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    for each in policies:
        text = (CI / f"role_{each}.json").read_text()
        text = text.replace("<account id>", ACCOUNT_ID)
        text = text.replace("<LedgerTableName>", vending.aws.outputs["LedgerTableName"])
        # The embedded AWS knows no resources of CloudFormation's: it authorizes on all of them.
        text = text.replace(STACK, "*")
        made[each] = json.loads(text)
        iam.put_role_policy(RoleName=name, PolicyName=each, PolicyDocument=text)
    keys = vending.aws.context.credentials.issue(arn, "pipeline")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_access_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys.session_token)
    return made


def an_edited_fleet(vending: Vending, vend: Command, organization: list[str], folder: Path) -> Path:
    """A directory in which a file was changed, one is new and one retires its account."""
    accounts = folder / "accounts"
    assert vend("adopt", "--out", str(accounts)).status == 0
    edit(accounts / f"payments-{organization[0]}.yaml", tags={"team": "checkout"}, policies=[])
    edit(accounts / f"sandbox-{organization[2]}.yaml", lifecycle="retired")
    write(accounts, "next.yaml", a_request(account={"name": "Next", "email": "n@example.com"}))
    vending.aws.context.calls.clear()
    return accounts


def test_role_of_the_plan_reads_all_that_a_plan_needs_and_can_write_nothing(
    vending: Vending,
    vend: Command,
    organization: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts = an_edited_fleet(vending, vend, organization, tmp_path)
    as_administrator = vend("plan", str(accounts), "--json")
    # There is something to adopt.
    vending.organizations.tag_resource(
        ResourceId=organization[1], Tags=[{"Key": "by", "Value": "hand"}]
    )
    as_role(vending, monkeypatch, "plan")
    vending.aws.context.calls.clear()

    planned = vend("plan", str(accounts), "--json")
    listed = vend("accounts", "--json")
    refused = [one for one in vending.aws.context.calls if "Denied" in str(one.error)]
    wrote = writes(vending)
    applied = vend("apply", str(accounts), "--yes")
    adopted = vend("adopt", "--out", str(tmp_path / "others"))
    (record,) = vend("status", organization[1], "--json").json["revisions"]
    done = [
        call
        for call in vending.aws.context.calls
        if f"{call.service}:{call.operation}" in writes(vending) and call.error is None
    ]

    assert planned.status == 0, planned.err
    assert planned.json == as_administrator.json
    assert len(listed.json) == len(NAMES)
    assert (refused, wrote) == ([], [])
    assert (applied.status, adopted.status) == (1, 1)
    assert "AWS denies PutEvents" in applied.err
    assert "AWS denies GetItem" in adopted.err
    assert (done, record["revision"]) == ([], 1)


@pytest.mark.slow
def test_role_of_the_apply_carries_out_what_its_plan_shows(
    vending: Vending,
    vend: Command,
    organization: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accounts = an_edited_fleet(vending, vend, organization, tmp_path)
    as_role(vending, monkeypatch, "plan", "apply")

    by_hand = vend("apply", str(accounts), "--yes")
    applied = vend("apply", str(accounts), "--merged", "--yes", "--json")
    again = vend("plan", str(accounts), "--detailed-exitcode")
    organizations = writes_of_role(vending)

    assert by_hand.status == 1
    assert "AWS denies PutEvents" in by_hand.err
    assert applied.status == 0, applied.err
    assert again.status == 0, again
    assert organizations == {"events:PutEvents"}
    assert vending.tags(organization[0])["team"] == "checkout"


def writes_of_role(vending: Vending) -> set[str]:
    """What a pipeline's role wrote itself."""
    mine = [one for one in vending.aws.context.calls if one.caller.endswith("/pipeline")]
    assert mine
    return {
        f"{one.service}:{one.operation}"
        for one in mine
        if f"{one.service}:{one.operation}" in writes(vending) and one.error is None
    }


@pytest.mark.slow
def test_role_of_an_adoption_writes_accounts_and_nothing_else_of_the_ledger(
    vending: Vending,
    vend: Command,
    organization: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_role(vending, monkeypatch, "plan", "adopt")

    adopted = vend("adopt", "--out", str(tmp_path / "accounts"), "--json")
    wrote = writes_of_role(vending)
    refused = [
        key
        for key in ("request#r-1", "token#r-1", "gate#creation", "retirement#1", "account#1")
        if is_denied(vending, monkeypatch, key)
    ]

    assert adopted.status == 0, adopted.err
    assert adopted.json["recorded"] == len(NAMES)
    assert wrote == {"dynamodb:TransactWriteItems"}
    assert len(refused) == 5
    assert not is_denied(vending, monkeypatch, "record#123456789012")


def is_denied(vending: Vending, monkeypatch: pytest.MonkeyPatch, key: str) -> bool:
    """Whether the role of an adoption may not put such an item."""
    client = vending.aws.client(
        "dynamodb",
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=os.environ["AWS_SESSION_TOKEN"],
    )
    try:
        client.put_item(TableName=vending.aws.outputs["LedgerTableName"], Item={"pk": {"S": key}})
    except client.exceptions.ClientError as error:
        return str(error.response["Error"]["Code"]) == "AccessDeniedException"
    return False


def pipelines() -> list[Path]:
    return [CI / "github.yml", CI / "gitlab.yml"]


def commands_of(path: Path) -> list[list[str]]:
    """The lines of `vend` in a pipeline, as words."""
    found = re.findall(r"vending/\.venv/bin/vend ([^>\n|]*)", path.read_text())
    return [shlex.split(each) for each in found]


@pytest.mark.slow
@pytest.mark.parametrize("path", pipelines(), ids=lambda path: path.stem)
def test_commands_of_a_pipeline_work_on_a_fleet(
    path: Path,
    vending: Vending,
    vend: Command,
    organization: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    an_edited_fleet(vending, vend, organization, tmp_path)
    monkeypatch.chdir(tmp_path)

    ran: list[Ran] = [vend(*words) for words in commands_of(path)]

    assert yaml.safe_load(path.read_text())
    assert [words[0] for words in commands_of(path)] == ["plan", "apply"]
    assert [each.status for each in ran] == [0, 0], ran
    assert ran[0].out.startswith("### Accounts: 1 new, 1 to change, 1 to retire")


@pytest.mark.parametrize("path", sorted(CI.glob("*_trusts_*.json")), ids=lambda path: path.stem)
def test_role_of_a_pipeline_trusts_one_repository_alone(path: Path) -> None:
    (statement,) = json.loads(path.read_text())["Statement"]

    conditions = [key for each in statement["Condition"].values() for key in each]
    subjects = [
        value
        for each in statement["Condition"].values()
        for key, value in each.items()
        if key.endswith(":sub")
    ]

    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert sum(key.endswith(":aud") for key in conditions) == 1
    (subject,) = subjects
    assert re.match(r"(repo:<owner>/<repository>:|project_path:<group>/<project>:)", subject)
    assert "*" not in subject or path.stem.endswith("plan")
