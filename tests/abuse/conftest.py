"""One embedded AWS for the package, under the request policy of examples/."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embedded.cloud import EmbeddedAws
from tests.installations import installation, team_policy
from tests.workflow.command import Command
from tests.workflow.vending import Vending

SPEED = 60.0


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    policy = team_policy()
    policy["requesters"]["migration"] = {
        "senders": [{"account": "111111111111", "source": "migration.example.com"}],
        "sources": ["existing", "invited"],
        "accountIds": ["*"],
        "emails": ["*@example.com"],
        "organizationalUnits": ["/Workloads/Sandbox"],
        "tags": {"allowed": {"*": ["*"]}},
    }
    product = installation(tmp_path_factory.mktemp("guarded"), policy)
    with EmbeddedAws(speed=SPEED, assembly=product.assembly, build=product.build) as aws:
        yield aws


@pytest.fixture
def vending(guarded: EmbeddedAws) -> Vending:
    guarded.renew()
    return Vending(guarded)


@pytest.fixture
def vend(
    vending: Vending, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    return Command(vending.aws, monkeypatch, capsys)
