"""The portal on the embedded AWS, whose people sign in without passwords."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cli.aws import portal_files
from cli.output.failure import CommandError

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

ASSEMBLY = Path(__file__).resolve().parents[2] / "build" / "portal" / "cdk.out"
"""The stack with a portal (examples/portal/app.py), where `make page` synthesizes it."""


def ensure_built() -> None:
    """CommandError where the page is not built, or the stack with a portal is not synthesized."""
    portal_files.ensure_built()
    if not (ASSEMBLY / "manifest.json").is_file():
        raise CommandError("The portal's stack is not synthesized", remedy="Run `make portal`")


def publish(aws: EmbeddedAws) -> None:
    """Put the page where the portal serves it, with the embedded AWS's own sign-in."""
    from embedded.people import issuer  # noqa: PLC0415 -- not installed everywhere

    sign_in = {
        name: issuer.local(value, aws.endpoint_url)
        for name, value in json.loads(aws.outputs["PortalSignIn"]).items()
    }
    portal_files.publish(aws.client("s3"), aws.outputs["PortalBucketName"], sign_in=sign_in)


def url(aws: EmbeddedAws) -> str:
    """Where a browser on this machine opens the page."""
    from embedded.cloudfront import delivery  # noqa: PLC0415 -- not installed everywhere

    host = urlsplit(aws.outputs["PortalUrl"]).hostname or ""
    return delivery.url_of(host.partition(".")[0].upper(), aws.endpoint_url)


def guide(aws: EmbeddedAws) -> list[str]:
    """What `vend local --portal` prints besides."""
    return ["", f"# The page for people: {url(aws)}"]
