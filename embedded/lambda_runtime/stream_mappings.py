"""Event source mappings of DynamoDB's streams: batches, filters, retries, halves, dead letters.

Source: "Using AWS Lambda with Amazon DynamoDB" and "Retaining discarded batches", AWS Lambda
Developer Guide. Lambda reads with the function's role, which is asked when the mapping is made. A
batch is invoked when it is full or its window is over; while one fails, those behind it wait.
"""

from __future__ import annotations

import datetime
import json
import logging
import threading
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from moto.awslambda import models
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends

from embedded.authorization.authorization import Authorization
from embedded.authorization.required_permission import RequiredPermission
from embedded.core import role_clients
from embedded.core.context import Context, current
from embedded.core.principal import Principal
from embedded.eventbridge import patterns
from embedded.lambda_runtime.functions import EmbeddedFunction
from embedded.lambda_runtime.pool import PoolClosedError
from embedded.moto_patches import dynamodb_streams as streams
from embedded.moto_patches.dynamodb import one_at_a_time
from embedded.protocols.protocols import ApiCall

_LOG = logging.getLogger(__name__)
_LOOK_EVERY = 0.1
"""Real seconds between looks at the streams."""
_PAUSES = (1.0, 60.0)
"""Virtual seconds before the first and, at most, before any further try."""
_READS = ("DescribeStream", "GetRecords", "GetShardIterator")

_create_mapping = models.LambdaBackend.create_event_source_mapping


@dataclass(kw_only=True)
class _Batch:
    records: list[dict[str, Any]]
    tries: int = 0
    not_before: float = 0.0

    def split(self, moment: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The records that were written before the moment, and the others; oldest first."""
        old = [record for record in self.records if _written(record) < moment]
        return old, self.records[len(old) :]


@dataclass(kw_only=True)
class _Reading:
    """How far a mapping has read its stream, and what it has not delivered yet."""

    position: int
    gathered: list[dict[str, Any]] = field(default_factory=list)
    since: float = 0.0
    batches: deque[_Batch] = field(default_factory=deque)


class StreamMappings:
    """Reads the streams that functions are mapped to, until stopped."""

    def __init__(self) -> None:
        self._readings: dict[str, _Reading] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(
            target=self._run, args=(current(),), name="stream mappings", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Read nothing more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def skip(self) -> None:
        """Forget all that was written until now."""
        with self._lock:
            for mapping, shard in _mappings():
                with one_at_a_time:
                    self._readings[mapping.uuid] = _Reading(position=streams.end(shard))
                    streams.forget(shard, streams.end(shard))

    def _run(self, context: Context) -> None:
        while not self._stopped.wait(_LOOK_EVERY):
            if current() is not context:
                continue  # another one has taken its place, which may be for a while
            try:
                self.deliver_due(context.clock.now())
            except PoolClosedError:
                continue  # the function is going, or the embedded AWS, which stops this
            except Exception:
                _LOG.exception("a stream was not read")

    def deliver_due(self, now: float) -> None:
        """Read what was written, and invoke each mapping's function with what is due."""
        with self._lock:
            for mapping, shard in _mappings():
                if mapping.enabled:
                    reading = self._read(mapping, shard, now)
                    _gather(mapping, reading, now)
                    _deliver(mapping, shard, reading, now)

    def _read(self, mapping: Any, shard: Any, now: float) -> _Reading:
        with one_at_a_time:
            latest = mapping.starting_position == "LATEST"
            start = streams.end(shard) if latest else streams.first(shard)
            reading = self._readings.setdefault(mapping.uuid, _Reading(position=start))
            records = streams.take(shard, reading.position)
            reading.position = streams.end(shard)
            others = [
                self._readings[other.uuid].position if other.uuid in self._readings else 0
                for other, of_other in _mappings()
                if of_other is shard
            ]
            streams.forget(shard, min(others))
        if records and not reading.gathered:
            reading.since = now
        reading.gathered += [record for record in records if _is_wanted(mapping, record)]
        return reading


def create_event_source_mapping(self: Any, spec: dict[str, Any]) -> Any:
    """CreateEventSourceMapping.

    Raises:
        InvalidParameterValueException: the function's role may not read the stream.
    """
    arn = str(spec["EventSourceArn"])
    if ":dynamodb:" in arn:
        function = self.get_function(spec["FunctionName"])
        role = str(function.role)
        call = ApiCall(
            service="dynamodbstreams",
            operation="GetRecords",
            region=self.region_name,
            access_key_id="",
            protocol="json",
        )
        principal = Principal(
            account_id=self.account_id,
            arn=role,
            role_name=role.rpartition("/")[2],
            session_name="lambda",
        )
        needed = [RequiredPermission(action=f"dynamodb:{name}", resource=arn) for name in _READS]
        needed.append(RequiredPermission(action="dynamodb:ListStreams"))
        refused = Authorization().refusal(principal, needed, call, current().clock.now())
        if refused:
            raise models.InvalidParameterValueException(
                f"Cannot access stream {arn}. Please ensure the role can perform the GetRecords,"
                " GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
            )
    return _create_mapping(self, spec)


def install() -> None:
    """Ask roles when mappings are made; safe to call twice."""
    streams.install()
    models.LambdaBackend.create_event_source_mapping = create_event_source_mapping


def _mappings() -> Iterator[tuple[Any, Any]]:
    """Every mapping of a stream of DynamoDB's, and the stream's only shard."""
    for account_id, regions in list(models.lambda_backends.items()):
        for region, backend in list(regions.items()):
            tables = list(dynamodb_backends[account_id][region].tables.values())
            for mapping in list(backend._event_source_mappings.values()):
                for table in tables:
                    arn = f"{table.table_arn}/stream/{table.latest_stream_label}"
                    if table.stream_shard is not None and mapping.event_source_arn == arn:
                        yield mapping, table.stream_shard


def _is_wanted(mapping: Any, record: dict[str, Any]) -> bool:
    filters = (mapping.filter_criteria or {}).get("Filters") or []
    return not filters or any(
        patterns.matches(json.loads(one["Pattern"]), _shown(mapping, record)) for one in filters
    )


def _gather(mapping: Any, reading: _Reading, now: float) -> None:
    """Make batches of what was gathered, once there is enough or for long enough."""
    size, window = mapping.batch_size, float(mapping.max_batch_window or 0)
    while reading.gathered and (len(reading.gathered) >= size or now >= reading.since + window):
        reading.batches.append(_Batch(records=reading.gathered[:size]))
        del reading.gathered[:size]


def _deliver(mapping: Any, shard: Any, reading: _Reading, now: float) -> None:
    while reading.batches and now >= reading.batches[0].not_before:
        batch = reading.batches[0]
        age = mapping.max_record_age
        if age is not None and age >= 0:
            old, young = batch.split(now - age)
            if old:
                _dead_letter(mapping, shard, _Batch(records=old), "RecordAgeExceeded")
                batch.records = young
            if not young:
                reading.batches.popleft()
                continue
        if not _fails(mapping, batch):
            reading.batches.popleft()
            continue
        batch.tries += 1
        most = mapping.max_retry_attempts
        if mapping.bisect_on_error and len(batch.records) > 1:
            middle = len(batch.records) // 2
            halves = (batch.records[:middle], batch.records[middle:])
            reading.batches.popleft()
            # Halves begin their tries anew: what is halved counts as no try.
            reading.batches.extendleft(_Batch(records=half) for half in reversed(halves))
        elif most is not None and most >= 0 and batch.tries > most:
            reading.batches.popleft()
            _dead_letter(mapping, shard, batch, "RetryAttemptsExhausted")
        else:
            least, longest = _PAUSES
            batch.not_before = now + min(longest, least * 2 ** (batch.tries - 1))


def _written(record: dict[str, Any]) -> float:
    moment: datetime.datetime = record["dynamodb"]["ApproximateCreationDateTime"]
    return moment.timestamp()


def _fails(mapping: Any, batch: _Batch) -> bool:
    runtime = EmbeddedFunction.runtime
    function = _function(mapping)
    if runtime is None:
        raise PoolClosedError
    if function is None:  # deleted, without its mapping
        return True
    payload = json.dumps({"Records": [_shown(mapping, one) for one in batch.records]})
    try:
        return runtime.invoke(function, payload.encode(), {}).failed
    except JsonRESTError:
        return True


def _function(mapping: Any) -> Any:
    backend = models.lambda_backends[mapping.account_id][mapping.region]
    return backend.get_function_by_arn(mapping.function_arn)


def _shown(mapping: Any, record: dict[str, Any]) -> dict[str, Any]:
    """The record as the function sees it: its moment is epoch seconds."""
    change = record["dynamodb"]
    moment = int(change["ApproximateCreationDateTime"].timestamp())
    return {
        **record,
        "awsRegion": mapping.region,
        "eventSourceARN": mapping.event_source_arn,
        "dynamodb": {**change, "ApproximateCreationDateTime": moment},
    }


def _dead_letter(mapping: Any, shard: Any, batch: _Batch, condition: str) -> None:
    """Say which records were given up; what they were, the stream alone knows."""
    destination = ((mapping.destination_config or {}).get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    first, last = batch.records[0]["dynamodb"], batch.records[-1]["dynamodb"]
    message = {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping.function_arn,
            "condition": condition,
            "approximateInvokeCount": batch.tries,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
        "version": "1.0",
        "timestamp": current().clock.datetime().isoformat(),
        "DDBStreamBatchInfo": {
            "shardId": shard.id,
            "startSequenceNumber": first["SequenceNumber"],
            "endSequenceNumber": last["SequenceNumber"],
            "approximateArrivalOfFirstRecord": first["ApproximateCreationDateTime"].isoformat(),
            "approximateArrivalOfLastRecord": last["ApproximateCreationDateTime"].isoformat(),
            "batchSize": len(batch.records),
            "streamArn": mapping.event_source_arn,
        },
    }
    region, account_id, name = destination.split(":")[3:6]
    role_clients.client(
        "sqs", role_arn=str(_function(mapping).role), region=region, session_name="lambda"
    ).send_message(
        QueueUrl=f"{current().endpoint_url}/{account_id}/{name}", MessageBody=json.dumps(message)
    )
