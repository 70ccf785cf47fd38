"""The command as a user runs it, against the embedded AWS of the test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.main import main

if TYPE_CHECKING:
    import pytest

    from embedded.cloud import EmbeddedAws


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed."""
        return json.loads(self.out)


class Command:
    """Runs `vend` with the exports that `vend local` prints."""

    def __init__(
        self,
        aws: EmbeddedAws,
        environment: pytest.MonkeyPatch,
        printed: pytest.CaptureFixture[str],
    ) -> None:
        self._printed = printed
        for name, value in {
            "AWS_ENDPOINT_URL": aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            environment.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
            environment.delenv(name, raising=False)

    def __call__(self, *words: str) -> Ran:
        """Run it to its end."""
        self._printed.readouterr()
        status = main(words)
        printed = self._printed.readouterr()
        return Ran(status=status, out=printed.out, err=printed.err)
