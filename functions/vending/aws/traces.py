"""Traces as X-Ray takes them: a provider of Powertools' Tracer that sends them to Lambda's daemon.

Tracer's own provider, the X-Ray SDK, is a third of a small function's cold start: it imports
asyncio and whatever it could patch. All that is needed of it is a document for each step and call.

Source pages: X-Ray Developer Guide, "AWS X-Ray segment documents" and "Sending trace data to AWS
X-Ray"; AWS Lambda Developer Guide, "Defined runtime environment variables".
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.tracing.base import BaseProvider, BaseSegment

if TYPE_CHECKING:
    from botocore.client import BaseClient

_PREAMBLE = b'{"format": "json", "version": 1}\n'
_HEADER = "X-Amzn-Trace-Id"
_THROTTLED, _REFUSED, _FAILED = 429, 400, 500


class Subsegment(BaseSegment):
    """A step or a call; sent when it is closed, if the trace is sampled."""

    def __init__(self, name: str, header: dict[str, str], parent: Subsegment | None) -> None:
        self._daemon = os.environ.get("AWS_XRAY_DAEMON_ADDRESS", "")
        sampled = header.get("Sampled") == "1" and {"Root", "Parent"} <= header.keys()
        self.is_sent = bool(sampled and self._daemon)
        """Whether X-Ray samples the trace, and there is a daemon to send it to."""
        self.document: dict[str, Any] = {
            "type": "subsegment",
            "id": os.urandom(8).hex(),
            "trace_id": header.get("Root", ""),
            "parent_id": parent.document["id"] if parent else header.get("Parent", ""),
            "name": name,
            "start_time": time.time(),
        }

    @property
    def header(self) -> str:
        """What a service that is called continues the trace by."""
        return f"Root={self.document['trace_id']};Parent={self.document['id']};Sampled=1"

    def close(self, end_time: int | None = None) -> None:
        """End it. A trace that cannot be sent is lost, and fails nothing."""
        self.document["end_time"] = end_time or time.time()
        if not self.is_sent:
            return
        host, _, port = self._daemon.split()[-1].removeprefix("udp:").rpartition(":")
        with (
            contextlib.suppress(OSError, ValueError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon,
        ):
            daemon.setblocking(False)
            daemon.sendto(_PREAMBLE + json.dumps(self.document).encode(), (host, int(port)))

    def put_annotation(self, key: str, value: Any) -> None:
        """What traces are found by."""
        self.document.setdefault("annotations", {})[key] = value

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        """What a trace shows."""
        self.document.setdefault("metadata", {}).setdefault(namespace, {})[key] = value

    def add_exception(self, exception: BaseException, stack: Any, remote: bool = False) -> None:
        """Count it as failed; the message, which may quote a request, is left out."""
        del stack
        failed = {"type": type(exception).__name__, "remote": remote}
        self.document |= {"fault": True, "cause": {"exceptions": [failed]}}

    def add_subsegment(self, subsegment: Any) -> None:
        """Each is sent by itself and names its parent."""

    def remove_subsegment(self, subsegment: Any) -> None:
        """As `add_subsegment`."""


class Traces(BaseProvider):
    """The subsegments that are open in this process, which runs one invocation at a time."""

    def __init__(self) -> None:
        self._open: list[Subsegment] = []

    def begin(self, name: str) -> Subsegment:
        """A subsegment of the innermost one that is open, or of the function's own segment."""
        parts = os.environ.get("_X_AMZN_TRACE_ID", "").split(";")
        header = dict(part.split("=", 1) for part in parts if "=" in part)
        made = Subsegment(name, header, self._open[-1] if self._open else None)
        self._open.append(made)
        return made

    def end(self, subsegment: Subsegment) -> None:
        """Close it, and whatever is still open in it."""
        if subsegment in self._open:
            del self._open[self._open.index(subsegment) :]
        subsegment.close()

    @contextmanager
    def in_subsegment(self, name: str = "", **_: Any) -> Iterator[BaseSegment]:
        """A subsegment until the block ends."""
        made = self.begin(name)
        try:
            yield made
        except BaseException as error:
            made.add_exception(error, [])
            raise
        finally:
            self.end(made)

    def in_subsegment_async(
        self, name: str | None = None, **_: Any
    ) -> AbstractAsyncContextManager[BaseSegment]:
        """Nothing here is asynchronous."""
        raise NotImplementedError(name)

    def put_annotation(self, key: str, value: Any) -> None:
        """Of the innermost subsegment."""
        if self._open:
            self._open[-1].put_annotation(key, value)

    def put_metadata(self, key: str, value: Any, namespace: str = "default") -> None:
        """Of the innermost subsegment."""
        if self._open:
            self._open[-1].put_metadata(key, value, namespace)

    def patch(self, modules: Sequence[str]) -> None:
        """Nothing is patched: clients are followed by `follow`."""

    def patch_all(self) -> None:
        """As `patch`."""

    def follow(self, client: BaseClient) -> None:
        """Make a subsegment of every call of the client, attempts included."""

        def before(model: Any, params: Any, context: Any, **_: Any) -> None:
            context["subsegment"] = made = self.begin(model.service_model.service_name)
            aws = {"operation": model.name, "region": client.meta.region_name}
            made.document |= {"namespace": "aws", "aws": aws}
            if made.is_sent:
                params["headers"][_HEADER] = made.header

        def after(parsed: Any, context: Any, **_: Any) -> None:
            made: Subsegment | None = context.pop("subsegment", None)
            if made is None:  # another handler answered before it was begun
                return
            answered = parsed.get("ResponseMetadata", {})
            made.document["aws"]["request_id"] = answered.get("RequestId")
            status = answered.get("HTTPStatusCode", 0)
            made.document["http"] = {"response": {"status": status}}
            if status >= _REFUSED:
                made.document["fault" if status >= _FAILED else "error"] = True
                made.document["throttle"] = status == _THROTTLED
            self.end(made)

        def failed(exception: BaseException, context: Any, **_: Any) -> None:
            made: Subsegment | None = context.pop("subsegment", None)
            if made is not None:
                made.add_exception(exception, [], remote=True)
                self.end(made)

        events = client.meta.events
        events.register("before-call", before)
        events.register("after-call", after)
        events.register("after-call-error", failed)
