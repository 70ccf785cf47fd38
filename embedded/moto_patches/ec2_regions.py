"""The regions of EC2, which moto lists while it is imported, without EC2's model and catalogues.

moto makes a session for each partition there, and each session reads the largest model of all; the
endpoints alone say as much. It also reads all instance types and images, which nothing here starts.
Together they were a third of the time that the embedded AWS takes to start. Import this before
anything of moto that leads to `moto.ec2`.

Upstream: moto/ec2/models/availability_zones_and_regions.py,
moto/ec2/models/instance_types.py, moto/ec2/models/amis.py.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import boto3
import moto.core.base_backend  # noqa: F401 - its reference to boto3's Session stays what it is
from moto.utilities import utils

from embedded.core.sessions import isolated_core

_MODULE = "moto.ec2.models.availability_zones_and_regions"


class _EndpointsOnly:
    """As much of a boto3 session as that module uses."""

    def get_available_regions(self, service: str, partition_name: str = "aws") -> list[str]:
        """Regions of a service whose name is the prefix of its endpoints."""
        session: Any = isolated_core()
        resolver = session._get_internal_component("endpoint_resolver")
        found: list[str] = resolver.get_available_endpoints(service, partition_name)
        return found


def _no_catalogue(_: str) -> Any:
    """As moto's `load_resource`, of no image and no instance type."""
    return {}


def _install() -> None:
    if _MODULE in sys.modules:
        return
    session, load_resource = boto3.Session, utils.load_resource
    boto3.Session = _EndpointsOnly  # type: ignore[assignment,misc]
    utils.load_resource = _no_catalogue
    try:
        importlib.import_module(_MODULE)
    finally:
        boto3.Session = session  # type: ignore[misc]
        utils.load_resource = load_resource


_install()
