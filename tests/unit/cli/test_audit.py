"""`vend audit`: the trail's objects as people and scripts read them."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from cli.aws.stack import Stack
from cli.main import main


def an_entry(number: int, at: str, **changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "eventId": f"e-{number}",
        "sequence": str(number),
        "at": at,
        "change": "MODIFY",
        "by": None,
        "requestId": "r-1",
        "state": "CREATING",
        "changed": ["intent", "state", "updatedAt"],
        "row": {
            "requestedBy": "the CEO",
            "sender": {"requester": "team-a", "source": "form.example"},
        },
    }
    return entry | changes


class S3:
    """A bucket, listed a key a page."""

    def __init__(self, objects: dict[str, list[dict[str, Any]]]) -> None:
        self.objects = objects
        self.read: list[str] = []

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, *, Bucket: str, StartAfter: str = "") -> Any:  # noqa: N803
        assert Bucket == "trail"
        for key in sorted(key for key in self.objects if key > StartAfter):
            yield {"Contents": [{"Key": key}]}
        yield {}

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803
        assert Bucket == "trail"
        self.read.append(Key)
        lines = "".join(f"{json.dumps(entry)}\n" for entry in self.objects[Key])
        return {"Body": io.BytesIO(lines.encode())}


OBJECTS = {
    "2026/11/27/r-1/01.jsonl": [an_entry(1, "2026-11-27T23:00:00.000Z", change="INSERT")],
    # Of one day: another request's in between, and one entry that came twice.
    "2026/11/28/r-1/02.jsonl": [
        an_entry(2, "2026-11-28T08:00:00.000Z"),
        an_entry(4, "2026-11-28T10:00:00.000Z", state="VENDED"),
    ],
    "2026/11/28/r-1/04.jsonl": [an_entry(4, "2026-11-28T10:00:00.000Z", state="VENDED")],
    "2026/11/28/team%2F2/03.jsonl": [
        an_entry(3, "2026-11-28T09:00:00.000Z", requestId="team/2"),
        an_entry(
            5,
            "2026-11-28T11:00:00.000Z",
            requestId="team/2",
            change="REMOVE",
            by="dynamodb.amazonaws.com",
        ),
    ],
}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> S3:
    bucket = S3(OBJECTS)
    stack = SimpleNamespace(audit_bucket_name="trail", client=lambda _: bucket)
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    return bucket


def numbers(capsys: pytest.CaptureFixture[str], *words: str) -> list[int]:
    """The entries that the command prints as JSON."""
    assert main(["audit", "--json", *words]) == 0
    return [int(json.loads(line)["sequence"]) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("s3")
def test_entries_come_once_and_in_order_of_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert numbers(capsys) == [1, 2, 3, 4, 5]


def test_entries_of_one_request_are_all_that_is_read(
    s3: S3, capsys: pytest.CaptureFixture[str]
) -> None:
    assert numbers(capsys, "--request", "team/2") == [3, 5]
    assert s3.read == ["2026/11/28/team%2F2/03.jsonl"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2026-11-28", [2, 3, 4, 5]),
        ("2026-11-28T09:30Z", [4, 5]),
        ("2026-11-28T12:00+02:00", [4, 5]),
        ("2026-12-01", []),
    ],
)
def test_entries_since_a_moment(
    s3: S3, capsys: pytest.CaptureFixture[str], since: str, expected: list[int]
) -> None:
    assert numbers(capsys, "--since", since) == expected
    assert "2026/11/27/r-1/01.jsonl" not in s3.read


@pytest.mark.usefixtures("s3")
def test_people_see_who_asked_and_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit"]) == 0

    made, changed, *_, deleted = capsys.readouterr().out.splitlines()[1:]
    assert "2026-11-27 23:00:00" in made
    assert "team-a form.example" in made
    assert "CEO" not in made
    assert "row created" in made
    assert "intent, state" in changed
    assert "updatedAt" not in changed
    assert "row deleted by dynamodb.amazonaws.com" in deleted


@pytest.mark.usefixtures("s3")
def test_nothing_found_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--request", "other"]) == 0

    printed = capsys.readouterr()
    assert printed.out == ""
    assert "no such entry" in printed.err


def test_stack_without_a_trail_is_reported_with_the_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Stack, "from_environment", lambda: SimpleNamespace(audit_bucket_name=None))

    assert main(["audit"]) == 1

    assert "audit_retention_days" in capsys.readouterr().err


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", ""])
def test_moment_that_is_none_is_bad_usage(since: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--since", since]) == 2
    assert "day or moment" in capsys.readouterr().err
