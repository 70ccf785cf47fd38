"""What moto keeps for tests that look into it, and what nothing here ever reads: not kept.

Each of moto's classes has a list of all its instances, for the pages of its own server: log events,
messages and items that were deleted long ago, or trimmed, would live in it for ever. Each SNS topic
has a list of all its messages.

Upstream: moto/core/common_models.py.
"""

from __future__ import annotations

from typing import Any

from moto.core.common_models import BaseModel
from moto.sns.models import Topic

from embedded.core.bounded import Unkept

_make_topic = Topic.__init__


def _instance(cls: Any, *_: Any, **__: Any) -> Any:
    """As moto's `__new__`, which puts the instance on the list of the class."""
    return super(BaseModel, cls).__new__(cls)


def _topic(self: Any, name: str, sns_backend: Any) -> None:
    """As moto's; a message is gone once it is delivered, as on AWS."""
    _make_topic(self, name, sns_backend)
    self.sent_notifications = Unkept()


def install() -> None:
    """Put these in the place of moto's. Safe to repeat."""
    BaseModel.__new__ = _instance
    Topic.__init__ = _topic
