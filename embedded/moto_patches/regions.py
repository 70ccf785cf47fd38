"""The regions of AWS's services, which moto lists before it makes any backend of a service.

It has a session read the whole model of each service for one word of it, the prefix of the
service's endpoints. That was a tenth of the time that the embedded AWS took to start.

Upstream: moto/core/base_backend.py.
"""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import botocore
from botocore.regions import EndpointResolver
from moto.core.base_backend import AccountSpecificBackend

from embedded.core.models_on_disk import model_loader

_MODELS = Path(botocore.__file__).parent / "data"
_PREFIX = re.compile(rb'"endpointPrefix"\s*:\s*"([^"]+)"')
_METADATA = 4096
"""Bytes at a model's beginning in which its metadata is."""


class Regions:
    """As much of a boto3 session as moto uses to list regions."""

    def get_available_partitions(self) -> list[str]:
        """All partitions of AWS."""
        return _resolver().get_available_partitions()

    def get_available_regions(self, service: str, partition_name: str = "aws") -> list[str]:
        """The regions of a service by its boto3 name; none where there is no such service."""
        prefix = _prefix(service)
        if prefix is None:
            return []
        return _resolver().get_available_endpoints(prefix, partition_name)


@cache
def _resolver() -> EndpointResolver:
    return EndpointResolver(model_loader().load_data("endpoints"))


@cache
def _prefix(service: str) -> str | None:
    models = sorted((_MODELS / service).glob("*/service-2.json.gz"))
    if not models:
        return None
    with gzip.open(models[-1]) as model:
        found = _PREFIX.search(model.read(_METADATA))
    return found[1].decode() if found else service


AccountSpecificBackend.get_session = Regions
