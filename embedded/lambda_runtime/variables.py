"""What a function's process has in its environment: Lambda's variables, its own, and nothing else.

AWS page: "Working with Lambda environment variables", defined runtime environment variables.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from embedded.core.frozen import frozen


@frozen
class FunctionSettings:
    """A function's configuration as its execution environments see it."""

    name: str
    arn: str
    version: str
    account_id: str
    region: str
    handler: str
    role_arn: str
    runtime: str
    memory_mb: int
    timeout_seconds: float
    log_group: str
    log_format: str
    log_level: str | None
    traced: bool
    variables: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, function: Any) -> FunctionSettings:
        """Of a function in moto's Lambda."""
        logging = function.logging_config
        return cls(
            name=function.function_name,
            arn=function.function_arn,
            version=str(function.version),
            account_id=function.account_id,
            region=function.region,
            handler=function.handler,
            role_arn=function.role,
            runtime=function.run_time,
            memory_mb=int(function.memory_size),
            timeout_seconds=float(function.timeout),
            log_group=logging["LogGroup"],
            log_format=logging["LogFormat"],
            log_level=logging.get("ApplicationLogLevel"),
            traced=function.tracing_config.get("Mode") == "Active",
            variables={name: str(value) for name, value in function.environment_vars.items()},
        )


def shared_variables(*, region: str, runtime: str, xray_address: str) -> dict[str, str]:
    """Those that are the same in every function of one runtime and region."""
    host, _, port = xray_address.rpartition(":")
    return {
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_REGION": region,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": xray_address,
        "_AWS_XRAY_DAEMON_ADDRESS": host,
        "_AWS_XRAY_DAEMON_PORT": port,
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
    }


def process_variables(
    function: FunctionSettings,
    *,
    shared: dict[str, str],
    log_stream: str,
    runtime_api: str,
    endpoint_url: str,
    credentials: Any,
) -> dict[str, str]:
    """All variables of one execution environment.

    Args:
        function: whose environment.
        shared: of `shared_variables`, with what the launcher adds.
        log_stream: the environment's log stream.
        runtime_api: `host:port` of its Runtime API.
        endpoint_url: where it reaches AWS.
        credentials: of its role: access_key_id, secret_access_key, session_token.
    """
    logging = {}
    if function.log_format == "JSON":
        logging = {
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": function.log_level or "INFO",
        }
    return {
        **shared,
        **function.variables,
        **logging,
        "_HANDLER": function.handler,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": function.region,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }
