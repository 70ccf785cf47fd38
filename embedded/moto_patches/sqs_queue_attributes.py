"""SQS queues: moto forgets the policy too soon, and what was deleted never.

A queue's policy goes whenever any other attribute is set, while AWS::SQS::QueuePolicy of a template
has to outlive `SetQueueAttributes` and stack updates. The receipt handles of deleted messages stay.

Upstream: moto/sqs/models.py.
"""

from __future__ import annotations

from typing import Any

from moto.sqs import models

from embedded.core.bounded import Latest

MOST_DELETED = 10_000
"""Receipt handles of deleted messages that a queue still knows: clients repeat DeleteMessage at
once, and AWS promises no time.
"""

_made = models.Queue.__init__
_set_attributes = models.Queue._set_attributes


def _make(self: Any, name: str, region: str, account_id: str, **attributes: Any) -> None:
    """As moto's; of deleted messages, the latest are known."""
    _made(self, name, region, account_id, **attributes)
    self.deleted_messages = Latest(MOST_DELETED)


def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """Set `attributes` and leave the others, the policy among them, as they are."""
    kept = {"Policy": getattr(self, "policy", None)}
    _set_attributes(self, kept | attributes, now)


def install() -> None:
    """Put this in the place of moto's."""
    models.Queue.__init__ = _make
    models.Queue._set_attributes = set_attributes
