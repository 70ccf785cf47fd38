"""Every role on every route of the deployed API, authorized by IAM and by tokens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from embedded.people import issuer
from infra.settings import ApiSettings, Settings, TokenIssuer
from tests import api_roles
from tests.infra.synthesized import synthesize
from tests.workflow import deployments
from tests.workflow.api import ApiClient, Response
from tests.workflow.ledger_rows import LedgerRows
from vending.api.routes import ROUTES, Route
from vending.aws.clock import timestamp
from vending.ledger import keys
from vending.ledger.approval_records import begin
from vending.request.account_request import parse

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

AUDIENCE = "api-roles"
TOKENS = TokenIssuer(issuer=issuer.ISSUER, audiences=(AUDIENCE,))
LIMITS: dict[str, Any] = {"requests_per_second": 1_000, "burst": 1_000}
GROUPS = {
    "requester": "developers",
    "another requester": "developers",
    "administrator": "administrators",
    "approver": "approvers",
    "operator": "operators",
    "stranger": "guests",
}
"""The claim by which the request policy of this checkout knows a role; guests are nobody."""
IAM_ROLES = {
    "requester": "Developer",
    "another requester": "Developer",
    "administrator": "Anybody",
    "approver": "Approver",
    "operator": "Operator",
}
"""Likewise; by IAM everybody is somebody in it."""
_NUMBERS = count(1)

Call = Callable[[str, Any], Response]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The API with one kind of authorization.

    Attributes:
        aws: where it is deployed.
        callers: by role.
        refusal: how API Gateway answers who is not authorized.
    """

    aws: EmbeddedAws
    callers: dict[str, Call]
    refusal: tuple[int, str]


@pytest.fixture(scope="module", params=["iam", "token"])
def deployed(
    request: pytest.FixtureRequest, cloud: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    is_by_token = request.param == "token"
    folder = tmp_path_factory.mktemp(f"assembly-by-{request.param}")
    synthesize(Settings(api=ApiSettings(tokens=TOKENS if is_by_token else None, **LIMITS)), folder)
    with deployments.deployed(cloud, folder):
        cloud.renew()
        yield Deployed(
            aws=cloud,
            callers=by_token(cloud) if is_by_token else by_iam(cloud),
            refusal=(401, "Unauthorized") if is_by_token else (403, "Forbidden"),
        )


def by_iam(aws: EmbeddedAws) -> dict[str, Call]:
    """Sessions of roles that may invoke every route."""
    known = {name: ApiClient.of_role(aws, name, ["*"]) for name in set(IAM_ROLES.values())}
    return {role: known[name] for role, name in IAM_ROLES.items()}


def by_token(aws: EmbeddedAws) -> dict[str, Call]:
    """People with a token of the issuer."""
    client = unauthorized(aws)

    def of(group: str) -> Call:
        person = issuer.Person(subject=group, name=group, groups=(group,), what="")

        def call(route: str, body: Any = None) -> Response:
            token = issuer.current().token(person, AUDIENCE, aws.clock.now())
            return client(route, body, authorization=f"Bearer {token}")

        return call

    return {role: of(group) for role, group in GROUPS.items()}


def unauthorized(aws: EmbeddedAws) -> ApiClient:
    return ApiClient(url=aws.outputs["ApiEndpoint"], credentials=None)


def seeded(aws: EmbeddedAws, route: Route, owner: str) -> dict[str, str]:
    """A request and an account of the owner's with which the route can do something; their ids."""
    number = next(_NUMBERS)
    request_id, account_id = f"{owner}.one-{number}", f"{number:012}"
    now = timestamp(aws.clock.now())
    document = {**parse(api_roles.DOCUMENT).normalised(), "requestId": request_id}
    waits = {
        "approval": begin(
            [{"rule": "all", "approvals": 1, "by": ["approvers"]}],
            content="0" * 64,
            expires_at=timestamp(aws.clock.now() + 86_400),
            at=now,
        ),
        "executionArn": execution(aws),
        "updatedAt": now,
        "sender": {"requester": owner},
    }
    request = {
        "pk": keys.request(request_id),
        "requestId": request_id,
        "state": api_roles.state_for(route),
        "request": document,
        "requestedAt": now,
        **waits,
    }
    account = {
        "pk": keys.account_record(account_id),
        "accountId": account_id,
        "state": "ACTIVE",
        "revision": 1,
        "document": document,
        "requestId": request_id,
        "updatedAt": now,
    }
    retirement = {
        "pk": keys.retirement(account_id),
        "accountId": account_id,
        "action": "retire",
        "state": "AWAITING_APPROVAL",
        **waits,
    }
    is_retired = "Retirement" in route.operation
    LedgerRows(aws).put([request, account, *([retirement] if is_retired else [])])
    return {"requestId": request_id, "accountId": account_id}


def execution(aws: EmbeddedAws) -> str:
    """An execution, which ends at once: there is no request in it."""
    started = aws.client("stepfunctions").start_execution(
        stateMachineArn=aws.outputs["StateMachineArn"], input=json.dumps({})
    )
    return str(started["executionArn"])


@pytest.mark.slow
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_deployed_route_answers_each_role_as_it_is_said(deployed: Deployed, route: Route) -> None:
    body = api_roles.BODIES.get(route.operation)
    answered = dict[str, int]()

    for role, call in deployed.callers.items():
        owner = "somebody" if role == "another requester" else "developers"
        ids = seeded(deployed.aws, route, owner)
        answered[role] = call(f"{route.method} {route.path.format(**ids)}", body).status
    refused = unauthorized(deployed.aws)(f"{route.method} {route.path.format(**ids)}", body)

    assert answered == {role: api_roles.expected(route, role) for role in deployed.callers}
    status, message = deployed.refusal
    assert (refused.status, refused.body) == (status, {"message": message})
