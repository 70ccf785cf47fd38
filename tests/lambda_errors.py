"""Which of Lambda's modelled errors an invocation of this product's functions can end with."""

from __future__ import annotations

import re

_OF_OTHER_FUNCTIONS = re.compile(
    "EC2|EFS|ENI|S3Files|SnapStart|Subnet|Invalid(Subnet|SecurityGroup)|KMS|CodeArtifact|Durable"
    "|Runtime(Alias|Version)|NoPublishedVersion|ModeNotSupported"
)


def can_occur(error: str) -> bool:
    """False for errors of functions in a VPC, with a file system, SnapStart, a key or versions of
    their own, none of which these functions have.
    """
    return _OF_OTHER_FUNCTIONS.match(error) is None
