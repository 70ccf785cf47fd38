"""The stack's bus as the command puts events on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.output.failure import CommandError

ENTRIES_PER_PUT = 10
BYTES_PER_PUT = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class EventBus:
    """The bus of a name, by a client of EventBridge."""

    client: Any
    name: str

    def put_one(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> str:
        """Put one event on the bus; its id.

        Raises:
            CommandError: EventBridge did not take it.
        """
        entry = self._entry(source, detail_type, detail)
        (answer,) = self.client.put_events(Entries=[entry])["Entries"]
        if "EventId" not in answer:
            raise CommandError(
                f"EventBridge did not take the event: {answer.get('ErrorCode')}",
                remedy="Nothing was started; run the command again",
            )
        return str(answer["EventId"])

    def put(self, source: str, detail_type: str, details: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put an event on the bus for each detail.

        Returns:
            For each detail, in order, why EventBridge did not take it; empty where it did.
        """
        refusals: list[str] = []
        for batch in _batches([self._entry(source, detail_type, one) for one in details]):
            answer = self.client.put_events(Entries=batch)
            if not answer.get("FailedEntryCount"):
                refusals += [""] * len(batch)
                continue
            refusals += [
                f"{result['ErrorCode']}: {result.get('ErrorMessage', '')}".rstrip(": ")
                if result.get("ErrorCode")
                else ""
                for result in answer["Entries"]
            ]
        return refusals

    def _entry(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> dict[str, str]:
        return {
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail, ensure_ascii=False),
            "EventBusName": self.name,
        }


def _batches(entries: list[dict[str, str]]) -> Iterator[list[Any]]:
    batch: list[dict[str, str]] = []
    taken = 0
    for entry in entries:
        size = sum(len(value.encode()) for value in entry.values())
        if batch and (len(batch) == ENTRIES_PER_PUT or taken + size > BYTES_PER_PUT):
            yield batch
            batch, taken = [], 0
        batch.append(entry)
        taken += size
    if batch:
        yield batch
