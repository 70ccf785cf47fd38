"""The data plane of HTTP APIs: throttling, authorization, and Lambda integrations.

Sources, of the API Gateway Developer Guide: "Control access to HTTP APIs with IAM authorization",
"Throttle requests to your HTTP APIs", "Customize HTTP API access logs". Signatures are not
verified, as nowhere here: the access key says who calls. HTTP APIs have no resource policies, so
that a principal of another account is refused whatever its policies say.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.apigatewayv2.models import apigatewayv2_backends
from moto.logs.models import logs_backends

from embedded.apigateway import routes
from embedded.apigateway.payload import Headers, Request, response
from embedded.authorization.required_permission import RequiredPermission
from embedded.core import role_clients
from embedded.core.context import Call, Context
from embedded.eventbridge.permissions import may_invoke
from embedded.organizations.state import organization_of
from embedded.protocols import protocols
from embedded.protocols.errors import Answer

if TYPE_CHECKING:
    from embedded.authorization.authorization import Authorization
    from embedded.core.principal import Principal
    from embedded.protocols.protocols import ApiCall

SERVICE = "execute-api"
_PRINCIPAL = "apigateway.amazonaws.com"
_LARGEST = 10 * 2**20
_STREAM = "access"

_lock = threading.Lock()
_buckets: dict[tuple[str, str], tuple[float, float]] = {}
"""By API and stage: tokens, and when they were counted."""


class _Refused(Exception):
    """What API Gateway answers itself: {"message": …}."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status

    headers: Headers = ()

    @property
    def message(self) -> str:
        """In AWS's words; Python changed its own for 413."""
        is_too_large = self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return "Request Entity Too Large" if is_too_large else self.status.phrase


class _Unauthorized(_Refused):
    """A token is missing, or is none that is taken."""

    def __init__(self, problem: str) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED)
        challenge = f'Bearer scope="" error="invalid_token" error_description="{problem}"'
        self.headers = (("www-authenticate", challenge),)


@dataclass(kw_only=True)
class Execution:
    """One request to an API."""

    api_id: str
    path: str
    environ: Mapping[str, Any]
    body: bytes
    context: Context
    authorization: Authorization
    route_key: str = ""
    caller: Principal | None = None
    integration_error: str = ""

    def answer(self) -> Answer:
        """The API's answer, which is logged where the stage says so."""
        self._request_id, stage = str(uuid.uuid4()), None
        try:
            api, account_id, region = self._api()
            stage, path = _stage_of(api, self.path)
            answer = self._answered(api, account_id, region, stage, path)
        except _Refused as refused:
            answer = self._made(
                refused.status,
                (("content-type", "application/json"), *refused.headers),
                json.dumps({"message": refused.message}).encode(),
            )
        self._record(answer)
        if stage is not None:
            self._log(stage, answer)
        return answer

    def _api(self) -> tuple[Any, str, str]:
        for account_id, regions in list(apigatewayv2_backends.items()):
            for region, backend in list(regions.items()):
                if self.api_id in backend.apis:
                    return backend.apis[self.api_id], account_id, region
        raise _Refused(HTTPStatus.NOT_FOUND)

    def _answered(self, api: Any, account_id: str, region: str, stage: Any, path: str) -> Answer:
        method = self.environ["REQUEST_METHOD"]
        found = routes.find(list(api.routes.values()), method, path)
        if found is None:
            raise _Refused(HTTPStatus.NOT_FOUND)
        route, parameters = found
        self.route_key = route.route_key
        _throttle(api.api_id, stage, self.context.clock.now())
        if len(self.body) > _LARGEST:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        arn = f"arn:aws:execute-api:{region}:{account_id}:{api.api_id}/{stage.name}/{method}{path}"
        authorizer = None
        if route.authorization_type == "AWS_IAM":
            authorizer = {"iam": self._authorized(arn, account_id, region)}
        elif route.authorization_type == "JWT":
            authorizer = {"jwt": self._token(api.authorizers[route.authorizer_id])}
        request = Request(
            account_id=account_id,
            api_id=api.api_id,
            region=region,
            stage=stage.name,
            route_key=route.route_key,
            path=self.path,
            parameters=parameters,
            environ=self.environ,
            body=self.body,
            request_id=self._request_id,
            now=self.context.clock.now(),
            authorizer=authorizer,
        )
        integration = api.integrations[route.target.removeprefix("integrations/")]
        return self._invoked(integration.integration_uri, request, arn)

    def _authorized(self, arn: str, account_id: str, region: str) -> dict[str, Any]:
        """What the function learns of the caller; refuses all but who may invoke the route."""
        call = protocols.identify(self.environ, self.body)
        if call is None or (call.service, call.region) != (SERVICE, region):
            raise _Refused(HTTPStatus.FORBIDDEN)
        principal = self.context.credentials.principal(call.access_key_id, call.partition)
        now = self.context.clock.now()
        if principal is None or (principal.expires_at is not None and now >= principal.expires_at):
            raise _Refused(HTTPStatus.FORBIDDEN)
        self.caller = principal
        if principal.account_id != account_id:
            raise _Refused(HTTPStatus.FORBIDDEN)
        needed = [RequiredPermission(action="execute-api:Invoke", resource=arn)]
        if not principal.is_administrator and self.authorization.refusal(
            principal, needed, call, now
        ):
            raise _Refused(HTTPStatus.FORBIDDEN)
        return _iam(principal, call)

    def _token(self, authorizer: Any) -> dict[str, Any]:
        """What the function learns of the token; refuses all but those of the issuer."""
        # Few stacks have such an authorizer, and importing what verifies tokens takes a while.
        from embedded.apigateway import tokens  # noqa: PLC0415

        settings = authorizer.jwt_config
        try:
            claims = tokens.claims_of(
                self.environ.get("HTTP_AUTHORIZATION", ""),
                issuer=settings["issuer"],
                audiences=settings["audience"],
                now=self.context.clock.now(),
            )
        except tokens.TokenInvalid as problem:
            raise _Unauthorized(str(problem)) from None
        return {"claims": tokens.shown(claims), "scopes": None}

    def _invoked(self, function_arn: str, request: Request, source_arn: str) -> Answer:
        if not may_invoke(function_arn, source_arn=source_arn, service=_PRINCIPAL):
            self.integration_error = (
                "The IAM role configured on the integration or API Gateway doesn't have "
                "permissions to call the integration. Check the permissions and try again."
            )
            raise _Refused(HTTPStatus.INTERNAL_SERVER_ERROR)
        awslambda = role_clients.client("lambda", region=request.region, session_name="apigateway")
        try:
            result = awslambda.invoke(
                FunctionName=function_arn, Payload=json.dumps(request.event()).encode()
            )
        except (ClientError, BotoCoreError) as error:
            self.integration_error = str(error)
            raise _Refused(HTTPStatus.INTERNAL_SERVER_ERROR) from error
        answer = None if "FunctionError" in result else response(result["Payload"].read())
        if answer is None:
            self.integration_error = "The function failed, or its result is no response."
            raise _Refused(HTTPStatus.INTERNAL_SERVER_ERROR)
        return self._made(*answer)

    def _made(self, status: int, headers: Headers, body: bytes) -> Answer:
        phrase = HTTPStatus(status).phrase
        return Answer(
            status=f"{int(status)} {phrase}",
            headers=(*headers, ("apigw-requestid", self._request_id)),
            body=body,
        )

    def _record(self, answer: Answer) -> None:
        status = int(answer.status.split()[0])
        self.context.calls.append(
            Call(
                service=SERVICE,
                operation=self.route_key or "Unknown",
                caller=self.caller.arn if self.caller else "",
                at=self.context.clock.now(),
                error=None if status < HTTPStatus.BAD_REQUEST else answer.status,
            )
        )

    def _log(self, stage: Any, answer: Answer) -> None:
        settings = stage.access_log_settings or {}
        destination = settings.get("destinationArn")
        if not destination:
            return
        region, account_id, _, group = destination.split(":")[3:7]
        status = answer.status.split()[0]
        is_own = answer.headers[:1] == (("content-type", "application/json"),)
        known = {
            "requestId": self._request_id,
            "requestTime": str(self.context.clock.now()),
            "routeKey": self.route_key,
            "status": status,
            "error.message": answer.status.partition(" ")[2]
            if is_own and int(status) >= HTTPStatus.BAD_REQUEST
            else "",
            "integrationErrorMessage": self.integration_error,
            "identity.sourceIp": "127.0.0.1",
            "identity.userArn": self.caller.arn if self.caller else "",
        }
        message = re.sub(
            r"\$context\.([\w.]+)",
            lambda found: json.dumps(known.get(found[1]) or "-")[1:-1],
            settings["format"],
        )
        backend = logs_backends[account_id][region]
        if group in backend.groups:
            backend.ensure_log_stream(group, _STREAM)
            at = int(self.context.clock.now() * 1000)
            backend.groups[group].put_log_events(_STREAM, [{"timestamp": at, "message": message}])


def _stage_of(api: Any, path: str) -> tuple[Any, str]:
    """The stage, and the path within it: one with a name is the first part of the path."""
    first, _, rest = path.lstrip("/").partition("/")
    if first in api.stages:
        return api.stages[first], f"/{rest}"
    if routes.DEFAULT in api.stages:
        return api.stages[routes.DEFAULT], path
    raise _Refused(HTTPStatus.NOT_FOUND)


def _throttle(api_id: str, stage: Any, now: float) -> None:
    """Take a token of the stage's bucket, where its settings have one."""
    settings = stage.default_route_settings or {}
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    if rate is None or burst is None:
        return
    with _lock:
        tokens, at = _buckets.get((api_id, stage.name), (float(burst), now))
        tokens = min(float(burst), tokens + max(now - at, 0.0) * float(rate))
        is_let_in = tokens >= 1
        _buckets[(api_id, stage.name)] = (tokens - is_let_in, now)
    if not is_let_in:
        raise _Refused(HTTPStatus.TOO_MANY_REQUESTS)


def _iam(principal: Principal, call: ApiCall) -> dict[str, Any]:
    organization = organization_of(principal.account_id)
    unique = principal.account_id
    if principal.role_name is not None:
        unique = f"AROA{principal.role_name.upper()[:17]}:{principal.session_name}"
    return {
        "accessKey": call.access_key_id,
        "accountId": principal.account_id,
        "callerId": unique,
        "cognitoIdentity": None,
        "principalOrgId": organization.org.id if organization else None,
        "userArn": principal.arn,
        "userId": unique,
    }
