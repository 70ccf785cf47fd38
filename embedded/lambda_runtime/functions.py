"""Lambda on moto whose functions run: moto keeps their configuration, processes here run them.

Every function runs from the one built asset that is installed, whatever its `Code` says: the
template's asset is for Lambda's platform, the installed one is the same for this machine.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import secrets
import socket
import threading
import time
import uuid
import zipfile
from pathlib import Path
from typing import Any

from moto.awslambda import models
from moto.core.exceptions import JsonRESTError

from embedded import REGION
from embedded.core.context import current
from embedded.lambda_runtime import async_invocations, function_log
from embedded.lambda_runtime.environment import (
    EnvironmentGoneError,
    ExecutionEnvironment,
    Outcome,
    Plan,
)
from embedded.lambda_runtime.pool import Pool, PoolClosedError
from embedded.lambda_runtime.processes import Launcher
from embedded.lambda_runtime.variables import FunctionSettings, shared_variables
from embedded.policies.service_roles import may_assume

_RUNTIME = "python3.13"
_NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."


class LambdaRuntime:
    """Runs functions of one asset.

    Args:
        asset: the functions' folder.
        runtime: the folder with the runtime client.
        at_most: how many environments of one function run at once.
        fork: whether to start processes by fork.
    """

    def __init__(self, asset: Path, runtime: Path, *, at_most: int, fork: bool) -> None:
        self._asset, self._at_most = asset, at_most
        # Tracing is on as on AWS, but segments end here, not in a daemon that this machine may run.
        self._xray = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._xray.bind(("127.0.0.1", 0))
        shared = shared_variables(
            region=REGION,
            runtime=_RUNTIME,
            xray_address=f"127.0.0.1:{self._xray.getsockname()[1]}",
        )
        self._launcher = Launcher(asset=asset, runtime=runtime, shared=shared, fork=fork)
        self._pools: dict[str, Pool] = {}
        self._lock = threading.Lock()
        self._package: tuple[int, str] | None = None

    def invoke(self, function: EmbeddedFunction, payload: bytes, headers: Any) -> Outcome:
        """Run the function and wait for it.

        Raises:
            JsonRESTError: AccessDeniedException, Lambda may no longer assume the role.
        """
        if not _may_assume(str(function.role), function):
            raise _RoleNotAssumable
        context = current()
        settings = FunctionSettings.of(function)
        crash = context.faults.for_invocation(construct_id(settings))
        plan = Plan(
            function=settings,
            clock=context.clock,
            endpoint_url=context.endpoint_url,
            credentials_from=context.credentials,
        )
        encoded = headers.get("X-Amz-Client-Context")
        request_id = str(uuid.uuid4())
        trace_id = _trace_id(headers.get("X-Amzn-Trace-Id"), sampled=settings.traced)
        pool = self._pool(settings.arn)
        at_most = min(self._at_most, int(function.reserved_concurrency or self._at_most))
        with context.clock.computing():
            while True:
                environment = pool.acquire(plan, at_most=at_most)
                try:
                    return environment.invoke(
                        payload,
                        request_id=request_id,
                        trace_id=trace_id,
                        client_context=base64.b64decode(encoded).decode() if encoded else None,
                        crash=crash,
                    )
                except EnvironmentGoneError:
                    continue
                finally:
                    pool.release(environment)

    @property
    def shared(self) -> dict[str, str]:
        """The environment variables that are the same for every function."""
        return self._launcher.shared

    def package(self) -> tuple[int, str]:
        """Size and base64 SHA-256 of the installed asset as a zip without compression."""
        with self._lock:
            if self._package is None:
                self._package = _package(self._asset)
            return self._package

    def close(self) -> None:
        """End every process."""
        for pool in self._pools.values():
            pool.close()
        self._launcher.close()
        self._xray.close()

    def forget_deleted(self) -> None:
        """End the environments of functions that are no more."""
        with self._lock:
            for arn in list(self._pools):
                account_id, region = arn.split(":")[4], arn.split(":")[3]
                if models.lambda_backends[account_id][region].get_function_by_arn(arn) is None:
                    self._pools.pop(arn).close()

    def _pool(self, arn: str) -> Pool:
        with self._lock:
            return self._pools.setdefault(arn, Pool(self._start))

    def _start(self, plan: Plan) -> ExecutionEnvironment:
        function = plan.function
        credentials = current().credentials.issue(function.role_arn, function.name)
        return ExecutionEnvironment(plan, self._launcher, credentials=credentials)


class EmbeddedFunction(models.LambdaFunction):
    """moto's function, run by `runtime`."""

    runtime: LambdaRuntime | None = None

    def __init__(
        self, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1
    ) -> None:
        self.logging_config = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{spec['FunctionName']}",
            **(spec.get("LoggingConfig") or {}),
        }
        self.dead_letter_config = spec.get("DeadLetterConfig") or {}
        super().__init__(account_id, spec, region, version)
        self.logs_group_name = self.logging_config["LogGroup"]

    @property
    def code_size(self) -> int:
        """Bytes of what runs."""
        return _runtime().package()[0]

    @property
    def code_sha_256(self) -> str:
        """Hash of what runs."""
        return _runtime().package()[1]

    def _set_function_code(self, updated_spec: dict[str, Any]) -> None:
        if "S3Key" not in updated_spec:
            raise JsonRESTError(
                "InvalidParameterValueException",
                "The embedded AWS runs functions of the deployed template's asset only.",
            )
        if updated_spec is not self.code and not updated_spec.get("DryRun"):
            self.code.update(
                {name: updated_spec[name] for name in ("S3Bucket", "S3Key") if name in updated_spec}
            )

    def get_configuration(self, on_create: bool = False) -> dict[str, Any]:
        """As moto's, with the properties that moto leaves out."""
        more = {"DeadLetterConfig": self.dead_letter_config} if self.dead_letter_config else {}
        shown = super().get_configuration(on_create)
        return {**shown, **more, "LoggingConfig": self.logging_config}

    def update_configuration(self, config_updates: dict[str, Any]) -> dict[str, Any]:
        """As moto's, with the properties that moto leaves out.

        Raises:
            InvalidParameterValueException: Lambda may not assume the role.
        """
        if "Role" in config_updates:
            _check_role(str(config_updates["Role"]), self)
        if "LoggingConfig" in config_updates:
            self.logging_config = {**self.logging_config, **config_updates["LoggingConfig"]}
            self.logs_group_name = self.logging_config["LogGroup"]
        if "DeadLetterConfig" in config_updates:
            self.dead_letter_config = config_updates["DeadLetterConfig"]
        if "TracingConfig" in config_updates:
            self.tracing_config = config_updates["TracingConfig"]
        return dict(super().update_configuration(config_updates))

    def invoke(
        self, body: str | bytes, request_headers: Any, response_headers: dict[str, str]
    ) -> bytes:
        """Run it as the InvocationType says; AWS page: Invoke.

        Raises:
            JsonRESTError: InvalidRequestContentException, the payload is not JSON.
        """
        payload = body.encode() if isinstance(body, str) else body
        payload = payload or b"{}"
        try:
            json.loads(payload)
        except ValueError as problem:
            raise JsonRESTError(
                "InvalidRequestContentException",
                f"Could not parse request body into json: {problem}",
            ) from problem
        kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return b""
        if kind == "Event":
            runtime = _runtime()
            async_invocations.run(
                lambda: runtime.invoke(self, payload, request_headers),
                async_invocations.Event(
                    payload=payload,
                    dead_letter_arn=self.dead_letter_config.get("TargetArn"),
                    role_arn=str(self.role),
                ),
            )
            return b""
        try:
            outcome = _runtime().invoke(self, payload, request_headers)
        except PoolClosedError:
            raise _NotServing from None
        response_headers["X-Amz-Executed-Version"] = str(self.version)
        if outcome.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        if request_headers.get("X-Amz-Log-Type") == "Tail":
            response_headers["x-amz-log-result"] = base64.b64encode(outcome.tail).decode()
        return outcome.payload


_put_function = models.LambdaStorage.put_function


def put_function(self: Any, function: EmbeddedFunction) -> None:
    """As moto's, which asks only that the role exists.

    Raises:
        InvalidParameterValueException: Lambda may not assume the role.
    """
    if re.match(models.InvalidRoleFormat.pattern, str(function.role)):
        _check_role(str(function.role), function)
    _put_function(self, function)


def _check_role(role_arn: str, function: EmbeddedFunction) -> None:
    if not _may_assume(role_arn, function):
        raise models.InvalidParameterValueException(_NOT_ASSUMABLE)


def _may_assume(role_arn: str, function: EmbeddedFunction) -> bool:
    arn = function.function_arn
    return may_assume(role_arn, "lambda", region=function.region, source_arn=arn)


def construct_id(function: FunctionSettings) -> str:
    """The function's construct id in the CDK app: `CreateAccount` for `create_account.handler`.

    The name that CloudFormation generates holds it in its own spelling, unless it was cut.
    """
    module = function.handler.split(".")[-2] if "." in function.handler else function.handler
    words = module.split("/")[-1].split("_")
    found = re.search("".join(map(re.escape, words)), function.name, re.IGNORECASE)
    return found.group() if found else "".join(word.capitalize() for word in words)


def logs(function_name: str) -> list[str]:
    """All lines of the function's log, oldest environment first.

    `function_name` is its name or its construct id; KeyError when there is no such function.
    """
    for backends in list(models.lambda_backends.values()):
        for backend in list(backends.values()):
            for function in list(backend.list_functions()):
                settings = FunctionSettings.of(function)
                if function_name in {settings.name, construct_id(settings)}:
                    return function_log.messages(settings)
    raise KeyError(function_name)


class _NotServing(JsonRESTError):
    """A call under way while all ends, which is nobody's failure."""

    code = 500

    def __init__(self) -> None:
        super().__init__("ServiceException", "Lambda is not running: this AWS is being stopped")


class _RoleNotAssumable(JsonRESTError):
    """An invocation after the role was deleted, or its trust policy changed."""

    code = 403

    def __init__(self) -> None:
        super().__init__("AccessDeniedException", _NOT_ASSUMABLE)


def _runtime() -> LambdaRuntime:
    if EmbeddedFunction.runtime is None:
        raise _NotServing
    return EmbeddedFunction.runtime


def _trace_id(given: str | None, *, sampled: bool) -> str:
    if given and "Sampled=" in given:
        return given
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled={int(sampled)}"


def _package(asset: Path) -> tuple[int, str]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        for path in sorted(asset.rglob("*")):
            if path.is_file():
                # A fixed date: the same files are the same package.
                files.writestr(
                    zipfile.ZipInfo(path.relative_to(asset).as_posix()), path.read_bytes()
                )
    content = archive.getvalue()
    return len(content), base64.b64encode(hashlib.sha256(content).digest()).decode()
