"""ServeApi: answers API Gateway's requests, which it has authorized by IAM, or by a token.

An entrance as the bus is: it starts the same state machines, which decide again on everything. What
it refuses, it refuses with every mistake at once, before anything is started.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from vending.api import catalogue, openapi, problems
from vending.api.accounts import AccountRoutes
from vending.api.approver import Approver
from vending.api.caller import Caller
from vending.api.parameters import Call
from vending.api.plan import planned
from vending.api.requests import Requests
from vending.api.routes import ROUTES, Route
from vending.api.starts import Starts
from vending.approvals.deciding import Decisions
from vending.aws import clients
from vending.aws.executions import account_id_of
from vending.aws.measurements import write_measured
from vending.aws.observability import log_request_id, logger, tracer
from vending.errors.aws_errors import translate_aws_errors
from vending.errors.exceptions import OperationRefused, UnknownResource, VendingError
from vending.handler import settings, wiring
from vending.request import account_request

CALLS = {
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "states:DescribeExecution",
    "states:GetExecutionHistory",
    "states:SendTaskSuccess",
    "states:StartExecution",
    "states:StopExecution",
}

Json = dict[str, Any]


class Api:
    """One invocation's routes, by their operations."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        settled = settings.read(settings.ApiSettings)
        self._event = event
        self._caller = Caller.of(
            event,
            wiring.request_policy(),
            here=account_id_of(settled.state_machine_arn),
            claim=settled.token_claim,
        )
        stepfunctions = clients.stepfunctions()
        starts = Starts(
            stepfunctions=stepfunctions,
            vending_machine_arn=settled.state_machine_arn,
            retirement_machine_arn=settled.retirement_state_machine_arn,
        )
        approver = Approver(
            decisions=Decisions(table=wiring.table(), states=stepfunctions), caller=self._caller
        )
        self._requests = Requests(
            ledger=wiring.ledger(),
            starts=starts,
            stepfunctions=stepfunctions,
            caller=self._caller,
            approver=approver,
        )
        self._accounts = AccountRoutes(
            ledger=wiring.ledger(),
            retirements=wiring.retirements(),
            starts=starts,
            caller=self._caller,
            approver=approver,
        )

    def answer(self, route: Route, parameters: Mapping[str, str]) -> Json:
        """What the route answers; VendingError where it refuses."""
        if not route.is_public:
            self._caller.authorization  # noqa: B018 -- refuses whom the request policy does not have
        request_id, account_id = parameters.get("requestId", ""), parameters.get("accountId", "")
        if request_id:
            log_request_id(request_id)
        call = self._call(route)
        operations: Mapping[str, Callable[[], Json]] = {
            "createRequest": lambda: self._requests.create(call),
            "listRequests": lambda: self._requests.list(call),
            "getRequest": lambda: self._requests.get(request_id),
            "listRequestEvents": lambda: self._requests.events(request_id, call),
            "resumeRequest": lambda: self._requests.resume(request_id, call),
            "cancelRequest": lambda: self._requests.cancel(request_id),
            "approveRequest": lambda: self._requests.approve(request_id, call),
            "rejectRequest": lambda: self._requests.reject(request_id, call),
            "listAccounts": lambda: self._accounts.list(call),
            "getAccount": lambda: self._accounts.get(account_id, call),
            "changeAccount": lambda: self._accounts.change(account_id, call),
            "retireAccount": lambda: self._accounts.retire(account_id, call),
            "restoreAccount": lambda: self._accounts.restore(account_id, call),
            "planRequest": lambda: planned(call, self._caller, wiring.ledger()),
            "approveRetirement": lambda: self._accounts.approve(account_id, call),
            "rejectRetirement": lambda: self._accounts.reject(account_id, call),
            "getSchema": account_request.schema,
            "listErrors": catalogue.errors,
            "getOpenApi": openapi.document,
        }
        return operations[route.operation]()

    def _call(self, route: Route) -> Call:
        event = self._event
        body = event.get("body")
        if body and event.get("isBase64Encoded"):
            body = base64.b64decode(body).decode("utf-8", "replace")
        headers = event.get("headers") or {}
        return Call(
            path=f"{route.method} {event['rawPath']}",
            query=event.get("queryStringParameters") or {},
            body=body,
            key=headers.get("idempotency-key") if route.is_idempotent_by_key else None,
        )


app = APIGatewayHttpResolver()


def _answered(route: Route) -> Callable[..., Response[str]]:
    def answer(**parameters: str) -> Response[str]:
        event = app.current_event.raw_event
        try:
            with translate_aws_errors():
                content = Api(event).answer(route, parameters)
        except VendingError as error:
            return _refused(error)
        except Exception:
            logger.exception("the API failed")
            return _refused(
                OperationRefused(
                    "The API failed.",
                    code="ApiFailed",
                    remedy="The function's log has the cause; report it to whoever operates "
                    "account vending.",
                )
            )
        headers: dict[str, str | list[str]] = {}
        if openapi.has_location(route):
            headers["Location"] = f"/requests/{content['requestId']}"
        return Response(
            status_code=openapi.CONTRACTS[route.operation].status,
            content_type="application/json",
            body=json.dumps(content, ensure_ascii=False),
            headers=headers,
        )

    return answer


def _refused(error: VendingError) -> Response[str]:
    problem = problems.problem_of(error)
    logger.warning("refused", extra={"code": error.code, "status": problem["status"]})
    headers: dict[str, str | list[str]] = {}
    if problem["status"] == problems.RETRY_STATUS:
        headers["Retry-After"] = str(problems.RETRY_AFTER_SECONDS)
    return Response(
        status_code=problem["status"],
        content_type=problems.CONTENT_TYPE,
        body=json.dumps(problem, ensure_ascii=False),
        headers=headers,
    )


@app.not_found
def _not_found(_error: Exception) -> Response[str]:
    return _refused(
        UnknownResource(
            "There is no such route.", code="UnknownRoute", remedy="docs/api.md lists the routes."
        )
    )


for _route in ROUTES:
    _rule = _route.path.replace("{", "<").replace("}", ">")
    app.route(_rule, method=_route.method)(_answered(_route))


@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
def handler(event: Json, context: Any) -> Json:
    """The Lambda entrance."""
    request = event.get("requestContext", {})
    logger.append_keys(step="ServeApi", api_request=request.get("requestId"))
    try:
        answer: Json = app.resolve(event, context)
        logger.info(
            "answered", extra={"route": event.get("routeKey"), "status": answer["statusCode"]}
        )
        return answer
    finally:
        write_measured()
        logger.remove_keys(["step", "api_request", "request_id"])
