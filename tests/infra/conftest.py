"""The template that `make synth` made, and those of other settings that many tests look at.

test_synthesis.py proves that the first is still current.
"""

from pathlib import Path

import pytest

from tests.infra.extremes import BARE, FULL
from tests.infra.synthesized import (
    ASSEMBLY,
    TEMPLATE_NAME,
    SynthesizedTemplate,
    read_template,
    synthesize,
)


@pytest.fixture(scope="session")
def template() -> SynthesizedTemplate:
    assert (ASSEMBLY / TEMPLATE_NAME).is_file(), "there is no template yet: run `make synth`"
    return read_template()


@pytest.fixture(scope="session")
def full_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stack with everything that settings decide on was synthesized."""
    folder = tmp_path_factory.mktemp("full")
    synthesize(FULL, folder)
    return folder


@pytest.fixture(scope="session")
def full(full_assembly: Path) -> SynthesizedTemplate:
    """The template with everything that settings decide on."""
    return read_template(full_assembly)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> SynthesizedTemplate:
    """The template with nothing that settings decide on."""
    return synthesize(BARE, tmp_path_factory.mktemp("bare"))
