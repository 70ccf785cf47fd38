"""`vend portal`: the page gets to where the deployed portal serves it."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from cli.aws import portal_files
from cli.commands import local_portal
from cli.main import main
from guards import packages

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws


@pytest.fixture
def configured(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAws:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return aws


def test_page_is_published_where_the_stack_serves_it(
    configured: EmbeddedAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws = configured
    bucket = aws.outputs["PortalBucketName"]
    aws.client("s3").put_object(Bucket=bucket, Key="index.html", Body=b"another page")

    status = main(["portal"])

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(local_portal.url(aws)) as answer:
        page = answer.read()
    local_portal.publish(aws)
    assert status == 0
    assert capsys.readouterr().out == f"{aws.outputs['PortalUrl']}\n"
    assert page == (portal_files.FOLDER / "index.html").read_bytes()


def test_bucket_is_open_to_nobody_but_the_distribution(aws: EmbeddedAws) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"{aws.endpoint_url}/{aws.outputs['PortalBucketName']}/index.html")

    assert refused.value.code == 403


def test_page_is_made_of_one_library_with_a_permissive_licence() -> None:
    found = packages.of_page()

    assert [(each.name, each.is_allowed, bool(each.hashes)) for each in found] == [
        ("preact", True, True)
    ]
