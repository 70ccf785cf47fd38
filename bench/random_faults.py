"""Faults that hit any call of the deployed system with a given chance."""

from __future__ import annotations

import random
import threading

from embedded.core.faults import CallFault, Faults
from embedded.core.principal import caller
from embedded.core.service_models import client_name, error_names

TRANSIENT = ("ThrottlingException", "ServiceUnavailableException", "InternalFailure")
"""What any service may answer when it is busy or unwell."""


class RandomFaults(Faults):
    """Takes the place of a context's faults; nobody but the deployed roles meets them.

    A call that is hit is refused in passing, refused by an error of its operation's model, or
    answered into the void, equally often. `seen` and `hits` count while there is a chance at all.

    Args:
        share: the chance of each call, 0 to 1; may be changed.
        seed: of the chances; which call meets which still depends on their order.
    """

    def __init__(self, share: float, *, seed: int) -> None:
        super().__init__()
        self.share = share
        self.hits = 0
        self.seen = 0
        self._chance = random.Random(seed)  # noqa: S311
        self._drawing = threading.Lock()

    def for_call(self, service: str, operation: str) -> CallFault | None:
        """Draw for one call."""
        if caller.get().is_administrator or not self.share:
            return None
        with self._drawing:
            self.seen += 1
            if self._chance.random() >= self.share:
                return None
            self.hits += 1
            kind = self._chance.choice(("transient", "modelled", "lost"))
            if kind == "lost":
                return CallFault(lost=True)
            modelled = sorted(error_names(client_name(service), operation))
            errors = modelled if kind == "modelled" and modelled else TRANSIENT
            return CallFault(error=self._chance.choice(errors))
