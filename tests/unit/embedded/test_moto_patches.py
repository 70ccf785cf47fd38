"""What could be given back to moto says where it would go."""

from __future__ import annotations

import re
from pathlib import Path

import moto
import pytest

PATCHES = Path(__file__).parents[3] / "embedded" / "moto_patches"
MOTO = Path(moto.__file__).parents[1]


@pytest.mark.parametrize(
    "patch", sorted(PATCHES.glob("[a-z]*.py")), ids=lambda path: str(path.stem)
)
def test_patch_names_the_file_of_moto_that_it_is_for(patch: Path) -> None:
    upstream = re.search(
        r"^Upstream: ((?:moto/\S+\.py,?\s)*moto/\S+\.py)\.$", patch.read_text(), re.M
    )

    assert upstream is not None
    assert all((MOTO / name).is_file() for name in re.split(r",\s", upstream[1]))
