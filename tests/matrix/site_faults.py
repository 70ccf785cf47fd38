"""Faults that strike at one call site: the call of one function, not of all that make it.

The embedded AWS's own fault file counts an operation's calls whoever makes them. Here the caller's
session says which function calls, so that `dynamodb:UpdateItem` of RecordVended can fail alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from embedded.core.context import current
from embedded.core.faults import CallFault, Faults
from embedded.core.principal import caller
from tests.matrix.definition import Site


@dataclass(kw_only=True)
class SiteFault:
    """What happens at `site`: the first call only, or for `seconds` from it on, or for good."""

    site: Site
    fault: Any
    """A CallFault, or something that looks like one to the gateway."""
    seconds: float | None = None
    lasts: bool = False
    began: float | None = None

    def strikes(self) -> bool:
        """Count a call of the site; whether it is hit."""
        now = current().clock.now()
        if self.began is None:
            self.began = now
            return True
        return self.lasts or (self.seconds is not None and now < self.began + self.seconds)


class AfterTheCall:
    """A fault whose effect comes once AWS has acted: the gateway asks for `lost` only then.

    It comes once, however many sites it is armed for: a function that nobody waits for any more may
    make its last call while the next run is under way.
    """

    error = None
    reason = None

    def __init__(self, effect: Callable[[], None], *, lost: bool) -> None:
        self._effects, self._lost = [effect], lost

    @property
    def lost(self) -> bool:
        """Bring the effect about; whether the caller gets no answer."""
        effects, self._effects = self._effects, []
        for effect in effects:
            effect()
        return self._lost


@dataclass
class SiteFaults(Faults):
    """The fault file's rules, and faults at call sites."""

    armed: list[SiteFault] = field(default_factory=list)
    met: set[Site] = field(default_factory=set)
    """Every site that made a call since `disarm` last forgot them."""
    functions: dict[str, str] = field(default_factory=dict)
    """Construct ids by physical names."""

    def __post_init__(self) -> None:
        super().__init__()
        self._arming = threading.Lock()

    @property
    def struck(self) -> int:
        """How many of those that are armed have struck."""
        return sum(armed.began is not None for armed in self.armed)

    @property
    def is_to_come(self) -> bool:
        """Whether faults are armed, and none has struck yet: a busy machine takes its time."""
        return bool(self.armed) and not self.struck

    def arm(self, *faults: SiteFault) -> None:
        """Let these strike too."""
        with self._arming:
            self.armed.extend(faults)

    def disarm(self) -> None:
        """Nothing strikes any more, the fault file's rules neither."""
        with self._arming:
            self.armed.clear()
        self.replace([])

    def for_call(self, service: str, operation: str) -> CallFault | None:
        """As the fault file has it, unless a fault is armed for the site of the current caller."""
        usual = super().for_call(service, operation)
        session = caller.get().session_name
        if session is None:
            return usual
        site = Site(self.functions.get(session, session), service, operation)
        with self._arming:
            self.met.add(site)
            for armed in self.armed:
                if armed.site == site and armed.strikes():
                    found: CallFault = armed.fault
                    return found
        return usual
