"""Distributions and the policies that they name, as CloudFormation made them.

moto keeps distributions as CloudFront's own operations describe them, without what serves requests
here; these are kept as templates have them. Kept with moto's own backend, so that they end with it.
"""

from __future__ import annotations

from typing import Any

from moto.cloudfront.models import cloudfront_backends

Config = dict[str, Any]

_KEPT = "_of_cloudformation"


class Kept:
    """What CloudFormation made of CloudFront in an account, by ids."""

    def __init__(self) -> None:
        self.distributions: dict[str, Config] = {}
        self.origin_access_controls: dict[str, Config] = {}
        self.response_headers_policies: dict[str, Config] = {}


def kept(account_id: str, partition: str) -> Kept:
    """What there is in the account."""
    backend: Any = cloudfront_backends[account_id][partition]
    if not hasattr(backend, _KEPT):
        setattr(backend, _KEPT, Kept())
    found: Kept = getattr(backend, _KEPT)
    return found


def find(distribution_id: str) -> tuple[str, str, Kept] | None:
    """Account and partition of a distribution, and what else there is; None: there is none."""
    for account_id, partitions in list(cloudfront_backends.items()):
        for partition in list(partitions):
            here = kept(account_id, partition)
            if distribution_id in here.distributions:
                return account_id, partition, here
    return None
