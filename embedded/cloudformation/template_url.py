"""Templates by URL: where CloudFormation reads a template that is in S3.

moto takes the first part of any host but Amazon's for a bucket. `cdk deploy` names the template by
the address that its own S3 client calls, which is the embedded AWS's.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from moto.cloudformation.exceptions import ValidationError
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends

_AMAZON = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3[.-](?:dualstack\.|fips[.-])?(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?"
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def read(template_url: str, account_id: str, partition: str) -> str:
    """The text of the object that `template_url` names, by path or by host.

    Raises:
        ValidationError: it is no URL of S3, or there is no such object.
    """
    url = urlsplit(template_url)
    bucket, key = _named(url.hostname or "", unquote(url.path).lstrip("/"))
    if url.scheme not in ("http", "https") or not bucket or not key:
        raise ValidationError(message="TemplateURL must be a supported URL.")
    try:
        found = s3_backends[account_id][partition].get_object(bucket, key)
    except S3ClientError as missing:
        raise ValidationError(message=f"S3 error: {missing.message}") from None
    if found is None:
        raise ValidationError(message="S3 error: The specified key does not exist.")
    return bytes(found.value).decode()


def _named(host: str, path: str) -> tuple[str, str]:
    """Bucket and key; both empty where the host is not S3's."""
    amazon = _AMAZON.fullmatch(host)
    if amazon and amazon["bucket"]:
        return amazon["bucket"], path
    if amazon or host in _LOOPBACK:
        bucket, _, key = path.partition("/")
        return bucket, key
    return "", ""
