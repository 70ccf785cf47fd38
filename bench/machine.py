"""The machine's share in a measurement: what it computes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PROCESSES = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a measurement cost the machine, in real seconds.

    Attributes:
        real: how long it took.
        embedded: CPU of this process: gateway, services, workflow engine.
        functions: CPU of the function processes; None where the system does not report it.
    """

    real: float
    embedded: float
    functions: float | None

    @property
    def busy_share(self) -> float:
        """The part of one core that this process used."""
        return self.embedded / self.real if self.real else 0.0

    def sentence(self, speed: float) -> str:
        """For a report's notes."""
        functions = "unknown" if self.functions is None else f"{self.functions:.1f} s"
        share = f"{100 * self.busy_share:.0f} % of a core"
        return (
            f"machine: {self.real:.0f} s at {speed:.1f} times AWS's pace; CPU {self.embedded:.1f} "
            f"s in the embedded AWS ({share}), {functions} in functions"
        )


class Meter:
    """Measures from its making on; function processes must not end in between."""

    def __init__(self) -> None:
        self._real = time.monotonic()
        self._embedded = time.process_time()
        self._functions = _descendants_cpu()

    def read(self) -> Usage:
        """What was used so far."""
        before, now = self._functions, _descendants_cpu()
        return Usage(
            real=time.monotonic() - self._real,
            embedded=time.process_time() - self._embedded,
            functions=None if before is None or now is None else max(0.0, now - before),
        )

    @classmethod
    def start(cls) -> Self:
        """Begin now."""
        return cls()


def _descendants_cpu() -> float | None:
    """CPU seconds of all living processes below this one, by /proc; None where there is none."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for status in _PROCESSES.glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything; what follows it is regular.
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:  # gone in the meantime
            continue
        pid = int(status.parent.name)
        parents[pid] = int(fields[1])
        ticks[pid] = int(fields[11]) + int(fields[12])
    if not parents:
        return None
    return sum(ticks[pid] for pid in parents if _descends(pid, parents)) / _TICKS


def _descends(pid: int, parents: dict[int, int]) -> bool:
    ancestor = parents.get(pid, 0)
    while ancestor and ancestor != os.getpid():
        ancestor = parents.get(ancestor, 0)
    return ancestor == os.getpid()
