"""The audit trail of a vend, from the row to the locked object and back to the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.builders import a_request
from tests.workflow.vending import Vending, eventually

if TYPE_CHECKING:
    from tests.workflow.command import Command


def kept(vending: Vending) -> list[dict[str, Any]]:
    """The objects of the trail."""
    s3, bucket = vending.aws.client("s3"), vending.aws.outputs["AuditBucketName"]
    return list(s3.list_objects_v2(Bucket=bucket).get("Contents", []))


def entries(vending: Vending) -> list[dict[str, Any]]:
    s3, bucket = vending.aws.client("s3"), vending.aws.outputs["AuditBucketName"]
    bodies = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in kept(vending)]
    return [json.loads(line) for body in bodies for line in body.decode().splitlines()]


def until_vended(vending: Vending) -> list[dict[str, Any]] | None:
    found = entries(vending)
    return found if any(one["state"] == "VENDED" for one in found) else None


def test_vend_is_in_the_trail_from_claim_to_end(vending: Vending, vend: Command) -> None:
    ended = vending.run(a_request(requestId="audited", requestedBy="team-a"))
    assert ended.status == "SUCCEEDED"

    found = eventually(lambda: until_vended(vending))

    states = [one["state"] for one in sorted(found, key=lambda one: int(one["sequence"]))]
    assert states[0] == "REQUESTED"
    assert states[-1] == "VENDED"
    assert {one["row"]["requestedBy"] for one in found} == {"team-a"}
    assert "taskToken" not in json.dumps(found)

    read = vend("audit", "--request", "audited", "--json")
    assert read.status == 0
    lines = [json.loads(line) for line in read.out.splitlines()]
    assert [line["state"] for line in lines] == states
    shown = vend("audit", "--since", "2026-01-01").out
    assert "audited" in shown
    assert "administrator" in shown

    s3, bucket = vending.aws.client("s3"), vending.aws.outputs["AuditBucketName"]
    key = kept(vending)[0]["Key"]
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version["VersionId"])


def test_trail_is_whole_after_writes_that_were_refused(vending: Vending) -> None:
    refused = {"service": "s3", "operation": "PutObject", "calls": [1, 2, 3], "error": "SlowDown"}
    vending.aws.faults.replace([refused])

    ended = vending.run(a_request(requestId="refused"))
    found = eventually(lambda: until_vended(vending))

    assert ended.status == "SUCCEEDED"
    assert vending.calls("s3", "PutObject") > len(kept(vending))
    in_order = sorted(found, key=lambda one: int(one["sequence"]))
    states = list(dict.fromkeys(one["state"] for one in in_order))
    assert states == ["REQUESTED", "QUEUED", "CREATING", "BASELINING", "VENDED"]
