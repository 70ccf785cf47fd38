"""The CDK's own command, as `make deploy` runs it, against `vend local` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

import infra  # noqa: F401  # names the pinned Node
from embedded import REGION
from embedded.cloud import PROJECT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PROJECT / "node_modules/.bin/cdk").exists(),
        reason="the CDK's command is not installed: make node_modules/.package-lock.json",
    ),
]
COMMAND = (sys.executable, "-m", "cli.main")
NODE = Path(os.environ["JSII_NODE"]).parent
FLAGS = "--no-notices --progress events"


class Local:
    """`vend local`, and what is run against it."""

    def __init__(self, endpoint_url: str, home: Path) -> None:
        self._environment = {
            "PATH": f"{NODE}:{os.environ['PATH']}",
            "HOME": str(home),
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NO_PROXY": "127.0.0.1",
        }
        self._endpoint_url = endpoint_url

    def client(self, service: str) -> Any:
        """An administrator's client."""
        return boto3.session.Session("local", "local", region_name=REGION).client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._endpoint_url,
        )

    def make(self, goal: str, flags: str = "") -> str:
        """What the goal printed; it must end well."""
        return self._run("make", goal, f"CDK_FLAGS={FLAGS} {flags}")

    def deploy(self) -> str:
        """What the CDK's command printed, run as `make deploy` does once its checks have passed."""
        return self._run(
            *("node_modules/.bin/cdk", "deploy", "--app", "cdk.out"),
            *(*FLAGS.split(), "--require-approval", "never"),
        )

    def refused(self, goal: str, flags: str = "") -> str:
        """What the goal printed; it must not end well."""
        return self._run("make", goal, f"CDK_FLAGS={FLAGS} {flags}", code=2)

    def vend(self, *words: str) -> str:
        """What the command printed; it must end well."""
        return self._run(*COMMAND, *words)

    def _run(self, *words: str, code: int = 0) -> str:
        ran = subprocess.run(
            words,
            cwd=PROJECT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert ran.returncode == code, ran.stdout[-4000:]
        return ran.stdout


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    with subprocess.Popen(
        [*COMMAND, "local", "--port", "0"], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            ready = next((line for line in server.stdout if line.startswith("ready ")), "")
            assert ready, "the embedded AWS did not start"
            yield Local(ready.split()[1], tmp_path)
        finally:
            server.terminate()


def remove_ledgers(local: Local) -> None:
    """Delete the tables that an earlier stack left, as docs/deploy.md says for unwanted ones."""
    dynamodb = local.client("dynamodb")
    for name in dynamodb.list_tables()["TableNames"]:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)


def unpublish(local: Local) -> None:
    """Delete what is in the bootstrap's bucket, so that everything is to be published."""
    for bucket, key in published(local):
        local.client("s3").delete_object(Bucket=bucket, Key=key)


def published(local: Local) -> set[tuple[str, str]]:
    """Bucket and key of every object."""
    s3 = local.client("s3")
    return {
        (bucket["Name"], item["Key"])
        for bucket in s3.list_buckets()["Buckets"]
        for item in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", [])
    }


def test_the_stack_is_deployed_used_and_removed_by_make(local: Local) -> None:
    bootstrapped = local.make("bootstrap")
    local.make("unprotect")
    local.make("destroy", "--force")
    remove_ledgers(local)
    unpublish(local)

    demo = local.refused("deploy", "--require-approval never")
    deployed = local.deploy()
    assets = {key.rpartition(".")[2] for _, key in published(local)}
    local.vend("submit", "examples/requests/sandbox.yaml")
    accounts = local.client("organizations").list_accounts()["Accounts"]
    again = local.deploy()
    protected = local.refused("destroy", "--force")
    local.make("unprotect")
    destroyed = local.make("destroy", "--force")

    assert "Environment aws://111111111111/us-east-1 bootstrapped" in bootstrapped
    assert "the demo's, which lets everyone request everything" in demo
    assert "✅  AccountVending" in deployed
    assert "no changes" not in deployed
    assert assets == {"json", "zip"}
    assert "Sandbox" in {account["Name"] for account in accounts}
    assert "✅  AccountVending (no changes)" in again
    assert "`make unprotect destroy` disables it first" in protected
    assert "✅  AccountVending: destroyed" in destroyed
    assert "AccountVending" not in {
        stack["StackName"] for stack in local.client("cloudformation").describe_stacks()["Stacks"]
    }
