"""Changes of rows as the stream tells them, and what of them is kept in the audit trail."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from events.archive_audit import CALLS, Archive, ArchiveAudit, run
from vending.errors.exceptions import VendingError
from vending.ledger.changes import entry_of, objects
from vending.ledger.items import to_dynamodb

AT = "2026-11-28T10:00:00.250Z"
ROW: dict[str, Any] = {
    "pk": "request#r-1",
    "requestId": "r-1",
    "state": "QUEUED",
    "sender": {"account": "111111111111", "source": "form.example"},
    "requestedBy": "someone",
    "request": {"account": {"email": "team@example.com"}},
    "reservation": {"at": AT, "taskToken": "secret-1"},
    "taskToken": "secret-2",
    "updatedAt": AT,
}


def record(
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    *,
    sequence: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """A record of the stream, for a row that was and is so."""
    kind = "INSERT" if before is None else "REMOVE" if after is None else "MODIFY"
    images = {"OldImage": before, "NewImage": after}
    return {
        "eventID": f"e-{sequence}",
        "eventName": kind,
        "dynamodb": {
            "Keys": to_dynamodb({"pk": (after or before or {})["pk"]}),
            "SequenceNumber": str(sequence),
            "ApproximateCreationDateTime": 1_795_860_000,
            **{name: to_dynamodb(row) for name, row in images.items() if row is not None},
        },
        **more,
    }


class Bucket:
    """S3 as far as the function uses it."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {}
        self.refuses = False

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        assert (Bucket, ContentType) == ("trail", "application/x-ndjson")
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        self.objects[Key] = [json.loads(line) for line in io.BytesIO(Body)]


def archive(bucket: Bucket, *records: dict[str, Any]) -> dict[str, Any]:
    kept: Any = bucket
    payload = ArchiveAudit.model_validate({"Records": list(records)})
    return run(payload, archive=Archive(client=kept, bucket_name="trail"))


def test_entry_says_who_asked_what_changed_and_when() -> None:
    before = ROW | {"state": "REQUESTED"}

    entry = entry_of(record(before, ROW, sequence=7))

    assert entry is not None
    assert entry["at"] == AT
    assert (entry["change"], entry["requestId"], entry["state"]) == ("MODIFY", "r-1", "QUEUED")
    assert entry["changed"] == ["state"]
    assert entry["row"]["sender"] == ROW["sender"]
    assert entry["row"]["requestedBy"] == "someone"
    assert (entry["sequence"], entry["by"]) == ("7", None)


def test_retirement_is_kept_under_the_account() -> None:
    retiring = {"pk": "retirement#123456789012", "state": "RETIRING", "updatedAt": AT}
    bucket = Bucket()

    archive(bucket, record(retiring, retiring | {"state": "CLOSING"}))

    ((key, (entry,)),) = bucket.objects.items()
    assert "/retirement%23123456789012/" in key
    assert (entry["requestId"], entry["state"]) == ("retirement#123456789012", "CLOSING")


def test_no_token_is_kept() -> None:
    entry = entry_of(record(None, ROW))

    assert entry is not None
    assert entry["row"]["reservation"] == {"at": AT}
    assert "secret" not in json.dumps(entry)
    assert "taskToken" not in json.dumps(entry)


def test_deletion_keeps_what_the_row_was_and_who_deleted_it() -> None:
    by_service = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

    entry = entry_of(record(ROW, None, userIdentity=by_service))

    assert entry is not None
    assert (entry["change"], entry["by"]) == ("REMOVE", "dynamodb.amazonaws.com")
    assert entry["row"]["requestedBy"] == "someone"
    assert entry["at"] == "2026-11-28T10:00:00.000Z"


@pytest.mark.parametrize("pk", ["gate#creation", "email#abc", "unit#/Workloads"])
def test_rows_that_only_serve_requests_are_not_kept(pk: str) -> None:
    assert entry_of(record(None, {"pk": pk})) is None


def test_batch_is_kept_by_day_and_request_in_lines() -> None:
    bucket = Bucket()
    other = ROW | {"pk": "request#team/2", "requestId": "team/2"}

    answer = archive(
        bucket,
        record(None, ROW, sequence=1),
        record(None, other, sequence=2),
        record(ROW, ROW | {"state": "CREATING"}, sequence=3),
        record(None, {"pk": "gate#creation"}, sequence=4),
    )

    assert answer == {"entries": 3, "objects": 2}
    assert {key: [one["state"] for one in lines] for key, lines in bucket.objects.items()} == {
        f"2026/11/28/r-1/{1:040}.jsonl": ["QUEUED", "CREATING"],
        f"2026/11/28/team%2F2/{2:040}.jsonl": ["QUEUED"],
    }


def test_batch_that_comes_again_writes_the_same_objects() -> None:
    bucket = Bucket()
    records = (record(None, ROW, sequence=1), record(ROW, None, sequence=2))

    archive(bucket, *records)
    first = dict(bucket.objects)
    archive(bucket, *records)

    assert bucket.objects == first


def test_batch_that_cannot_be_written_fails_so_that_it_is_delivered_again() -> None:
    bucket = Bucket()
    bucket.refuses = True

    with pytest.raises(VendingError):
        archive(bucket, record(None, ROW))


def test_days_of_objects_follow_each_other_in_their_keys() -> None:
    entries = [
        entry
        for sequence, at in enumerate(("2026-11-30", "2026-12-01", "2027-01-01"))
        if (
            entry := entry_of(
                record(None, ROW | {"updatedAt": f"{at}{AT[10:]}"}, sequence=sequence)
            )
        )
    ]

    keys = [key for entry in entries for key, _ in objects([entry])]

    assert keys == sorted(keys)


def test_function_calls_nothing_else() -> None:
    assert {"s3:PutObject"} == CALLS
