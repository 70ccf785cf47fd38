"""SNS topics: moto keeps every message of every topic, for tests that look into it."""

from __future__ import annotations

from typing import Any

from moto.sns import models

from embedded.bounded import Unkept

_made = models.Topic.__init__


def _make(self: Any, name: str, sns_backend: Any) -> None:
    """As moto's; a message is gone once it is delivered, as on AWS."""
    _made(self, name, sns_backend)
    self.sent_notifications = Unkept()


def install() -> None:
    """Put this in the place of moto's. Safe to repeat."""
    models.Topic.__init__ = _make
