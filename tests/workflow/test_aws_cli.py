"""The embedded AWS driven by a client that nobody here wrote: the AWS command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.core.partitions import GOVCLOUD_ACCOUNT_ID
from embedded.organizations import OrganizationSettings
from tests.builders import a_request
from tests.workflow.vending import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workflow.vending import Vending

ROOT = Path(__file__).resolve().parents[2]
STANDALONE = "222222222222"


class AwsCli:
    """`aws …` against one endpoint, as the administrator or with a session's credentials."""

    def __init__(self, endpoint_url: str, home: Path, **credentials: str) -> None:
        self.endpoint_url = endpoint_url
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": credentials.get("AccessKeyId", "local"),
            "AWS_SECRET_ACCESS_KEY": credentials.get("SecretAccessKey", "local"),
        }
        if "SessionToken" in credentials:
            self.environment["AWS_SESSION_TOKEN"] = credentials["SessionToken"]

    def __call__(self, *arguments: str) -> Any:
        """The answer, parsed; AssertionError with what `aws` wrote when it fails."""
        done = self._run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def error(self, *arguments: str) -> str:
        """The error code of a call that must fail."""
        done = self._run(*arguments)
        assert done.returncode != 0, done.stdout
        code = re.search(r"An error occurred \((\w+)\)", done.stderr)
        assert code, done.stderr
        return code.group(1)

    def in_account(self, account_id: str) -> AwsCli:
        """The same command line with the account's own role."""
        role = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
        session = self("sts", "assume-role", "--role-arn", role, "--role-session-name", "member")
        return AwsCli(self.endpoint_url, self.home, **session["Credentials"])

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "awscli", *arguments, "--output", "json"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@contextlib.contextmanager
def vend_local(home: Path) -> Iterator[AwsCli]:
    """`vend local` on a port of its own, as a person starts it."""
    with subprocess.Popen(
        [".venv/bin/vend", "local", "--port", "0", "--speed", "10"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as served:
        assert served.stdout
        ready = next((line for line in served.stdout if line.startswith("ready")), "")
        assert ready, "vend local ended before it was ready"
        yield AwsCli(ready.split()[1], home)
        served.terminate()
        assert served.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsCli]:
    """One server for all tests that can share an organization."""
    with vend_local(tmp_path_factory.mktemp("home")) as aws:
        yield aws


def status_of(aws: AwsCli, creation: str) -> Any:
    def ended() -> Any:
        described = aws(
            "organizations",
            "describe-create-account-status",
            "--create-account-request-id",
            creation,
        )["CreateAccountStatus"]
        return described if described["State"] != "IN_PROGRESS" else None

    return eventually(ended)


@pytest.mark.slow
def test_create_account_is_tagged_and_found_by_the_cli(local: AwsCli) -> None:
    creation = local(
        *("organizations", "create-account"),
        *("--email", "cli@example.com", "--account-name", "By the CLI"),
    )["CreateAccountStatus"]

    account_id = status_of(local, creation["Id"])["AccountId"]
    local(
        *("organizations", "tag-resource", "--resource-id", account_id),
        *("--tags", "Key=owner,Value=cli"),
    )

    tags = local("organizations", "list-tags-for-resource", "--resource-id", account_id)["Tags"]
    assert tags == [{"Key": "owner", "Value": "cli"}]


@pytest.mark.slow
def test_create_gov_cloud_account_yields_both_accounts(local: AwsCli) -> None:
    creation = local(
        *("organizations", "create-gov-cloud-account"),
        *("--email", "gov@example.com", "--account-name", "gov-pair"),
    )["CreateAccountStatus"]

    status = status_of(local, creation["Id"])

    assert {"AccountId", "GovCloudAccountId"} <= status.keys()


@pytest.mark.slow
def test_invitation_is_accepted_by_the_member_and_by_nobody_else(local: AwsCli) -> None:
    handshake = local(
        *("organizations", "invite-account-to-organization"),
        *("--target", f"Id={STANDALONE},Type=ACCOUNT"),
    )["Handshake"]
    accept = ("organizations", "accept-handshake", "--handshake-id", handshake["Id"])

    refused = local.error(*accept)
    accepted = local.in_account(STANDALONE)(*accept)

    assert refused == "AccessDeniedException"
    assert accepted["Handshake"]["State"] == "ACCEPTED"
    members = local("organizations", "list-accounts")["Accounts"]
    assert STANDALONE in {member["Id"] for member in members}


@pytest.mark.slow
def test_policy_is_created_and_attached(local: AwsCli) -> None:
    policy = local(
        *("organizations", "create-policy", "--name", "keep", "--description", "stay"),
        *("--type", "SERVICE_CONTROL_POLICY", "--content"),
        json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Action": "organizations:LeaveOrganization",
                        "Resource": "*",
                    }
                ],
            }
        ),
    )["Policy"]["PolicySummary"]
    root = local("organizations", "list-roots")["Roots"][0]["Id"]

    local("organizations", "attach-policy", "--policy-id", policy["Id"], "--target-id", root)

    targets = local("organizations", "list-targets-for-policy", "--policy-id", policy["Id"])
    assert [target["TargetId"] for target in targets["Targets"]] == [root]


@pytest.mark.slow
def test_root_sessions_follow_trusted_access(local: AwsCli) -> None:
    enable = ("iam", "enable-organizations-root-sessions")

    too_early = local.error(*enable)
    local(
        *("organizations", "enable-aws-service-access"),
        *("--service-principal", "iam.amazonaws.com"),
    )
    enabled = local(*enable)

    assert too_early == "ServiceAccessNotEnabledException"
    assert "RootSessions" in enabled["EnabledFeatures"]


@pytest.mark.slow
def test_govcloud_region_is_another_partition(local: AwsCli) -> None:
    govcloud = ("--region", "us-gov-west-1")

    organization = local("organizations", "describe-organization", *govcloud)["Organization"]
    identity = local("sts", "get-caller-identity", *govcloud)
    unknown = local.in_account(STANDALONE).error("sts", "get-caller-identity", *govcloud)

    assert organization["Arn"].startswith("arn:aws-us-gov:organizations::")
    assert organization["MasterAccountId"] == identity["Account"] == GOVCLOUD_ACCOUNT_ID
    assert identity["Arn"].startswith("arn:aws-us-gov:")
    assert unknown == "InvalidClientTokenId"


@pytest.mark.slow
def test_all_features_are_on_already(local: AwsCli) -> None:
    refused = local.error("organizations", "enable-all-features")

    assert refused == "HandshakeConstraintViolationException"


@pytest.mark.slow
def test_execution_started_by_the_cli_vends(local: AwsCli) -> None:
    machine = local("stepfunctions", "list-state-machines")["stateMachines"][0]["stateMachineArn"]

    started = local(
        *("stepfunctions", "start-execution", "--state-machine-arn", machine),
        *("--input", json.dumps(a_request(account={"name": "H", "email": "hand@example.com"}))),
    )

    def ended() -> Any:
        described = local(
            *("stepfunctions", "describe-execution"),
            *("--execution-arn", started["executionArn"]),
        )
        return described if described["status"] != "RUNNING" else None

    assert eventually(ended)["status"] == "SUCCEEDED"


def test_event_put_by_the_cli_vends(local: AwsCli) -> None:
    entry = json.loads((ROOT / "examples/events/account_requested.json").read_text())
    entries = entry if isinstance(entry, list) else [entry]

    answer = local("events", "put-events", "--entries", json.dumps(entries))

    email = json.loads(entries[0]["Detail"])["account"]["email"]
    assert answer["FailedEntryCount"] == 0
    eventually(
        lambda: (
            email in {one["Email"] for one in local("organizations", "list-accounts")["Accounts"]}
        )
    )


@pytest.mark.slow
def test_all_features_come_with_the_consent_of_an_invited_member(tmp_path: Path) -> None:
    with vend_local(tmp_path) as aws:
        aws("organizations", "delete-organization")
        aws("organizations", "create-organization", "--feature-set", "CONSOLIDATED_BILLING")
        invitation = aws(
            *("organizations", "invite-account-to-organization"),
            *("--target", f"Id={STANDALONE},Type=ACCOUNT"),
        )["Handshake"]
        member = aws.in_account(STANDALONE)
        accept = ("organizations", "accept-handshake", "--handshake-id")
        member(*accept, invitation["Id"])

        enabling = aws("organizations", "enable-all-features")["Handshake"]
        too_early = aws.error(*accept, enabling["Id"])
        asked = member("organizations", "list-handshakes-for-account")["Handshakes"]
        (consent,) = (one["Id"] for one in asked if one["State"] in {"OPEN", "REQUESTED"})
        member(*accept, consent)
        finished = aws(*accept, enabling["Id"])["Handshake"]

        organization = aws("organizations", "describe-organization")["Organization"]

    assert too_early == "InvalidHandshakeTransitionException"
    assert finished["State"] == "ACCEPTED"
    assert organization["FeatureSet"] == "ALL"


@pytest.mark.slow
def test_all_features_are_enabled_by_handshake(vending: Vending, tmp_path: Path) -> None:
    vending.aws.renew(organization=OrganizationSettings(feature_set="CONSOLIDATED_BILLING"))
    aws = AwsCli(vending.aws.endpoint_url, tmp_path)

    handshake = aws("organizations", "enable-all-features")["Handshake"]
    aws("organizations", "accept-handshake", "--handshake-id", handshake["Id"])

    organization = aws("organizations", "describe-organization")["Organization"]
    assert organization["FeatureSet"] == "ALL"
