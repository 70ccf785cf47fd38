"""`vend portal`: the page's files are put where the portal serves them."""

from __future__ import annotations

import argparse
import json
import sys

from cli.aws import portal_files
from cli.aws.environment import explained
from cli.aws.stack import Stack
from cli.output.failure import EXIT_VENDED, CommandError
from cli.output.progress import spinning
from cli.output.terminal import Terminal


def run(arguments: argparse.Namespace) -> int:
    """Publish the page and print its address; 0."""
    del arguments
    portal_files.ensure_built()
    with explained():
        stack = Stack.from_environment()
        portal = stack.portal
        if portal is None:
            raise CommandError(
                "The stack has no portal",
                remedy="Set `portal` in app.py (docs/portal.md), then `make deploy`",
            )
        with spinning(Terminal.of(sys.stderr), "Publishing the page"):
            sign_in = json.loads(portal["PortalSignIn"])
            portal_files.publish(stack.client("s3"), portal["PortalBucketName"], sign_in=sign_in)
    print(portal["PortalUrl"])
    return EXIT_VENDED
