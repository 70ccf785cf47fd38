"""What it costs to refuse a bad request, by its size: every byte must cost the same.

Who may send events may send as many bad ones as they like, each of up to 256 KB, so the time that
one takes must not grow faster than it does. Measured is what AcceptRequest does with one: it finds
what is wrong and says so.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.results import Measurement, Report
from bench.system import a_request

SIZES = (1_000, 10_000, 100_000)
"""Bytes of a request as JSON."""

GROWTH = 2.0
"""How many times as much a byte may cost in a request of ten times the size. What is quadratic
would come to ten times."""

_APPROXIMATIONS = 4
_ROUNDS = 7
_SECONDS = 0.02
"""Of a round, in which small requests are refused many times over."""


def _unknown_keys(count: int) -> dict[str, Any]:
    return a_request(0) | {f"organisationalUnit{number}": number for number in range(count)}


def _bad_tags(count: int) -> dict[str, Any]:
    return a_request(0) | {"tags": {f"aws:c\u043est\u202e {n}": "a,b" for n in range(count)}}


def _bad_services(count: int) -> dict[str, Any]:
    return a_request(0) | {"serviceAccess": [f"IAM {number}" for number in range(count)]}


def _bad_policies(count: int) -> dict[str, Any]:
    policy = {"name": "N\u03bf", "type": "SCP", "content": '{"Statement": [1, 2, 3]}', "a": 1}
    return a_request(0) | {"policies": [policy | {"name": f"p\u202e{n}"} for n in range(count)]}


def _long_unit(count: int) -> dict[str, Any]:
    return a_request(0) | {"organizationalUnit": "/a\u200b\u0430" * count}


def _long_content(count: int) -> dict[str, Any]:
    content = json.dumps({"Statement": [{"Effect": "Permit"}] * count})
    policies = [{"name": "p", "type": "SERVICE_CONTROL_POLICY", "content": content}]
    return a_request(0) | {"policies": policies}


def _long_requester(count: int) -> dict[str, Any]:
    return a_request(0) | {"requestedBy": "\ud800" * count}


def _lists_in_lists(count: int) -> dict[str, Any]:
    return a_request(0) | {"tags": [[[[[[{}, 1]] * 10]]]] * count}


MISTAKES: dict[str, Callable[[int], dict[str, Any]]] = {
    "unknown keys": _unknown_keys,
    "tags": _bad_tags,
    "services": _bad_services,
    "policies": _bad_policies,
    "a unit's path": _long_unit,
    "a policy's content": _long_content,
    "requestedBy": _long_requester,
    "lists in lists": _lists_in_lists,
}
"""Requests with so many mistakes, or one so large, each made for a size."""


def of_size(make: Callable[[int], dict[str, Any]], size: int) -> dict[str, Any]:
    """A request of a kind whose JSON has about the size."""
    count = 1
    for _ in range(_APPROXIMATIONS):
        bare, written = (len(json.dumps(make(many))) for many in (0, count))
        count = max(1, round(count * (size - bare) / (written - bare)))
    return make(count)


def seconds_to_refuse(request: dict[str, Any]) -> float:
    """CPU seconds until the error's text is there; the best of some rounds."""
    from vending.errors.exceptions import RequestInvalid  # noqa: PLC0415 -- pydantic
    from vending.request.account_request import parse  # noqa: PLC0415

    def refuse() -> None:
        try:
            parse(request)
        except RequestInvalid as refused:
            str(refused)
        else:
            raise RuntimeError("the request is not refused")

    refuse()
    best = float("inf")
    for _ in range(_ROUNDS):
        began, times = time.process_time(), 0
        while time.process_time() - began < _SECONDS:
            refuse()
            times += 1
        best = min(best, (time.process_time() - began) / times)
    return best


def growth(costs: Sequence[float]) -> float:
    """By how much a byte's cost grows from one size to the next, at most."""
    return max(after / before for before, after in itertools.pairwise(costs))


def measure(sizes: Sequence[int] = SIZES) -> Report:
    """Nanoseconds a byte at each size, for every kind of mistake."""
    rows, measurements = [], []
    for kind, make in MISTAKES.items():
        requests = [of_size(make, size) for size in sizes]
        costs = [seconds_to_refuse(one) / len(json.dumps(one)) for one in requests]
        grown = growth(costs)
        rows.append([kind, *(f"{cost * 1e9:.0f} ns" for cost in costs), f"{grown:.2f}"])
        measurements.append(
            Measurement(
                name=f"cost of a byte, a size / the one before, {kind}",
                value=grown,
                at_most=GROWTH,
            )
        )
    return Report(
        part="refusals",
        title="Refusing a bad request, a byte of it",
        headings=[
            "what is wrong",
            *(f"{size // 1000} KB" for size in sizes),
            "most of a size / the one before",
        ],
        table=rows,
        measurements=measurements,
        notes=[
            "CPU time of finding and saying what is wrong, beside what each request costs at all",
        ],
    )
