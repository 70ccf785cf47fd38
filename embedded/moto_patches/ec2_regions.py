"""The regions of EC2, which moto lists while it is imported, without EC2's model.

moto makes a session for each partition there, and each session reads the largest model of all: a
third of the time that the embedded AWS takes to start. The endpoints alone say as much. Import this
before anything of moto that leads to `moto.ec2`.

Upstream: moto/ec2/models/availability_zones_and_regions.py.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import boto3
import moto.core.base_backend  # noqa: F401 - its reference to boto3's Session stays what it is

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


def _install() -> None:
    if _MODULE in sys.modules:
        return
    session = boto3.Session
    boto3.Session = _EndpointsOnly  # type: ignore[assignment,misc]
    try:
        importlib.import_module(_MODULE)
    finally:
        boto3.Session = session  # type: ignore[misc]


_install()
