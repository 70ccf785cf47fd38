"""`python -m bench [--only PART ...]`: measure, print, write; exit 1 where a limit is exceeded."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from typing import TextIO

from bench import (
    closures_alone,
    cold_start,
    documents,
    embedded_cost,
    fleet,
    makespan,
    one_request,
    peers,
    queue_alone,
    refusals,
    sizes,
    soak,
)
from bench.results import Report
from bench.tables import span, text

REQUESTS = (100, 300)
CREATION_SECONDS = 30.0
"""AWS's own time for one account, where a part has only one: the rate is what binds then."""

PARTS: dict[str, Callable[[], Report]] = {
    "queue": lambda: queue_alone.measure(10_000, (CREATION_SECONDS, 90.0, 180.0)),
    "closures": lambda: closures_alone.measure(400, 999),
    "peers": lambda: peers.measure(REQUESTS, CREATION_SECONDS),
    "sizes": sizes.measure,
    "refusals": refusals.measure,
    "fleet": lambda: fleet.measure(2_000, 50),
    "one": one_request.measure,
    "cold": cold_start.measure,
    "embedded": embedded_cost.measure,
    "makespan": lambda: makespan.measure(REQUESTS, CREATION_SECONDS),
    "soak": lambda: soak.measure(200),
}


def main(arguments: Sequence[str] | None = None, output: TextIO = sys.stdout) -> int:
    """Run the parts and say what came of them; 0 where every limit is kept, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure on the embedded AWS, with AWS's quotas in scaled time, what the "
        "README claims about speed. Results go to build/bench.json, the tables of the parts that "
        "were run to docs/performance.md; a run of all parts also writes docs/bench.svg.",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=list(PARTS),
        metavar="PART",
        help=f"one of {', '.join(PARTS)}; may be repeated",
    )
    chosen = parser.parse_args(arguments).only
    began = time.monotonic()
    reports = []
    for name in (part for part in PARTS if not chosen or part in chosen):
        reports.append(PARTS[name]())
        output.write(f"{text(reports[-1])}\n")
        output.flush()
    documents.write_json(reports)
    if not chosen:
        documents.write_picture(reports)
    documents.write_page(reports, keep_others=bool(chosen))
    exceeded = sum(not one.is_kept for report in reports for one in report.measurements)
    verdict = f"{exceeded} limits exceeded" if exceeded else "every limit is kept"
    output.write(f"{verdict}; {span(time.monotonic() - began)}\n")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
