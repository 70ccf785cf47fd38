"""What the embedded AWS itself costs: to start, for each vend, and in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench import pairs
from bench.machine import Meter
from bench.results import Measurement, Report
from bench.system import System, a_request, deployed
from embedded.core.clock import Clock

PROJECT = Path(__file__).resolve().parent.parent

VENDS = (100, 300, 2_000)
"""After how many vends it is looked at."""

START_RATIO, GROWTH_RATIO = 2.0, 1.1
KILOBYTES_PER_VEND = 300.0

_WINDOW = 25
"""Vends over which CPU time is averaged."""

_SPEED = 400.0
_CALLS_KEPT = 2_000
_STATUS = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_READY = textwrap.dedent("""
    import time
    from embedded.cloud import EmbeddedAws
    with EmbeddedAws():
        print(time.process_time())
""")
_IMPORTED = "import time, moto; print(time.process_time())"


@dataclass(frozen=True, kw_only=True)
class Look:
    """After so many vends: CPU seconds of the last ones, and bytes that the process has."""

    vends: int
    embedded: float
    functions: float | None
    memory: int


def cpu_of(program: str) -> float:
    """CPU seconds of a Python process from its start until it prints how many they were."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], check=True, cwd=PROJECT, capture_output=True, text=True
    )
    return float(done.stdout)


def start_ratio() -> tuple[float, float]:
    """CPU seconds from nothing to ready, and how many times those of `import moto` they are."""
    both = pairs.measured(
        partial(cpu_of, _READY), partial(cpu_of, _IMPORTED), cost=float, at_most=START_RATIO
    )
    return median(ready for ready, _ in both), pairs.ratio(both, cost=float)


def looks(system: System, vends: Sequence[int]) -> Iterator[Look]:
    """Vend one account after the other, and look."""
    done = 0
    for stop in vends:
        while done < stop - _WINDOW:
            _vend(system, done)
            done += 1
        meter = Meter.start()
        while done < stop:
            _vend(system, done)
            done += 1
        usage = meter.read()
        yield Look(
            vends=done,
            embedded=usage.embedded / _WINDOW,
            functions=None if usage.functions is None else usage.functions / _WINDOW,
            memory=_resident(),
        )


def measure(vends: Sequence[int] = VENDS) -> Report:
    """To start, per vend as there are ever more, and the memory that each leaves."""
    from embedded.organizations import OrganizationSettings  # noqa: PLC0415

    seconds, ratio = start_ratio()
    organization = OrganizationSettings(account_limit=vends[-1] + 1, creation_seconds=3.0)
    with deployed(Clock(_SPEED), organization=organization, calls_kept=_CALLS_KEPT) as system:
        found = list(looks(system, vends))
    first, second, last = found[0], found[1], found[-1]
    per_vend = (last.memory - first.memory) / (last.vends - first.vends) / 1024
    return Report(
        part="embedded",
        title="What the embedded AWS itself costs",
        headings=["vends", "CPU per vend", "in functions", "memory"],
        table=[
            [
                f"{one.vends}",
                f"{1000 * one.embedded:.0f} ms",
                "unknown" if one.functions is None else f"{1000 * one.functions:.0f} ms",
                f"{one.memory / 1e6:.0f} MB",
            ]
            for one in found
        ],
        measurements=[
            Measurement(name="start to ready / import moto", value=ratio, at_most=START_RATIO),
            Measurement(
                name=f"CPU per vend after {second.vends} / after {first.vends} vends",
                value=second.embedded / first.embedded,
                at_most=GROWTH_RATIO,
            ),
            Measurement(
                name="memory per vend", value=per_vend, unit="KB", at_most=KILOBYTES_PER_VEND
            ),
        ],
        notes=[f"start to ready: {seconds:.2f} s of CPU, apart from the functions' process"],
    )


def _vend(system: System, number: int) -> None:
    status = system.await_end(system.start(a_request(number)))
    if status != "SUCCEEDED":
        raise RuntimeError(f"vend {number} ended {status}")


def _resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not report it."""
    return int(_STATUS.read_text().split()[1]) * _PAGE if _STATUS.exists() else 0
