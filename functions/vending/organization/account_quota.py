"""How many accounts AWS allows the organization, as Service Quotas says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.client import BaseClient

_NAME = "maximum number of accounts"
"""How Service Quotas' name of the quota ends; seen with and without "Default" before it.

Codes might change over time, names do not: AWS Organizations User Guide, "Quotas and service
limits".
"""


def most_accounts(quotas: BaseClient) -> int | None:
    """The quota's value; None where Service Quotas shows no quota of that name."""
    pages = quotas.get_paginator("list_service_quotas").paginate(ServiceCode="organizations")
    return next(
        (
            int(quota["Value"])
            for page in pages
            for quota in page["Quotas"]
            if quota["QuotaName"].lower().endswith(_NAME)
        ),
        None,
    )
