"""Distributions: which origin answers, to whom, and with which headers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.base_backend import BackendDict
from moto.s3.models import s3_backends

from embedded import ACCOUNT_ID, REGION
from embedded.cloudfront import distributions
from embedded.cloudfront.delivery import Delivery, addressed, url_of
from embedded.protocols.errors import Answer

ARN = f"arn:aws:cloudfront::{ACCOUNT_ID}:distribution/E1"
PAGE = b"<!doctype html>" + b"x" * 2_000
CONFIG: dict[str, Any] = {
    "DefaultRootObject": "index.html",
    "DefaultCacheBehavior": {
        "TargetOriginId": "files",
        "ResponseHeadersPolicyId": "headers",
        "Compress": True,
    },
    "CacheBehaviors": [
        {
            "PathPattern": "api/*",
            "TargetOriginId": "api",
            "AllowedMethods": ["GET", "HEAD", "POST"],
            "ResponseHeadersPolicyId": "headers",
        }
    ],
    "Origins": [
        {
            "Id": "files",
            "DomainName": f"files.s3.{REGION}.amazonaws.com",
            "OriginAccessControlId": "control",
        },
        {"Id": "api", "DomainName": f"abc.execute-api.{REGION}.amazonaws.com"},
    ],
}
HEADERS = {
    "SecurityHeadersConfig": {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": "default-src 'none'"},
        "ContentTypeOptions": {},
        "FrameOptions": {"FrameOption": "DENY"},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer"},
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": True},
    },
    "CustomHeadersConfig": {"Items": [{"Header": "X-Own", "Value": "yes"}]},
}


def allowing(source_arn: str) -> bytes:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::files/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": source_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}).encode()


@pytest.fixture(autouse=True)
def bucket() -> Iterator[Any]:
    """A bucket with a page, which its policy lets the distribution read."""
    backend = s3_backends[ACCOUNT_ID]["aws"]
    backend.create_bucket("files", REGION)
    made = backend.put_object("files", "index.html", PAGE)
    made.set_metadata({"Content-Type": "text/html", "Cache-Control": "no-cache"})
    backend.put_bucket_policy("files", allowing(ARN))
    kept = distributions.kept(ACCOUNT_ID, "aws")
    kept.distributions["E1"] = CONFIG
    kept.origin_access_controls["control"] = {}
    kept.response_headers_policies["headers"] = HEADERS
    yield backend
    BackendDict.reset()


def asked(path: str = "", method: str = "GET", **headers: str) -> Answer:
    """What the distribution answers; its API echoes what it was asked."""
    return Delivery(
        distribution_id="E1",
        path=path,
        environ={"REQUEST_METHOD": method, **headers},
        api=lambda *where: Answer(
            status="201 Created",
            headers=(("x-own", "of the API"),),
            body=" ".join(where).encode(),
        ),
    ).answer()


def test_root_is_the_default_object_with_the_policys_headers() -> None:
    answer = asked()

    assert (answer.status, answer.body) == ("200 OK", PAGE)
    assert dict(answer.headers) | {"etag": ""} == {
        "content-type": "text/html",
        "cache-control": "no-cache",
        "etag": "",
        "content-security-policy": "default-src 'none'",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=60; includeSubDomains",
        "x-own": "yes",
    }


def test_texts_are_compressed_for_who_takes_it() -> None:
    answer = asked(HTTP_ACCEPT_ENCODING="br, gzip")

    assert ("content-encoding", "gzip") in answer.headers
    assert gzip.decompress(answer.body) == PAGE


def test_path_of_a_behavior_goes_to_its_origin_whole() -> None:
    answer = asked("api/requests/one", "POST")

    assert (answer.status, answer.body) == ("201 Created", b"abc /api/requests/one")
    assert ("x-own", "yes") in answer.headers
    assert ("x-own", "of the API") not in answer.headers


@pytest.mark.parametrize(
    ("path", "method"),
    [("missing.js", "GET"), ("index.html", "POST"), ("api/requests", "DELETE")],
)
def test_what_is_not_there_and_what_is_not_allowed_are_denied(path: str, method: str) -> None:
    assert asked(path, method).status == "403 Forbidden"


def test_bucket_that_trusts_another_distribution_is_not_read(bucket: Any) -> None:
    bucket.put_bucket_policy("files", allowing(ARN + "2"))

    assert asked().status == "403 Forbidden"


def test_bucket_is_not_read_without_a_signature() -> None:
    distributions.kept(ACCOUNT_ID, "aws").origin_access_controls.clear()

    assert asked().status == "403 Forbidden"


def test_unknown_distribution_is_not_found() -> None:
    distributions.kept(ACCOUNT_ID, "aws").distributions.clear()

    assert asked().status == "404 Not Found"


def test_distributions_are_addressed_by_their_ids() -> None:
    url = url_of("E1", "http://127.0.0.1:1")

    assert url == "http://127.0.0.1:1/cloudfront/E1/"
    assert addressed({"PATH_INFO": "/cloudfront/E1/api/x"}) == ("E1", "api/x")
    assert addressed({"PATH_INFO": "/"}) is None
