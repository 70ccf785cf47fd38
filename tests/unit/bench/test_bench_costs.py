"""What the bench makes of processor times that it measured."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bench import cold_start, embedded_cost
from bench.cold_start import Start
from bench.embedded_cost import Look


@pytest.mark.parametrize(("dearest", "kept"), [(0.26, True), (0.27, False)])
def test_dearest_function_is_held_to_its_share_of_the_sdk(
    dearest: float, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {"TagResource": 0.2, "CreateAccount": dearest}
    monkeypatch.setattr(cold_start, "_cpu_of", lambda seconds, _: [seconds, 0.2])
    monkeypatch.setattr(cold_start, "_starts", lambda _: iter(costs.items()))

    report = cold_start.measure()

    assert report.is_kept == kept
    assert [row[0] for row in report.table] == ["CreateAccount", "TagResource"]
    assert report.table[1] == ["TagResource", "200 ms", "200 ms", "1.00"]


def test_processor_time_is_counted_up_to_what_is_done(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text("sum(range(3_000_000))\n")

    programs = ("pass", "import busy", "import sys; sys.stderr.write('said')")
    starts = [Start(do=do, path=tmp_path, variables={}) for do in programs]
    idle, busy, saying = cold_start._cpu_of(*starts)

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
