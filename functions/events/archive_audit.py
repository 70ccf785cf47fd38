"""ArchiveAudit: every change of a request's row, kept where nobody can take it back.

The ledger's stream delivers each change at least once, those of a row in order. What fails is sent
again for a day, by halves, so that one batch keeps no other back; then the dead-letter queue says
which records they were.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vending.aws import clients
from vending.aws.observability import logger
from vending.errors.aws_errors import translate_aws_errors
from vending.frozen import frozen
from vending.handler import settings
from vending.handler.operation import Json, operation
from vending.ledger.changes import Entry, entry_of, objects
from vending.model import Model

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CALLS = {"s3:PutObject"}


class ArchiveAudit(Model):
    """Lambda's event for a stream of DynamoDB's."""

    records: list[dict[str, Any]] = Field(alias="Records")


@frozen
class Archive:
    """The bucket of the audit trail, in which each object is locked from its first moment."""

    client: S3Client
    bucket_name: str

    def keep(self, key: str, entries: list[Entry]) -> None:
        """Write an object of JSON lines, one an entry."""
        lines = [json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in entries]
        with translate_aws_errors():
            self.client.put_object(
                Bucket=self.bucket_name,
                Key=key,
                Body="".join(f"{line}\n" for line in lines).encode(),
                ContentType="application/x-ndjson",
            )


def run(payload: ArchiveAudit, *, archive: Archive) -> Json:
    """{entries, objects}: how many were written. Safe to run again for the same records."""
    entries = [entry for record in payload.records if (entry := entry_of(record))]
    written = 0
    for key, of_request in objects(entries):
        archive.keep(key, of_request)
        written += 1
    logger.info("archived", extra={"entries": len(entries), "objects": written})
    return {"entries": len(entries), "objects": written}


@operation(ArchiveAudit)
def handler(payload: ArchiveAudit) -> Json:
    """The Lambda entrance."""
    bucket = settings.read(settings.AuditTrailSettings).bucket_name
    return run(payload, archive=Archive(client=clients.s3(), bucket_name=bucket))
