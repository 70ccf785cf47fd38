"""How often the setup looks whether invited accounts have agreed: soon, then less often."""

from __future__ import annotations

from typing import Any

from embedded.jsonata.evaluator import evaluate, parse
from tests.unit.test_definitions import DEFINITIONS

DAY = 86_400
MOST_LOOKS = 250
"""Each look is some twenty events; Step Functions ends an execution after 25,000."""


def seconds_to_wait(waited: float) -> float:
    wait: dict[str, Any] = DEFINITIONS["organization_setup"]["States"]["WaitForAllFeatures"]
    text = wait["Seconds"].removeprefix("{%").removesuffix("%}").strip()
    return float(evaluate(parse(text), {"waitingSince": 0}, millis=int(waited * 1000)))


def test_first_looks_come_soon() -> None:
    assert seconds_to_wait(0) == 10


def test_looks_are_never_more_than_a_day_apart() -> None:
    assert seconds_to_wait(80 * DAY) == DAY


def test_ninety_days_take_few_looks() -> None:
    waited, looks = 0.0, 0
    while waited < 90 * DAY:
        waited += seconds_to_wait(waited)
        looks += 1

    assert looks < MOST_LOOKS
