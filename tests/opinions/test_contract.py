"""Schemathesis on the API: what the OpenAPI document says is what the deployed API does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.cloud import EmbeddedAws
from infra.settings import ApiSettings, Settings
from tests.infra.synthesized import synthesize
from tests.opinions.conftest import INSTALLED, SPEED
from vending.api import openapi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
"""Without those of authorization, which tests of their own make, and without the one that whatever
the schema lets pass is accepted: the schema says nothing of the request policy, and not all of what
AWS wants of an account."""

CREDENTIALS = (
    "AWS4-HMAC-SHA256 Credential=local/20270115/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
"""The embedded AWS verifies no signatures."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("assembly-with-api")
    synthesize(Settings(api=ApiSettings(requests_per_second=10_000, burst=10_000)), folder)
    with EmbeddedAws(speed=SPEED, assembly=folder) as aws:
        yield aws.outputs["ApiEndpoint"]


@pytest.mark.slow
def test_deployed_api_does_what_its_document_says(url: str, tmp_path: Path) -> None:
    assert (INSTALLED / ".ready").is_file(), "run `make second-opinions`, which installs it"
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(openapi.document()), encoding="utf-8")

    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(document)),
            *("--url", url, "--checks", ",".join(CHECKS)),
            *("--phases", "coverage,fuzzing", "--max-examples", "20", "--seed", "1"),
            *("--header", f"Authorization: {CREDENTIALS}", "--no-color"),
        ],
        env={"PYTHONPATH": str(INSTALLED / "python"), "NO_PROXY": "127.0.0.1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    operations = sum(len(methods) for methods in openapi.document()["paths"].values())
    assert f"{operations} passed" in run.stdout
