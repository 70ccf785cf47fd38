"""The page's files in the portal's bucket: which, of what kind, and in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.aws import portal_files
from cli.main import main
from cli.output.failure import CommandError


class Bucket:
    """What S3 was asked."""

    def __init__(self, *there: str) -> None:
        self.objects: dict[str, dict[str, Any]] = {key: {} for key in there}
        self.put: list[str] = []

    def put_object(self, **given: Any) -> None:
        self.put.append(given["Key"])
        self.objects[given["Key"]] = given

    def delete_object(self, **given: Any) -> None:
        del self.objects[given["Key"]]

    def get_paginator(self, _: str) -> Bucket:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.objects]}]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "page-1.js").write_text("page")
    (tmp_path / "assets" / "page-1.css").write_text("style")
    (tmp_path / "index.html").write_text("<p>")
    return tmp_path


def test_page_comes_after_all_that_it_names(site: Path) -> None:
    bucket = Bucket()

    count = portal_files.publish(bucket, "b", sign_in={"clientId": "c"}, folder=site)

    assert count == 4
    assert bucket.put[-1] == "index.html"
    assert set(bucket.put) == {
        "config.json",
        "assets/page-1.js",
        "assets/page-1.css",
        "index.html",
    }
    config = json.loads(bucket.objects["config.json"]["Body"])
    assert config == {"api": "api", "signIn": {"clientId": "c"}}


def test_names_with_a_hash_are_kept_for_ever_and_the_others_asked_for_anew(site: Path) -> None:
    bucket = Bucket()

    portal_files.publish(bucket, "b", sign_in={}, folder=site)

    kinds = {key: (one["ContentType"], one["CacheControl"]) for key, one in bucket.objects.items()}
    for_ever = "public, max-age=31536000, immutable"
    assert kinds == {
        "config.json": ("application/json", "no-cache"),
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "assets/page-1.js": ("text/javascript; charset=utf-8", for_ever),
        "assets/page-1.css": ("text/css; charset=utf-8", for_ever),
    }


def test_files_of_an_earlier_page_go(site: Path) -> None:
    bucket = Bucket("assets/page-0.js")

    portal_files.publish(bucket, "b", sign_in={}, folder=site)

    assert "assets/page-0.js" not in bucket.objects


def test_page_that_is_not_built_is_one_error_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portal_files, "FOLDER", tmp_path)

    with pytest.raises(CommandError, match="not built"):
        portal_files.ensure_built()


def test_samples_are_for_a_portal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "--samples"]) == 2
    assert "--samples needs --portal" in capsys.readouterr().err
