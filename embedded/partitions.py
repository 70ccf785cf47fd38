"""AWS partitions: the commercial one and GovCloud, each with accounts and organizations of its own.

An access key that nobody handed out acts as the administrator of the management account; used in a
GovCloud region it is the administrator of the GovCloud account that is linked with it.
"""

from __future__ import annotations

from dataclasses import replace

from embedded import ACCOUNT_ID, REGION
from embedded.context import Principal, caller

COMMERCIAL, GOVCLOUD = "aws", "aws-us-gov"

GOVCLOUD_ACCOUNT_ID = "111111111119"
"""The GovCloud account linked with the commercial management account; it manages an organization
there. Account ids are unique across partitions."""

REGIONS = {COMMERCIAL: REGION, GOVCLOUD: "us-gov-west-1"}
"""Where the global services of each partition are, and its events."""


def caller_in(partition: str) -> Principal:
    """Who makes the current call, in the partition that the call was made to."""
    principal = caller.get()
    if partition != GOVCLOUD or not principal.is_administrator:
        return principal
    if principal.account_id != ACCOUNT_ID:
        return principal
    arn = f"arn:{GOVCLOUD}:iam::{GOVCLOUD_ACCOUNT_ID}:root"
    return replace(principal, account_id=GOVCLOUD_ACCOUNT_ID, arn=arn)
