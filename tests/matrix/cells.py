"""The cells of the matrix, generated from botocore's models and from the definition."""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

from embedded.core.service_models import operation_model
from tests.error_reasons import can_be_of
from tests.lambda_errors import can_occur
from tests.matrix.definition import EVENT_BUS, Site, sites_of, sources, states_of, tasks_of
from vending.errors import catalogue

DELIVERIES = (1, 2, 10)

REPORTS: dict[str, list[dict[str, Any]]] = {
    "in-time": [],
    "lost": [{"event": "CreateAccountResult", "lost": True}],
    "late": [{"event": "CreateAccountResult", "seconds": 3600}],
    "thrice": [
        {"event": name, "deliveries": 3}
        for name in ("CreateAccount", "CreateGovCloudAccount", "CreateAccountResult")
    ],
    "begun-unreported": [
        {"event": name, "lost": True} for name in ("CreateAccount", "CreateGovCloudAccount")
    ],
}
"""How AWS's events about a creation come, as faults."""

_THROTTLES = (
    "TooManyRequestsException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One way of breaking one vending.

    `kind` is error-once, error-for-good, answer-lost, dies-after, throttled (a call site's), or
    aborted-on-entry, aborted-in-flight, deployed (a state's), delivered (the request's event), or
    reported (AWS's events about its creation).
    """

    source: str
    kind: str
    site: Site | None = None
    error: str | None = None
    reason: str | None = None
    state: str | None = None
    deliveries: int | None = None
    report: str | None = None

    def __str__(self) -> str:
        given = [str(getattr(self, field.name) or "") for field in fields(self)]
        return "-".join(filter(None, given))

    @property
    def lasts(self) -> bool:
        """Whether the fault does not pass by itself."""
        return self.kind == "error-for-good"


@functools.cache
def cells() -> tuple[Cell, ...]:
    """All of them, in an order that is the same everywhere."""
    return tuple(itertools.chain.from_iterable(map(_of_source, sources())))


@functools.cache
def sample() -> frozenset[Cell]:
    """A few cells that together meet every kind, source and number of deliveries."""
    return _chosen(_covers)


@functools.cache
def wide_sample() -> frozenset[Cell]:
    """Cells that together meet every call site, every error, and every kind in every function."""
    return _chosen(_covers_widely) | sample()


def _chosen(covers: Callable[[Cell], set[tuple[Any, ...]]]) -> frozenset[Cell]:
    """Cells that together cover what all cover; none that the others make superfluous."""
    # Ordered by hash, so that a new cell moves few others in or out. What lasts comes last: it is
    # tried again for minutes of virtual time.
    order = sorted(cells(), key=lambda cell: (cell.lasts, cell.source != "new", _hash(cell)))
    chosen: dict[Cell, None] = {}
    times: Counter[tuple[Any, ...]] = Counter()
    for cell in order:
        if any(not times[one] for one in covers(cell)):
            chosen[cell] = None
            times.update(covers(cell))
    for cell in tuple(chosen):
        # What only the first ones met at first, later ones may meet as well.
        if all(times[one] > 1 for one in covers(cell)):
            del chosen[cell]
            times.subtract(covers(cell))
    return frozenset(chosen)


def _covers(cell: Cell) -> set[tuple[Any, ...]]:
    covered: set[tuple[Any, ...]] = {("kind", cell.kind), ("source", cell.source)}
    if cell.deliveries:
        covered.add(("deliveries", cell.deliveries))
    return covered


def _covers_widely(cell: Cell) -> set[tuple[Any, ...]]:
    actor = cell.site.actor if cell.site else cell.state
    covered = _covers(cell) | {("kind", cell.kind, cell.source), ("report", cell.report)}
    if cell.lasts:  # once for each of the functions is enough
        return covered | {("lasts", actor)}
    covered |= {("kind", cell.kind, actor), ("error", cell.error, cell.reason)}
    if cell.site:
        covered.add(("site", cell.site))
    return covered


def _of_source(source: str) -> Iterator[Cell]:
    for index, site in enumerate(sites_of(source)):
        yield from _of_site(source, site, index)
    names = [name for name, state in states_of(source).items() if state["Type"] != "Fail"]
    for state in names:
        yield Cell(source=source, kind="aborted-on-entry", state=state)
    for state in tasks_of(source):
        yield Cell(source=source, kind="aborted-in-flight", state=state)
    for state in names:
        if states_of(source)[state]["Type"] in {"Task", "Wait"}:
            yield Cell(source=source, kind="deployed", state=state)
    for deliveries in DELIVERIES:
        yield Cell(source=source, kind="delivered", deliveries=deliveries)
    if "DescribeCreateAccountStatus" in tasks_of(source):
        for report in REPORTS:
            yield Cell(source=source, kind="reported", report=report)


def _of_site(source: str, site: Site, index: int) -> Iterator[Cell]:
    model = operation_model(site.service, site.operation)
    assert model is not None, f"botocore knows no {site.service}:{site.operation}"
    names = [shape.name for shape in model.error_shapes]
    for number, shape in enumerate(model.error_shapes):
        if source != _source_for(site, shape.name):
            continue
        if site.service == "lambda" and not can_occur(shape.name):
            continue
        reason = _reason(site, shape, index + number)
        for kind in ("error-once", "error-for-good"):
            yield Cell(source=source, kind=kind, site=site, error=shape.name, reason=reason)
    yield Cell(source=source, kind="answer-lost", site=site)
    if site.service != "lambda" and site.actor != EVENT_BUS:
        yield Cell(source=source, kind="dies-after", site=site)
    throttle = next((name for name in _THROTTLES if name in names), "ThrottlingException")
    yield Cell(source=source, kind="throttled", site=site, error=throttle)


def _source_for(site: Site, error: str) -> str:
    """The source whose request meets a call's error, where several make the call: they alternate.

    A function handles an error alike for every source, and the matrix has a time limit.
    """
    sharing = _sharing(site)
    turn = hashlib.sha256(f"{site}-{error}".encode()).digest()[0]
    return sharing[turn % len(sharing)]


@functools.cache
def _sharing(site: Site) -> list[str]:
    """The sources whose requests make the call."""
    return [source for source in sources() if site in sites_of(source)]


def _reason(site: Site, shape: Any, number: int) -> str | None:
    """A Reason of the error's model; over the sites, every one has its turn."""
    member = shape.members.get("Reason")
    known = catalogue.codes().get(shape.name, ())  # without those of what nothing here calls
    values = [
        value
        for value in getattr(member, "enum", None) or []
        if value in known and can_be_of(site.operation, value)
    ]
    return str(values[number % len(values)]) if values else None


def _hash(cell: Cell) -> str:
    return hashlib.sha256(str(cell).encode()).hexdigest()
