"""One embedded AWS for the package, made new for every test."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from cli.aws.pace import Pace
from cli.fleet import adoption
from embedded.cloud import EmbeddedAws
from infra.settings import Settings
from tests.grids import few
from tests.infra.synthesized import synthesize
from tests.workflow.command import Command
from tests.workflow.deployments import deployed
from tests.workflow.invitations import ROLE_ACCEPTS
from tests.workflow.retirements import GRACE_SECONDS
from tests.workflow.vending import Vending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


@pytest.fixture(scope="session")
def assembly_with_role(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack of settings by which a role of an invited account may accept."""
    folder = tmp_path_factory.mktemp("assembly-with-role")
    synthesize(ROLE_ACCEPTS, folder)
    return folder


@pytest.fixture(scope="module")
def role_accepts(cloud: EmbeddedAws, assembly_with_role: Path) -> Iterator[None]:
    """The stack is deployed with those settings, and as before afterwards."""
    with deployed(cloud, assembly_with_role):
        yield


@pytest.fixture(scope="session")
def assembly_with_short_grace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack of a setting by which a grace period ends while a test waits."""
    folder = tmp_path_factory.mktemp("assembly-with-short-grace")
    synthesize(Settings(retirement_grace_days=GRACE_SECONDS / 86_400), folder)
    return folder


@pytest.fixture
def short_grace(
    cloud: EmbeddedAws, vending: Vending, assembly_with_short_grace: Path
) -> Iterator[None]:
    """The stack is deployed with that setting, and as before afterwards."""
    with deployed(cloud, assembly_with_short_grace):
        yield


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


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """Where the files of accounts go."""
    return tmp_path / "accounts"


@pytest.fixture
def adoption_in_awss_time(vending: Vending, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls of an adoption wait as long in AWS's time as they are to."""
    clock = vending.aws.clock
    monkeypatch.setattr(adoption, "Pace", partial(Pace, clock=clock.now, sleep=clock.sleep))
