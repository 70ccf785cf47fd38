"""The entry of the embedded AWS: every API call is identified, authorized, made to fail where the
fault file says so, passed on to moto, and recorded.
"""

from __future__ import annotations

import contextlib
import io
import logging
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from moto.core.responses import BaseResponse

from embedded.apigateway import endpoint
from embedded.apigateway.execute_api import Execution
from embedded.authorization.authorization import Authorization, Denial
from embedded.cloudfront import delivery
from embedded.core.context import Call, Context, current
from embedded.core.in_process import called
from embedded.core.principal import Principal, caller
from embedded.gateway.dispatcher import Dispatcher
from embedded.gateway.server import Server
from embedded.moto_patches import (
    backend_lookup,
    iam_managed_policies,
    iam_policy_texts,
    speed,
    sts_session_ends,
)
from embedded.people import issuer
from embedded.protocols import protocols
from embedded.protocols.errors import (
    Answer,
    denied,
    error,
    expired_credentials,
    unknown_credentials,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from embedded.protocols.protocols import ApiCall

_LOG = logging.getLogger(__name__)
_MOTO_API = "/moto-api"
_FAILED = 400


class AnswerLost(ConnectionError):
    """The call acted and its answer is to be lost: the server must drop the connection."""


def install() -> None:
    """Make moto act in the account of the gateway's caller, know AWS's managed policies, refuse
    what IAM refuses of a policy, and end role sessions by the clock.

    moto takes the account from MOTO_ACCOUNT_ID before anything in the request, so that a request
    header would not do. Safe to repeat.
    """
    BaseResponse.get_current_account = _callers_account
    speed.install()
    backend_lookup.install()
    iam_managed_policies.install()
    iam_policy_texts.install()
    sts_session_ends.install()


def _callers_account(_: Any) -> str:
    return caller.get().account_id


def serve(port: int = 0) -> Server:
    """A threaded HTTP server on 127.0.0.1 with moto behind a gateway, bound and not yet serving.

    `port` 0 takes a free one, `server_port` says which. OSError when the port is taken.
    """
    install()
    return Server(port, Gateway(Dispatcher()))


class Gateway:
    """WSGI middleware around moto's server application.

    Requests that are not signed for an AWS service, and those to moto's own API, pass through;
    those to HTTP APIs, to distributions and to the issuer are answered here.
    Needs an active `embedded.core.context`, and `install` to have been called.
    """

    def __init__(self, app: WSGIApplication, authorization: Authorization | None = None) -> None:
        self._app = app
        self._authorization = authorization or Authorization()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request; AnswerLost, with the connection shut, where a fault says so."""
        if environ.get("PATH_INFO", "").startswith(_MOTO_API):
            return self._app(environ, start_response)
        body = _take_body(environ)
        elsewhere = self._of_another_host(environ, body)
        if elsewhere is not None:
            start_response(elsewhere.status, list(elsewhere.headers))
            return [elsewhere.body]
        call = protocols.identify(environ, body)
        if call is None:
            return self._app(environ, start_response)
        context = current()
        principal = context.credentials.principal(call.access_key_id, call.partition)
        if principal is None:
            answer = unknown_credentials(call)
            _record(call, call.access_key_id, context, answer)
            start_response(answer.status, list(answer.headers))
            return [answer.body]
        token = caller.set(principal)
        try:
            answer, lost = self._answer(call, principal, context, environ)
        finally:
            caller.reset(token)
        _record(call, principal.arn, context, answer)
        if lost:
            _hang_up(environ)
            raise AnswerLost(f"the answer to {call.service}:{call.operation} is lost")
        start_response(answer.status, list(answer.headers))
        return [answer.body]

    def _of_another_host(self, environ: WSGIEnvironment, body: bytes) -> Answer | None:
        """What answers where AWS has hosts of their own: HTTP APIs, distributions, the issuer."""
        if (api := endpoint.addressed(environ)) is not None:
            return self._executed(*api, environ, body)
        if (distribution := delivery.addressed(environ)) is not None:
            distribution_id, path = distribution
            return delivery.Delivery(
                distribution_id=distribution_id,
                path=path,
                environ=environ,
                api=lambda api_id, path: self._executed(api_id, path, environ, body),
            ).answer()
        if issuer.addressed(environ):
            return issuer.current().answer(environ, body, current().clock.now())
        return None

    def _executed(self, api_id: str, path: str, environ: WSGIEnvironment, body: bytes) -> Answer:
        return Execution(
            api_id=api_id,
            path=path,
            environ=environ,
            body=body,
            context=current(),
            authorization=self._authorization,
        ).answer()

    def _answer(
        self, call: ApiCall, principal: Principal, context: Context, environ: WSGIEnvironment
    ) -> tuple[Answer, bool]:
        """The answer, and whether it is to be lost. A call that is denied counts for no fault."""
        now = context.clock.now()
        if principal.partition != call.partition and not principal.is_administrator:
            return unknown_credentials(call), False
        if principal.expires_at is not None and now >= principal.expires_at:
            return expired_credentials(call), False
        denial = self._authorization.denial(principal, call, now)
        if denial:
            return _denied(call, denial), False
        fault = context.faults.for_call(call.service, call.operation)
        if fault and fault.error:
            members = {"Reason": fault.reason} if fault.reason else {}
            message = f"{call.operation} fails here because the fault file says so"
            return error(call, fault.error, message, members), False
        return self._act(call, environ), fault is not None and fault.lost

    def _act(self, call: ApiCall, environ: WSGIEnvironment) -> Answer:
        try:
            status, headers, body = called(self._app, environ)
        except NotImplementedError as problem:
            message = f"the embedded AWS has no {call.service}:{call.operation} ({problem})"
            return error(call, "NotImplemented", message)
        except Exception as problem:
            # What moto did not foresee would reach the client as a page of HTML.
            _LOG.exception("%s:%s failed", call.service, call.operation)
            return error(call, "InternalFailure", f"{type(problem).__name__}: {problem}")
        if status.startswith("404") and body[:15].lower() == b"<!doctype html>":
            # No route of moto's: the service is there, the operation is not, or neither is.
            message = f"the embedded AWS has no {call.service}:{call.operation}"
            return error(call, "NotImplemented", message)
        return Answer(status=status, headers=tuple(headers), body=body)


def _denied(call: ApiCall, denial: Denial) -> Answer:
    if denial.dependency is None:
        return denied(call, denial.message)
    reason = {"Reason": denial.dependency}
    return error(call, "AccessDeniedForDependencyException", denial.message, reason)


def _take_body(environ: WSGIEnvironment) -> bytes:
    """Read the request's body and put it back, so that moto finds it unread."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        body = environ["wsgi.input"].read(int(length))
    elif environ.get("wsgi.input_terminated"):
        body = environ["wsgi.input"].read()
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return bytes(body)


def _record(call: ApiCall, caller_arn: str, context: Context, answer: Answer) -> None:
    code = None
    if int(answer.status.split()[0]) >= _FAILED:
        headers = {name.lower(): value for name, value in answer.headers}
        code = protocols.error_code(headers, answer.body)
    context.calls.append(
        Call(
            service=call.service,
            operation=call.operation,
            caller=caller_arn,
            at=context.clock.now(),
            error=code,
        )
    )


def _hang_up(environ: WSGIEnvironment) -> None:
    """Shut the client's connection, where the server lets its socket be seen (werkzeug does)."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
