"""The data plane of distributions: behaviors, origins, and headers of responses.

On AWS each distribution has a host of its own, `<id>.cloudfront.net`; here it is reached below
`/cloudfront/<id>/` of the embedded AWS's own address. Nothing is cached, as if each object had just
expired. Sources, of the Amazon CloudFront Developer Guide: "Cache behavior settings", "Specify a
default root object", "Restrict access to an Amazon S3 origin", "Understand response headers
policies".
"""

from __future__ import annotations

import fnmatch
import gzip
import re
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends

from embedded.cloudfront import distributions
from embedded.core.frozen import frozen
from embedded.policies import resource_policy
from embedded.policies.policy import Decision
from embedded.protocols.errors import Answer

PREFIX = "/cloudfront/"
_PRINCIPAL = "cloudfront.amazonaws.com"
_BUCKET = re.compile(r"(.+)\.s3\.[a-z0-9-]+\.amazonaws\.com")
_API = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")
_READING = ("GET", "HEAD")
_COMPRESSED_FROM = 1_000
"""Bytes: smaller objects are not compressed ("Serve compressed files")."""
_COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg+xml")

Headers = tuple[tuple[str, str], ...]
Api = Callable[[str, str], Answer]
"""What the HTTP API of an id answers to the request, at a path."""


def url_of(distribution_id: str, endpoint_url: str) -> str:
    """Where the distribution is opened."""
    return f"{endpoint_url}{PREFIX}{distribution_id}/"


def addressed(environ: Mapping[str, Any]) -> tuple[str, str] | None:
    """The distribution that a request is for, and the path within it; None: it is for none."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith(PREFIX):
        return None
    distribution_id, _, rest = path.removeprefix(PREFIX).partition("/")
    return distribution_id, rest


@frozen
class Delivery:
    """One request to a distribution, at a path that begins behind its first slash."""

    distribution_id: str
    path: str
    environ: Mapping[str, Any]
    api: Api

    def answer(self) -> Answer:
        """What the origin answers, with the headers of the behavior's policy."""
        found = distributions.find(self.distribution_id)
        if found is None:
            return _error(HTTPStatus.NOT_FOUND)
        account_id, partition, here = found
        config = here.distributions[self.distribution_id]
        behavior = _behavior(config, self.path)
        if self.environ["REQUEST_METHOD"] not in behavior.get("AllowedMethods", _READING):
            return _error(HTTPStatus.FORBIDDEN)
        (origin,) = (one for one in config["Origins"] if one["Id"] == behavior["TargetOriginId"])
        if api := _API.fullmatch(origin["DomainName"]):
            answer = self.api(api[1], f"/{self.path}")
        else:
            arn = f"arn:{partition}:cloudfront::{account_id}:distribution/{self.distribution_id}"
            key = unquote(self.path) or config.get("DefaultRootObject", "")
            is_signed = origin.get("OriginAccessControlId") in here.origin_access_controls
            answer = _object(origin, key, partition, arn if is_signed else None)
        policy = here.response_headers_policies.get(behavior.get("ResponseHeadersPolicyId", ""), {})
        answer = _with_headers(answer, tuple(_headers_of(policy)))
        return self._compressed(answer) if behavior.get("Compress") else answer

    def _compressed(self, answer: Answer) -> Answer:
        kind = dict(answer.headers).get("content-type", "")
        takes = "gzip" in self.environ.get("HTTP_ACCEPT_ENCODING", "")
        if not takes or len(answer.body) < _COMPRESSED_FROM or not kind.startswith(_COMPRESSED):
            return answer
        headers = (*answer.headers, ("content-encoding", "gzip"), ("vary", "accept-encoding"))
        body = gzip.compress(answer.body)
        return Answer(status=answer.status, headers=headers, body=body)


def _behavior(config: distributions.Config, path: str) -> distributions.Config:
    """The first whose pattern fits, else the default one; `*` and `?` as in file names."""
    for behavior in config.get("CacheBehaviors", []):
        if fnmatch.fnmatchcase(path, behavior["PathPattern"].removeprefix("/")):
            found: distributions.Config = behavior
            return found
    default: distributions.Config = config["DefaultCacheBehavior"]
    return default


def _object(
    origin: distributions.Config, key: str, partition: str, source_arn: str | None
) -> Answer:
    """A bucket's object; S3 denies what does not exist to whoever may not list."""
    named = _BUCKET.fullmatch(origin["DomainName"])
    if named is None:
        return _error(HTTPStatus.BAD_GATEWAY)
    for buckets in list(s3_backends.values()):
        bucket = buckets[partition].buckets.get(named[1])
        if bucket is None:
            continue
        found = buckets[partition].get_object(named[1], key)
        if found is None or not _may_read(bucket, key, partition, source_arn):
            return _error(HTTPStatus.FORBIDDEN)
        metadata = {name.lower(): str(value) for name, value in found.metadata.items()}
        headers = {
            "content-type": metadata.get("content-type", "application/octet-stream"),
            "etag": found.etag,
            **({"cache-control": metadata["cache-control"]} if "cache-control" in metadata else {}),
        }
        return Answer(status="200 OK", headers=tuple(headers.items()), body=found.value)
    return _error(HTTPStatus.BAD_GATEWAY)


def _may_read(bucket: Any, key: str, partition: str, source_arn: str | None) -> bool:
    if bucket.policy is None or source_arn is None:
        return False
    verdict = resource_policy.decision(
        resource_policy.statements(bucket.policy),
        service=_PRINCIPAL,
        action="s3:GetObject",
        resource=f"arn:{partition}:s3:::{bucket.name}/{key}",
        context={"aws:sourcearn": (source_arn,), "aws:securetransport": ("true",)},
    )
    return verdict is Decision.ALLOWED


def _headers_of(policy: distributions.Config) -> Iterator[tuple[str, str]]:
    security = policy.get("SecurityHeadersConfig", {})
    if csp := security.get("ContentSecurityPolicy"):
        yield "content-security-policy", csp["ContentSecurityPolicy"]
    if "ContentTypeOptions" in security:
        yield "x-content-type-options", "nosniff"
    if frames := security.get("FrameOptions"):
        yield "x-frame-options", frames["FrameOption"]
    if referrer := security.get("ReferrerPolicy"):
        yield "referrer-policy", referrer["ReferrerPolicy"]
    if transport := security.get("StrictTransportSecurity"):
        within = "; includeSubDomains" if transport.get("IncludeSubdomains") else ""
        seconds = transport["AccessControlMaxAgeSec"]
        yield "strict-transport-security", f"max-age={seconds}{within}"
    for one in policy.get("CustomHeadersConfig", {}).get("Items", []):
        yield one["Header"].lower(), one["Value"]


def _with_headers(answer: Answer, added: Headers) -> Answer:
    """Each overrides the origin's, as the template has to say of it."""
    names = {name for name, _ in added}
    kept = tuple((name, value) for name, value in answer.headers if name.lower() not in names)
    return Answer(status=answer.status, headers=(*kept, *added), body=answer.body)


def _error(status: HTTPStatus) -> Answer:
    return Answer(
        status=f"{int(status)} {status.phrase}",
        headers=(
            ("content-type", "text/plain; charset=utf-8"),
            ("x-cache", "Error from cloudfront"),
        ),
        body=status.phrase.encode(),
    )
