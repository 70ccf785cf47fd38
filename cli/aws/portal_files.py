"""The page's files, as they are put where a portal's distribution finds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.output.failure import CommandError

FOLDER = Path(__file__).resolve().parents[2] / "build" / "portal" / "site"
"""Where `make page` puts them."""

CONFIG = "config.json"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASKED_ANEW = "no-cache"


def ensure_built() -> None:
    """CommandError where the page is not built."""
    if not (FOLDER / "index.html").is_file():
        raise CommandError("The page is not built", remedy="Run `make page`, then try again")


def publish(s3: Any, bucket: str, *, sign_in: Mapping[str, str], folder: Path = FOLDER) -> int:
    """Put every file into the bucket, and remove what is there besides; how many there are.

    Names under `assets/` change with their content. The page that names them comes last, so that
    whoever opens it meanwhile finds them all.

    Args:
        s3: a client.
        bucket: the portal's.
        sign_in: where and how people sign in, as the stack's output `PortalSignIn` has it.
        folder: the files.
    """
    config = {"api": "api", "signIn": sign_in}
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"), key=lambda path: (path.parent == folder, path.name))
        if path.is_file()
    }
    for key, content in {CONFIG: json.dumps(config).encode(), **files}.items():
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType=_KINDS[Path(key).suffix],
            CacheControl=_FOR_EVER if key.startswith("assets/") else _ASKED_ANEW,
        )
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            if one["Key"] not in (CONFIG, *files):
                s3.delete_object(Bucket=bucket, Key=one["Key"])
    return len(files) + 1
