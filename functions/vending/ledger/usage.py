"""How much of its ceilings a requester has used: one item for each requester that has any.

It is written in the transaction that claims a request, so that no two requests that come at the
same time pass under one ceiling. Nothing has to be given back: whether a request that was counted
as in progress has ended is read from its row when the ceiling is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from vending.aws.clock import timestamp
from vending.frozen import frozen
from vending.ledger import keys
from vending.ledger.table import Put, Table, as_expected


class Ceilings(Protocol):
    """How many requests a requester may have; None: as many as it likes."""

    @property
    def in_progress(self) -> int | None:
        """At once."""

    @property
    def per_day(self) -> int | None:
        """Begun in a day (UTC)."""

    @property
    def in_total(self) -> int | None:
        """Begun ever."""


@frozen
class Usage:
    """What was counted: `in_progress` are ids, `day` is a date (UTC) and `today` its count."""

    in_progress: tuple[str, ...] = ()
    day: str = ""
    today: int = 0
    total: int = 0
    version: int = 0

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Usage:
        """As the item has it."""
        return cls(
            in_progress=tuple(item["inProgress"]),
            day=item["day"],
            today=item["today"],
            total=item["total"],
            version=item["version"],
        )

    def including(self, request_id: str, *, day: str, is_new: bool) -> Usage:
        """With one more request; one that goes on was counted when it was new."""
        before = self.today if self.day == day else 0
        return Usage(
            in_progress=(*(one for one in self.in_progress if one != request_id), request_id),
            day=day,
            today=before + is_new,
            total=self.total + is_new,
            version=self.version + 1,
        )

    def beyond(self, ceilings: Ceilings, rule: str) -> dict[str, str]:
        """The ceilings that this is more than, by their keys, each with what is refused by it."""
        counted = (
            ("inProgress", len(self.in_progress), ceilings.in_progress, "at once"),
            ("perDay", self.today, ceilings.per_day, f"on {self.day}"),
            ("inTotal", self.total, ceilings.in_total, "in all"),
        )
        return {
            name: f"request: {rule}.{name} grants {most} {when}, and this would be one more"
            for name, count, most, when in counted
            if most is not None and count > most
        }


@frozen
class Usages:
    """The requesters' items in the ledger's table."""

    table: Table

    def counting(
        self,
        request_id: str,
        requester: str,
        ceilings: Ceilings,
        *,
        is_new: bool,
        has_ended: Callable[[str], bool],
    ) -> tuple[Put, Usage, dict[str, str]]:
        """What to add to the transaction that claims the request, what is counted then, and the
        ceilings it breaks, as `Usage.beyond` has them.

        Args:
            request_id: the request that is claimed.
            requester: whose it is.
            ceilings: the requester's.
            is_new: whether the request was not claimed before.
            has_ended: whether another request is in progress no more.
        """
        pk = keys.usage(requester)
        item = self.table.get(pk, consistent=True)
        seen = Usage.of(item) if item else Usage()
        day = timestamp(self.table.clock())[:10]
        wanted = seen.including(request_id, day=day, is_new=is_new)
        most = ceilings.in_progress
        if most is not None and len(wanted.in_progress) > most:
            gone = {one for one in seen.in_progress if one != request_id and has_ended(one)}
            left = tuple(one for one in wanted.in_progress if one not in gone)
            wanted = replace(wanted, in_progress=left)
        elif most is None:
            wanted = replace(wanted, in_progress=())
        put = Put(
            item={
                "pk": pk,
                "inProgress": list(wanted.in_progress),
                "day": wanted.day,
                "today": wanted.today,
                "total": wanted.total,
                "version": wanted.version,
            },
            condition=as_expected({"version": seen.version or None}),
        )
        return put, wanted, wanted.beyond(ceilings, f"requesters.{requester}.ceilings")
