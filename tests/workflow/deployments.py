"""The stack of other settings for a while, deployed as an update of the one that is there."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from embedded.cloudformation import assembly
from tests.infra.synthesized import ASSEMBLY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cloud import EmbeddedAws


def deploy(cloud: EmbeddedAws, folder: Path) -> None:
    """Deploy what was synthesized into a folder."""
    loaded = assembly.Assembly.load(folder)
    cloud.outputs = assembly.deploy(loaded, cloud.client("cloudformation"))


@contextlib.contextmanager
def deployed(cloud: EmbeddedAws, folder: Path) -> Iterator[None]:
    """Deploy it, and the usual stack again afterwards."""
    deploy(cloud, folder)
    try:
        yield
    finally:
        deploy(cloud, ASSEMBLY)
