"""The stack deployed with every setting about data: a vend ends as it does without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infra.settings import Settings
from tests.builders import a_request
from tests.infra.synthesized import synthesize
from tests.unit.embedded.time_travel import pass_days
from tests.workflow.deployments import deployed
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cloud import EmbeddedAws

KEY = "arn:aws:kms:us-east-1:111111111111:key/1111aaaa-2222-3333-4444-5555bbbb6666"
DAYS = 30


@pytest.fixture
def guarded(cloud: EmbeddedAws, tmp_path: Path) -> Iterator[Vending]:
    """The stack, updated as a deployment with these settings updates it."""
    synthesize(
        Settings(kms_key_arn=KEY, ended_rows_expire_days=DAYS, audit_lock="COMPLIANCE"), tmp_path
    )
    with deployed(cloud, tmp_path):
        cloud.renew()
        yield Vending(cloud)


@pytest.mark.slow
def test_rows_of_ended_requests_go_when_their_days_are_over_and_vended_ones_stay(
    guarded: Vending,
) -> None:
    cloud = guarded.aws
    machine = guarded.states.describe_state_machine(
        stateMachineArn=cloud.outputs["StateMachineArn"]
    )
    assert machine["encryptionConfiguration"]["kmsKeyId"] == KEY

    vended = guarded.run(a_request(requestId="vended"))
    rejected = guarded.run(a_request(requestId="rejected", unknown="key"))
    assert (vended.status, rejected.status) == ("SUCCEEDED", "FAILED")
    row = guarded.row("rejected")
    assert row is not None
    assert row["state"] == "REJECTED"

    pass_days(cloud.clock, DAYS + 1)

    assert eventually(lambda: guarded.row("rejected") is None)
    kept = guarded.row("vended")
    assert kept is not None
    assert kept["state"] == "VENDED"
    deleted = eventually(lambda: _deletion(guarded))
    assert deleted["requestId"] == "rejected"
    assert deleted["by"] == "dynamodb.amazonaws.com"


def _deletion(vending: Vending) -> dict[str, str] | None:
    """The trail's entry of a row that was removed."""
    s3, bucket = vending.aws.client("s3"), vending.aws.outputs["AuditBucketName"]
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read().decode()
        for line in body.splitlines():
            entry: dict[str, str] = json.loads(line)
            if entry["change"] == "REMOVE":
                return entry
    return None
