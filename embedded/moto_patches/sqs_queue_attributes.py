"""SQS queue attributes: moto forgets a queue's policy whenever any other attribute is set.

The template's AWS::SQS::QueuePolicy has to outlive `SetQueueAttributes` and stack updates.

Upstream: moto/sqs/models.py.
"""

from __future__ import annotations

from typing import Any

from moto.sqs import models

_set_attributes = models.Queue._set_attributes


def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """Set `attributes` and leave the others, the policy among them, as they are."""
    kept = {"Policy": getattr(self, "policy", None)}
    _set_attributes(self, kept | attributes, now)


def install() -> None:
    """Put this in the place of moto's."""
    models.Queue._set_attributes = set_attributes
