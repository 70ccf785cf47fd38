"""A function's log: what its processes print, and Lambda's own lines around it, in CloudWatch Logs.

AWS pages: "Working with Lambda function logs"; "Configuring JSON and plain text log formats".
"""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from moto.logs.models import logs_backends

from embedded.lambda_runtime.variables import FunctionSettings

MOST_EVENTS = 10_000
"""Events of a log stream that are kept at least; with a tenth more, the oldest are forgotten."""

MOST_STREAMS = 1_000
"""Log streams of a function's log group that are kept; the oldest gives way to a new one."""


class FunctionLog:
    """The log stream of one execution environment. Not for several threads at once.

    Args:
        function: whose log.
        now: virtual time in epoch seconds.
    """

    def __init__(self, function: FunctionSettings, now: Callable[[], float]) -> None:
        self._function, self._now = function, now
        day = datetime.datetime.fromtimestamp(now(), datetime.UTC)
        self.stream = f"{day:%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
        self._tail: list[str] = []

    def write(self, lines: Iterable[str]) -> None:
        """Add one event for each line."""
        messages = [line.replace("\r", "\n") for line in lines]
        if not messages:
            return
        self._tail += messages
        timestamp = int(self._now() * 1000)
        # Not by PutLogEvents: it refuses what lies far from the machine's own clock.
        stream = self._stream()
        stream.put_log_events(
            [{"timestamp": timestamp, "message": message} for message in messages]
        )
        if len(stream.events) > MOST_EVENTS + MOST_EVENTS // 10:
            stream.events = stream.events[-MOST_EVENTS:]

    def start(self, request_id: str) -> None:
        """Lambda's line before an invocation."""
        self._tail.clear()
        version = self._function.version
        self._platform(
            f"START RequestId: {request_id} Version: {version}",
            "platform.start",
            {"requestId": request_id, "version": version},
        )

    def timed_out(self, request_id: str) -> None:
        """Lambda's line when it ends an invocation that takes too long."""
        at = datetime.datetime.fromtimestamp(self._now(), datetime.UTC)
        seconds = self._function.timeout_seconds
        moment = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
        self.write([f"{moment} {request_id} Task timed out after {seconds:.2f} seconds"])

    def end(self, request_id: str, *, milliseconds: float, init_milliseconds: float | None) -> None:
        """Lambda's lines after an invocation. Durations are real ones."""
        if self._function.log_format != "JSON":
            self.write([f"END RequestId: {request_id}"])
        billed = int(milliseconds) + 1
        report = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {billed} ms",
            f"Memory Size: {self._function.memory_mb} MB",
        ]
        metrics: dict[str, Any] = {
            "durationMs": round(milliseconds, 3),
            "billedDurationMs": billed,
            "memorySizeMB": self._function.memory_mb,
        }
        if init_milliseconds is not None:
            report.append(f"Init Duration: {init_milliseconds:.2f} ms")
            metrics["initDurationMs"] = round(init_milliseconds, 3)
        self._platform(
            "\t".join(report),
            "platform.report",
            {"requestId": request_id, "metrics": metrics},
        )

    def tail(self) -> bytes:
        """The last 4 KiB since the invocation's start, as LogType=Tail returns them."""
        return "".join(f"{message}\n" for message in self._tail).encode()[-4096:]

    def _platform(self, line: str, kind: str, record: dict[str, Any]) -> None:
        if self._function.log_format == "JSON":
            at = datetime.datetime.fromtimestamp(self._now(), datetime.UTC)
            time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            line = json.dumps({"time": time, "type": kind, "record": record})
        self.write([line])

    def _stream(self) -> Any:
        # Looked up every time: a reset of moto forgets groups while processes stay.
        logs = logs_backends[self._function.account_id][self._function.region]
        logs.ensure_log_group(self._function.log_group)
        streams = logs.groups[self._function.log_group].streams
        if self.stream not in streams:
            for oldest in list(streams)[: max(0, len(streams) + 1 - MOST_STREAMS)]:
                streams.pop(oldest, None)
        logs.ensure_log_stream(self._function.log_group, self.stream)
        return streams[self.stream]


def messages(function: FunctionSettings) -> list[str]:
    """Everything in the function's log group, oldest stream first."""
    logs = logs_backends[function.account_id][function.region]
    group = logs.groups.get(function.log_group)
    if group is None:
        return []
    return [str(event.message) for stream in group.streams.values() for event in stream.events]
