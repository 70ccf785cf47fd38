"""The audit trail as the command reads it: days of objects, each with lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any
from urllib.parse import quote

from cli.aws.stack import Stack
from cli.output.failure import CommandError
from vending.ledger.changes import Entry, day, request_of


class AuditTrail:
    """What the stack's bucket has of changes to requests.

    Raises:
        CommandError: the stack keeps no trail.
    """

    def __init__(self, stack: Stack) -> None:
        if stack.audit_bucket_name is None:
            raise CommandError(
                "this stack keeps no audit trail",
                remedy="Set audit_retention_days in infra/settings.py (docs/security.md), "
                "then run `make deploy`",
            )
        self._bucket = stack.audit_bucket_name
        self._s3 = stack.client("s3")

    def entries(
        self, *, request_id: str | None = None, since: str | None = None
    ) -> Iterator[Entry]:
        """The entries in order of time: of one request, or since a moment (as rows have them).

        DynamoDB delivers a change at least once; each appears once here.
        """
        for _, keys in groupby(self._keys(request_id, since), key=lambda key: key[: len(day(key))]):
            entries = {entry["eventId"]: entry for key in keys for entry in self._read(key)}
            for entry in sorted(entries.values(), key=_order):
                if since is None or entry["at"] >= since:
                    yield entry

    def _keys(self, request_id: str | None, since: str | None) -> Iterator[str]:
        wanted = None if request_id is None else quote(request_id, safe="")
        begin: dict[str, Any] = {} if since is None else {"StartAfter": day(since)}
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, **begin)
        for page in pages:
            for found in page.get("Contents", []):
                key = str(found["Key"])
                if wanted is None or request_of(key) == wanted:
                    yield key

    def _read(self, key: str) -> Iterator[Entry]:
        body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        for line in body.decode().splitlines():
            yield json.loads(line)


def _order(entry: Entry) -> tuple[str, int]:
    return entry["at"], int(entry["sequence"])
