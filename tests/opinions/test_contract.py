"""Schemathesis on the API: what the OpenAPI document says is what the deployed API does."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from embedded.apigateway import routes
from embedded.cloud import EmbeddedAws
from infra.settings import ApiSettings, Settings
from tests.infra.synthesized import synthesize
from tests.opinions.conftest import INSTALLED, SPEED
from tests.workflow.api import ApiClient, until
from vending.api import openapi
from vending.api.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from botocore.credentials import Credentials

Json = dict[str, Any]

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

DECISIONS = ("approveRequest", "rejectRequest", "approveRetirement", "rejectRetirement")
"""The operations that the approver calls; the others are the administrator's."""

UNIT, RESTRICTED = "/Workloads/Sandbox", "/Workloads/Restricted"


@dataclass(frozen=True, kw_only=True)
class Lived:
    """An installation with requests and accounts that each operation can do something with.

    Attributes:
        url: of the API.
        approver: who decides.
        about: by operation: its request's or account's id.
        documents: by operation: a body that it takes.
    """

    url: str
    approver: Credentials
    about: Mapping[str, str]
    documents: Mapping[str, Json]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder = tmp_path_factory.mktemp("assembly-with-api")
    synthesize(Settings(api=ApiSettings(requests_per_second=10_000, burst=10_000)), folder)
    fault = {"createAccount": {"calls": [1], "failureReason": "ACCOUNT_LIMIT_EXCEEDED"}}
    with EmbeddedAws(speed=SPEED, assembly=folder) as aws:
        aws.faults.replace([fault])
        yield _lived(aws)


def _lived(aws: EmbeddedAws) -> Lived:
    """Requests that failed, that were vended and that wait, and accounts whose retirement waits."""
    client = ApiClient(url=aws.outputs["ApiEndpoint"])
    approver = ApiClient.of_role(aws, "Approver", ["*"])
    assert approver.credentials is not None

    def asked(name: str, unit: str) -> str:
        sent = client("POST /requests", _request(name, unit))
        return str(sent.body["requestId"])

    def in_state(route: str, state: str) -> Any:
        found = client(route).body
        return found if found.get("state") == state else None

    def came_to(request_id: str, state: str) -> Any:
        return until(lambda: in_state(f"GET /requests/{request_id}", state))

    def approved(request_id: str) -> str:
        came_to(request_id, "AWAITING_APPROVAL")
        assert approver(f"POST /requests/{request_id}/approve").status == 200
        return str(came_to(request_id, "VENDED")["accountId"])

    failed = asked("Failed", UNIT)
    came_to(failed, "FAILED")
    sandbox, old = (asked(name, UNIT) for name in ("Sandbox", "Old"))
    kept = [approved(asked(f"Kept {number}", RESTRICTED)) for number in (1, 2)]
    waiting = [asked(f"Waiting {number}", RESTRICTED) for number in (1, 2, 3)]
    for one in waiting:
        came_to(one, "AWAITING_APPROVAL")
    changed, retired = (came_to(one, "VENDED")["accountId"] for one in (sandbox, old))
    for one in kept:
        assert client(f"POST /accounts/{one}/retire", {"reason": "over"}).status == 202
    for one in kept:
        until(partial(in_state, f"GET /accounts/{one}", "AWAITING_APPROVAL"))
    document = client(f"GET /accounts/{changed}").body["document"]
    return Lived(
        url=client.url,
        approver=approver.credentials,
        about={
            "getRequest": sandbox,
            "listRequestEvents": sandbox,
            "resumeRequest": failed,
            "approveRequest": waiting[0],
            "rejectRequest": waiting[1],
            "cancelRequest": waiting[2],
            "getAccount": changed,
            "changeAccount": changed,
            "retireAccount": retired,
            "restoreAccount": retired,
            "approveRetirement": kept[0],
            "rejectRetirement": kept[1],
        },
        documents={
            "createRequest": _request("New", UNIT),
            "planRequest": _request("New", UNIT),
            "changeAccount": document,
            "approveRequest": {"reason": "agreed"},
            "rejectRequest": {"reason": "no budget"},
            "retireAccount": {"reason": "over"},
            "approveRetirement": {"reason": "agreed"},
            "rejectRetirement": {"reason": "still in use"},
        },
    )


def _request(name: str, unit: str) -> Json:
    email = f"aws+{name.lower().replace(' ', '-')}@example.com"
    return {"account": {"name": name, "email": email}, "organizationalUnit": unit}


@pytest.mark.slow
def test_deployed_api_does_what_its_document_says(lived: Lived, tmp_path: Path) -> None:
    assert (INSTALLED / ".ready").is_file(), "run `make second-opinions`, which installs it"
    (tmp_path / "openapi.json").write_text(json.dumps(_document(lived)), encoding="utf-8")
    (tmp_path / "schemathesis.toml").write_text(_configuration(lived), encoding="utf-8")

    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", "openapi.json"),
            *("--url", lived.url, "--checks", ",".join(CHECKS)),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1"),
            *("--report", "har", "--report-har-path", "calls.json", "--no-color"),
        ],
        env={"PYTHONPATH": str(INSTALLED / "python"), "NO_PROXY": "127.0.0.1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    answers = _answers(json.loads((tmp_path / "calls.json").read_text(encoding="utf-8")))
    contracts = openapi.CONTRACTS
    assert {name for name, of in contracts.items() if of.status not in answers[name]} == set()
    takes = {name for name, of in contracts.items() if of.body or of.query}
    assert {name for name in takes if 400 not in answers[name]} == set()
    of_ids = {route.operation for route in ROUTES if "{" in route.path}
    assert {name for name in of_ids if 404 not in answers[name]} == set()


def _document(lived: Lived) -> Json:
    """The document, with the ids that there are, beside any others, and bodies that are taken."""
    document = copy.deepcopy(openapi.document())
    for of_path in document["paths"].values():
        for operation in of_path.values():
            name = operation["operationId"]
            for one in operation.get("parameters", ()):
                if one["in"] == "path":
                    there_is = {"enum": [lived.about[name]]}
                    one["schema"] = {"anyOf": [there_is, one["schema"]]}
                    one["example"] = lived.about[name]
            if name in lived.documents:
                operation["requestBody"]["content"]["application/json"]["example"] = (
                    lived.documents[name]
                )
    return document


def _configuration(lived: Lived) -> str:
    named = ", ".join(f'"{one}"' for one in DECISIONS)
    return (
        f'headers = {{Authorization = "{_authorization("local")}"}}\n'
        f"[[operations]]\ninclude-operation-id = [{named}]\n"
        f'headers = {{Authorization = "{_authorization(lived.approver.access_key)}"}}\n'
    )


def _authorization(access_key: str) -> str:
    """Who calls; the embedded AWS verifies no signatures."""
    return (
        f"AWS4-HMAC-SHA256 Credential={access_key}/20270115/us-east-1/execute-api/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )


def _answers(recorded: Json) -> dict[str, set[int]]:
    """The statuses that each operation answered, in a HAR file."""
    known = [SimpleNamespace(route_key=one.key, operation=one.operation) for one in ROUTES]
    found = defaultdict[str, set[int]](set)
    for entry in recorded["log"]["entries"]:
        request = entry["request"]
        path = urlsplit(request["url"]).path.partition("/execute-api/")[2]
        route = routes.find(known, request["method"], f"/{path.partition('/')[2]}")
        if route is not None:
            found[route[0].operation].add(entry["response"]["status"])
    return found
