"""The template that `make synth` made; test_synthesis.py proves that it is still current."""

import pytest

from tests.infra.synthesized import ASSEMBLY, TEMPLATE_NAME, SynthesizedTemplate, read_template


@pytest.fixture(scope="session")
def template() -> SynthesizedTemplate:
    assert (ASSEMBLY / TEMPLATE_NAME).is_file(), "there is no template yet: run `make synth`"
    return read_template()
