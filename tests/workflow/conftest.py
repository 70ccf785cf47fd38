"""One embedded AWS for the package, made new for every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.cloud import EmbeddedAws
from tests.grids import few
from tests.workflow.command import Command
from tests.workflow.vending import Vending

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEED = 60.0
"""A minute of AWS's time passes in a second here."""


# Of the package: its end makes room for the tests that mock AWS, whatever the order.
@pytest.fixture(scope="package")
def cloud() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(speed=SPEED) as aws:
        yield aws


@pytest.fixture
def vending(cloud: EmbeddedAws) -> Vending:
    cloud.renew()
    return Vending(cloud)


@pytest.fixture(params=few([True, False], quick=[False], ids=["answered-inside", "answered-after"]))
def task_answers(
    request: pytest.FixtureRequest, cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Whether Step Functions takes an answer while the function of the waiting task runs."""
    inside: bool = request.param
    monkeypatch.setattr(cloud.context, "answers_while_function_runs", inside)
    return inside


@pytest.fixture
def without_events(vending: Vending) -> Iterator[None]:
    """No event of an answer to an invitation is heard."""
    vending.listen("HandshakeAnswered", on=False)
    yield
    vending.listen("HandshakeAnswered")


@pytest.fixture
def ends_unheard(vending: Vending) -> Iterator[None]:
    """No event of how an execution ended is heard."""
    vending.listen("ExecutionEnded", on=False)
    yield
    vending.listen("ExecutionEnded")


@pytest.fixture
def vend(
    vending: Vending, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    return Command(vending.aws, monkeypatch, capsys)
