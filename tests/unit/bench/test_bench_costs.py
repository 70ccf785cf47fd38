"""What the bench makes of processor times that it measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench import cold_start, embedded_cost, makespan
from bench.cold_start import Cpu, Start
from bench.embedded_cost import Look
from bench.machine import Usage
from bench.results import Report
from statemachines import definitions


@pytest.mark.parametrize(("dearest", "kept"), [(0.26, True), (0.27, False)])
def test_dearest_function_is_held_to_its_share_of_the_sdk(
    dearest: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"TagResource": 0.2, "CreateAccount": dearest}
    report = measured(costs, monkeypatch)

    assert report.is_kept == kept
    assert [row[0] for row in report.table] == ["CreateAccount", "TagResource"]
    assert report.table[1] == ["TagResource", "200 ms", "200 ms", "1.00"]


@pytest.mark.parametrize(("seconds", "kept"), [(0.14, True), (0.2, False)])
def test_first_vend_of_a_day_is_held_to_its_limit(
    seconds: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cold_start, "RATIO", 10)

    report = measured(dict.fromkeys(cold_start.FIRST_VEND, seconds), monkeypatch)

    first = report.measurements[-1]
    of_the_sdk = (0.5 * seconds + 0.5 * seconds * 1_769 / 512) / 0.2
    assert first.value == pytest.approx(8 * (0.25 + 0.3 * of_the_sdk))
    assert first.is_kept == kept


@pytest.mark.parametrize(
    ("calls", "seconds", "kept"),
    [(330, 3.7, [True, True]), (340, 3.7, [False, True]), (330, 3.8, [True, False])],
)
def test_vend_among_many_costs_hardly_more_than_one_among_few(
    calls: int, seconds: float, kept: list[bool]
) -> None:
    few, many = outcome(10, calls=100, seconds=1.0), outcome(30, calls=calls, seconds=seconds)

    growth = makespan._growth([many, few])

    assert [one.is_kept for one in growth] == kept
    assert makespan._growth([few]) == []


def outcome(requests: int, *, calls: int, seconds: float) -> makespan.Outcome:
    return makespan.Outcome(
        with_more=False,
        requests=requests,
        moments=[],
        throttled=0,
        throttled_polls=0,
        accounts=requests,
        calls=calls,
        usage=Usage(real=seconds, embedded=seconds, functions=None),
    )


def test_functions_of_the_first_vend_follow_each_other_in_the_definition() -> None:
    machine = definitions.definition("account_vending")

    order = [definitions.operation_of(task) for _, task in definitions.tasks(machine)]

    places = [order.index(name) for name in cold_start.FIRST_VEND]
    assert places == sorted(places)


def measured(costs: Mapping[str, float], monkeypatch: pytest.MonkeyPatch) -> Report:
    """The report where functions take so many seconds, half of them to be imported."""

    def runs_of(ours: float, _: Start) -> list[tuple[Cpu, Cpu]]:
        # Of a machine that was busy with something else before it was not.
        return [
            (
                Cpu(imported=busy * ours / 2, answered=busy * ours, share=512 / 1_769),
                Cpu(imported=0.0, answered=busy * 0.2),
            )
            for busy in (3, 1, 1)
        ]

    monkeypatch.setattr(cold_start, "_runs_of", runs_of)
    monkeypatch.setattr(cold_start, "_starts", lambda _: iter(costs.items()))
    return cold_start.measure()


def test_processor_time_is_counted_up_to_what_is_done(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text("sum(range(3_000_000))\n")

    programs = ("pass", "import busy", "import sys; sys.stderr.write('said')")
    starts = [Start(do=do, path=tmp_path, variables={}) for do in programs]
    idle, busy, saying = (
        min(one.answered for one, _ in cold_start._runs_of(start, starts[0])) for start in starts
    )

    assert 0 < idle < busy
    assert 0 < saying < busy


def test_events_of_functions_are_those_that_the_definitions_send() -> None:
    events = cold_start._recorded()

    assert events["CreateAccount"].keys() >= {"requestId", "account", "tags", "executionArn"}


@pytest.mark.parametrize(
    ("changes", "exceeded"),
    [
        ({}, []),
        ({"ratio": 2.1}, ["start to ready / import moto"]),
        ({"later": 0.23}, ["CPU per vend after 300 / after 100 vends"]),
        ({"memory": 800_000_000}, ["memory per vend"]),
    ],
    ids=["kept", "start", "growth", "memory"],
)
def test_embedded_aws_is_held_to_its_limits(
    changes: Mapping[str, Any], exceeded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values: dict[str, Any] = {"ratio": 2.0, "later": 0.21, "memory": 300_000_000, **changes}
    found = [
        Look(vends=100, embedded=0.2, functions=0.1, memory=200_000_000),
        Look(vends=300, embedded=values["later"], functions=None, memory=220_000_000),
        Look(vends=2_000, embedded=0.2, functions=0.1, memory=values["memory"]),
    ]
    monkeypatch.setattr(embedded_cost, "start_ratio", lambda: (0.6, values["ratio"]))
    monkeypatch.setattr(embedded_cost, "deployed", lambda *_, **__: _Nothing())
    monkeypatch.setattr(embedded_cost, "looks", lambda *_: iter(found))

    report = embedded_cost.measure()

    assert [one.name for one in report.measurements if not one.is_kept] == exceeded
    assert report.table[1] == ["300", f"{1000 * values['later']:.0f} ms", "unknown", "220 MB"]


class _Nothing:
    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass
