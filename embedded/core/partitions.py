"""AWS partitions: the commercial one and GovCloud, each with accounts and organizations of its own.

An access key that nobody handed out acts as the administrator of the management account; used in a
GovCloud region it is the administrator of the GovCloud account that is linked with it.
"""

from __future__ import annotations

from embedded import REGION
from embedded.core.principal import Principal

COMMERCIAL, GOVCLOUD = "aws", "aws-us-gov"

GOVCLOUD_ACCOUNT_ID = "111111111119"
"""The GovCloud account linked with the commercial management account; it manages an organization
there. Account ids are unique across partitions."""

REGIONS = {COMMERCIAL: REGION, GOVCLOUD: "us-gov-west-1"}
"""Where the global services of each partition are, and its events."""

_MANAGER = Principal()
_LINKED = Principal(
    partition=GOVCLOUD,
    account_id=GOVCLOUD_ACCOUNT_ID,
    arn=f"arn:{GOVCLOUD}:iam::{GOVCLOUD_ACCOUNT_ID}:root",
)


def administrator_in(partition: str) -> Principal:
    """Whom an access key that nobody handed out stands for, in a region of the partition."""
    return _LINKED if partition == GOVCLOUD else _MANAGER
