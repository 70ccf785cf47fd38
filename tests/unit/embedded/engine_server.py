"""Step Functions and EventBridge behind a real HTTP server, with Python callables for functions.

    with serving(speed=60) as engine:
        engine.functions["double"] = lambda payload: payload * 2
        ended = engine.run({...definition...}, {"input": 1})

Callers are identified by the access key as in the embedded AWS; `denied` stands for policies.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from moto.awslambda.models import LambdaBackend
from moto.iam.models import iam_backends

from embedded import ACCOUNT_ID, REGION, eventbridge, stepfunctions
from embedded.core import context
from embedded.core.clock import Clock
from embedded.core.context import Context
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.gateway.dispatcher import Dispatcher
from embedded.gateway.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# One for all clients: each session reads every service model anew.
_session = boto3.session.Session()
_numbers = itertools.count(1)

PATIENCE = 30.0
"""Real seconds after which something that should have happened has not."""

INVOKE = "arn:aws:states:::lambda:invoke"


class FunctionFailed(Exception):
    """What a fake function raises to fail as a function of Lambda does."""

    def __init__(self, error_type: str | None, message: str = "no luck") -> None:
        self.payload = {"errorMessage": message}
        if error_type is not None:
            self.payload = {"errorType": error_type} | self.payload
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A finished execution."""

    arn: str
    status: str
    output: Any = None
    error: str | None = None
    cause: str | None = None


@dataclass(kw_only=True)
class Engine:
    """The server, seen by a test."""

    context: Context
    functions: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    denied: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of role name and operation, such as `("machine", "Invoke")`."""
    callers: list[tuple[str, str]] = field(default_factory=list)
    """Operation and caller's ARN of every call, in order."""

    def client(self, service: str) -> Any:
        """A boto3 client of an administrator."""
        return _session.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=self.context.endpoint_url,
            aws_access_key_id="admin",
            aws_secret_access_key="admin",
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=50),
        )

    def __post_init__(self) -> None:
        self.states = self.client("stepfunctions")

    def machine(self, definition: dict[str, Any], *, name: str | None = None) -> str:
        """A state machine with the role `machine`; its ARN."""
        return str(
            self.states.create_state_machine(
                name=name or unique("machine"),
                definition=json.dumps({"QueryLanguage": "JSONata"} | definition),
                roleArn=role_arn("machine"),
            )["stateMachineArn"]
        )

    def start(self, machine: str, given: Any = None, **more: Any) -> str:
        """Start an execution; its ARN."""
        return str(
            self.states.start_execution(
                stateMachineArn=machine, input=json.dumps({} if given is None else given), **more
            )["executionArn"]
        )

    def finish(self, arn: str) -> Ended:
        """Wait for an execution's end."""

        def ended() -> Any:
            found = self.states.describe_execution(executionArn=arn)
            return None if found["status"] == "RUNNING" else found

        described = eventually(ended)
        return Ended(
            arn=arn,
            status=described["status"],
            output=json.loads(described["output"]) if "output" in described else None,
            error=described.get("error"),
            cause=described.get("cause"),
        )

    def run(self, definition: dict[str, Any], given: Any = None) -> Ended:
        """Run a definition to its end."""
        return self.finish(self.start(self.machine(definition), given))

    def history(self, arn: str, **more: Any) -> list[dict[str, Any]]:
        """All events of an execution."""
        pages = self.states.get_paginator("get_execution_history").paginate(
            executionArn=arn, **more
        )
        return [event for page in pages for event in page["events"]]


def unique(name: str) -> str:
    """A name that nothing else in this process has."""
    return f"{name}-{next(_numbers)}"


def trusting(name: str, *services: str) -> str:
    """The ARN of the role of that name, which trusts the services and nobody else."""
    roles = iam_backends[ACCOUNT_ID]["aws"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    if name in {role.name for role in roles.roles.values()}:
        roles.update_assume_role_policy(name, document)
    else:
        roles.create_role(name, document, "/", None, "", [], "3600")
    return role_arn(name)


def role_arn(name: str) -> str:
    """The ARN of a role in the embedded account."""
    return f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"


def function_arn(name: str) -> str:
    """The ARN of a fake function."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"


def task(function: str, payload: Any, **more: Any) -> dict[str, Any]:
    """A Task state that invokes a fake function."""
    arguments = {"FunctionName": function_arn(function), "Payload": payload}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments} | more


def eventually(look: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """The first truthy result of `look()`; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@contextmanager
def serving(speed: float = 1.0, faults: list[Any] | None = None) -> Iterator[Engine]:
    """A server for the time of the context.

    moto keeps what earlier tests made, so machines, buses and queues have names of their own.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    stepfunctions.install()
    eventbridge.install()
    own = Context(clock=Clock(speed), faults=Faults.parse(faults or []), credentials=Credentials())
    before = list(context._active)
    engines: list[Engine] = []
    app = _Gateway(Dispatcher(), engines)
    server = Server(0, app)
    own.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    context.activate(own)
    engine = Engine(context=own)
    engines.append(engine)
    trusting("machine", "states.amazonaws.com")
    trusting("starter", "events.amazonaws.com")
    moto_invoke = LambdaBackend.invoke
    LambdaBackend.invoke = _fake_invoke(engine)
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    ).start()
    try:
        yield engine
    finally:
        eventbridge.drain(5)
        stepfunctions.forget_executions()
        LambdaBackend.invoke = moto_invoke
        server.shutdown()
        server.server_close()
        context._active[:] = before


def _fake_invoke(engine: Engine) -> Any:
    def invoke(
        _: Any, function_name: str, _qualifier: Any, body: Any, _headers: Any, answer: Any
    ) -> bytes:
        function = engine.functions[function_name.rsplit(":", 1)[-1]]
        try:
            result = function(json.loads(body or "null"))
        except FunctionFailed as failure:
            answer["x-amz-function-error"] = "Unhandled"
            result = failure.payload
        return json.dumps(result).encode()

    return invoke


class _Gateway:
    """Identifies callers and denies what is denied, as the embedded AWS's gateway does."""

    def __init__(self, app: Any, engines: list[Engine]) -> None:
        self._app = app
        self._engines = engines

    def __call__(self, environ: Any, start_response: Any) -> Any:
        engine = self._engines[0]
        key = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition("/")[0]
        principal = engine.context.credentials.principal(key)
        assert principal is not None
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2] or (
            "Invoke" if environ["PATH_INFO"].endswith("/invocations") else ""
        )
        engine.callers.append((operation, principal.arn))
        if (principal.role_name, operation) in engine.denied:
            body = json.dumps(
                {
                    "__type": "AccessDeniedException",
                    "Message": f"User: {principal.arn} is not authorized to perform: {operation}",
                }
            ).encode()
            status = "403 Forbidden" if operation == "Invoke" else "400 Bad Request"
            start_response(
                status,
                [
                    ("Content-Type", "application/json"),
                    ("x-amzn-ErrorType", "AccessDeniedException"),
                    ("Content-Length", str(len(body))),
                ],
            )
            return [body]
        return self._app(environ, start_response)
