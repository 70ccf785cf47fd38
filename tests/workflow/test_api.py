"""The API on the embedded AWS: who gets in, and an account's life through it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.credentials import Credentials

from embedded.apigateway import execute_api
from embedded.cloud import EmbeddedAws
from infra.settings import ApiSettings, Settings
from tests.api_roles import DOCUMENT
from tests.infra.synthesized import synthesize
from tests.workflow import deployments
from tests.workflow.api import ApiClient, until
from vending.api.routes import ROUTES

FORBIDDEN = (403, {"message": "Forbidden"})
_ROLES = iter(range(1000))


@pytest.fixture(scope="module")
def deployed(cloud: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """The stack is deployed with the API, and as before afterwards."""
    folder = tmp_path_factory.mktemp("assembly-with-api")
    synthesize(Settings(api=ApiSettings(requests_per_second=1_000, burst=1_000)), folder)
    with deployments.deployed(cloud, folder):
        cloud.renew()
        yield cloud


@pytest.fixture
def client(deployed: EmbeddedAws) -> ApiClient:
    return ApiClient(url=deployed.outputs["ApiEndpoint"])


def session(aws: EmbeddedAws, *allowed: str) -> ApiClient:
    return ApiClient.of_role(aws, f"api-{next(_ROLES)}", list(allowed))


def refused(client: ApiClient, route: str = "GET /requests") -> tuple[int, Any]:
    answer = client(route)
    return answer.status, answer.body


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_no_route_is_open(client: ApiClient, deployed: EmbeddedAws, route: Any) -> None:
    path = f"{route.method} {route.path.format(requestId='x', accountId='1' * 12)}"
    unsigned = replace(client, credentials=None)

    assert refused(unsigned, path) == FORBIDDEN
    assert refused(session(deployed), path) == FORBIDDEN


def test_role_may_call_the_routes_that_its_policy_names(deployed: EmbeddedAws) -> None:
    reader = session(deployed, "GET/*")

    assert reader("GET /requests").status == 200
    assert reader("GET /schema").status == 200
    assert refused(reader, "POST /requests/x/cancel") == FORBIDDEN


def test_credentials_of_elsewhere_are_refused(client: ApiClient, deployed: EmbeddedAws) -> None:
    unknown = replace(client, credentials=Credentials("ASIAUNKNOWN", "x", "y"))
    other_service = replace(client, service="s3")
    other_region = replace(client, region="eu-central-1")
    ended = session(deployed, "*")
    assert ended.credentials is not None
    assert ended("GET /requests").status == 200
    deployed.context.credentials.forget(ended.credentials.access_key)

    for one in (unknown, other_service, other_region, ended):
        assert refused(one) == FORBIDDEN


def test_path_without_a_route_is_api_gateways_to_refuse(client: ApiClient) -> None:
    assert refused(client, "GET /none") == (404, {"message": "Not Found"})
    assert refused(client, "DELETE /requests/x".replace("DELETE", "PUT")) == (
        404,
        {"message": "Not Found"},
    )
    elsewhere = replace(client, url=client.url.rpartition("/")[0] + "/none")
    assert refused(elsewhere) == (404, {"message": "Not Found"})


def test_who_called_is_in_the_access_log(client: ApiClient, deployed: EmbeddedAws) -> None:
    reader = session(deployed, "GET/requests")
    reader("GET /requests")
    reader("GET /accounts")

    logs, gateway = deployed.client("logs"), deployed.client("apigatewayv2")
    (stage,) = gateway.get_stages(ApiId=client.url.rpartition("/")[2])["Items"]
    group = stage["AccessLogSettings"]["DestinationArn"].split(":")[6]
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    events = logs.get_log_events(logGroupName=group, logStreamName=streams[0]["logStreamName"])
    lines = [json.loads(each["message"]) for each in events["events"]][-2:]

    assert [(one["routeKey"], one["status"], one["error"]) for one in lines] == [
        ("GET /requests", "200", "-"),
        ("GET /accounts", "403", "Forbidden"),
    ]
    assert all(":assumed-role/api-" in one["caller"] for one in lines)


def test_function_that_fails_is_an_error_without_its_cause(
    client: ApiClient, deployed: EmbeddedAws
) -> None:
    deployed.faults.replace([])
    awslambda = deployed.client("lambda")
    (name,) = (
        each["FunctionName"]
        for each in awslambda.list_functions()["Functions"]
        if each["Handler"] == "api.serve_api.handler"
    )
    before = awslambda.get_policy(FunctionName=name)["Policy"]
    (statement,) = json.loads(before)["Statement"]
    awslambda.remove_permission(FunctionName=name, StatementId=statement["Sid"])

    answer = refused(client)

    awslambda.add_permission(
        FunctionName=name,
        StatementId=statement["Sid"],
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
    )
    assert answer == (500, {"message": "Internal Server Error"})
    assert client("GET /requests").status == 200


def test_bucket_lets_through_what_the_stage_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute_api, "_buckets", {})
    settings = {"throttlingRateLimit": 2, "throttlingBurstLimit": 3}
    refusals = set[str]()
    stage = SimpleNamespace(name="$default", default_route_settings=settings)

    def let_in(now: float) -> bool:
        try:
            execute_api._throttle("api", stage, now)
        except execute_api._Refused as error:
            refusals.add(error.message)
            return False
        return True

    assert [let_in(0.0) for _ in range(4)] == [True, True, True, False]
    assert [let_in(0.5) for _ in range(2)] == [True, False]
    assert [let_in(60.0) for _ in range(4)] == [True, True, True, False]
    assert refusals == {"Too Many Requests"}


def test_account_lives_through_the_api(client: ApiClient, deployed: EmbeddedAws) -> None:
    ann = session(deployed, "*")
    sent = ann("POST /requests", DOCUMENT, idempotency_key="one")
    again = ann("POST /requests", DOCUMENT, idempotency_key="one")
    request_id = sent.body["requestId"]

    def request() -> Any:
        return ann(f"GET /requests/{request_id}").body

    def vended() -> Any:
        found = request()
        is_over = all(step["endedAt"] for step in found.get("steps", ()))
        return found if found.get("state") == "VENDED" and is_over else None

    record = until(vended)
    account_id = record["accountId"]

    assert sent.status == 202
    assert again.body == sent.body
    assert ":assumed-role/api-" in record["requestedBy"]
    assert record["sender"]["principal"].startswith("arn:aws:iam::111111111111:role/api-")
    steps = [one["step"] for one in record["steps"]]
    assert steps[0] == "AcceptRequest"
    assert steps[-1] == "RecordVended"
    assert {one["state"] for one in record["steps"]} == {"SUCCEEDED"}

    followed, cursor = list[Any](), ""

    def followed_to_the_end() -> Any:
        nonlocal cursor
        page = ann(f"GET /requests/{request_id}/events?limit=9{cursor}").body
        followed.extend(page["events"])
        cursor = f"&cursor={page['nextCursor']}"
        return page if page["isOver"] else None

    page = until(followed_to_the_end)
    assert [one["id"] for one in followed] == [*range(1, len(followed) + 1)]
    assert {one["step"]: one["event"] for one in followed} == dict.fromkeys(steps, "SUCCEEDED")
    assert (page["state"], page["executionArn"]) == ("VENDED", record["executionArn"])

    account = ann(f"GET /accounts/{account_id}").body
    changed = ann(f"PUT /accounts/{account_id}", account["document"] | {"tags": {"a": "1"}})

    assert changed.status == 202
    until(lambda: ann(f"GET /accounts/{account_id}").body["revision"] == 2)

    retired = ann(f"POST /accounts/{account_id}/retire", {"reason": "over"})

    def closes_at() -> Any:
        return (ann(f"GET /accounts/{account_id}").body["retirement"] or {}).get("closesAt")

    assert retired.status == 202
    until(closes_at)

    restored = ann(f"POST /accounts/{account_id}/restore")

    assert restored.status == 202
    until(lambda: ann(f"GET /accounts/{account_id}").body["state"] == "ACTIVE")


def test_event_on_the_bus_cannot_pass_for_a_call_of_the_api(
    client: ApiClient, deployed: EmbeddedAws
) -> None:
    document = DOCUMENT | {"requestId": "forged"}
    event = {
        "Source": "account-vending.api",
        "DetailType": "AccountRequested",
        "Detail": json.dumps(document),
        "EventBusName": deployed.outputs["EventBusName"],
    }

    deployed.client("events").put_events(Entries=[event])

    def record() -> Any:
        found = client("GET /requests?state=REJECTED").body["requests"]
        return next((one for one in found if one["requestId"].endswith("forged")), None)

    assert until(record)["error"]["code"] == "RequestNotAllowed"


@pytest.mark.slow
def test_request_that_waits_for_its_slot_is_cancelled_and_resumed(
    client: ApiClient, deployed: EmbeddedAws
) -> None:
    deployed.renew(faults=[{"createAccount": {"calls": [1, 2, 3, 4, 5], "seconds": 1_200}}])
    for number in range(6):
        account = {"name": f"Slow {number}", "email": f"aws+slow{number}@example.com"}
        assert client("POST /requests", {"account": account}).status == 202

    def queued() -> Any:
        found = client("GET /requests?state=QUEUED").body["requests"]
        creating = client("GET /requests?state=CREATING").body["requests"]
        return found[0]["requestId"] if len(found) == 1 and len(creating) == 5 else None

    request_id = until(queued)

    cancelled = client(f"POST /requests/{request_id}/cancel")

    def ended() -> Any:
        found = client(f"GET /requests/{request_id}").body
        return found if found["state"] == "FAILED" else None

    record = until(ended)
    assert cancelled.status == 202
    assert record["error"]["code"] == "ExecutionAborted"
    assert "Cancelled by arn:aws:iam::111111111111:root" in record["error"]["message"]
    assert {step["state"] for step in record["steps"]} == {"SUCCEEDED", "STOPPED"}
    assert client(f"POST /requests/{request_id}/cancel").status == 409

    resumed = client(f"POST /requests/{request_id}/resume")

    assert resumed.status == 202
    until(lambda: client(f"GET /requests/{request_id}").body["state"] in ("QUEUED", "VENDED"))
