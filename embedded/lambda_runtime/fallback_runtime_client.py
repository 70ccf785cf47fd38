"""The Lambda runtime's loop for machines on which Lambda's own client does not install.

Behaves as that client does where a function or its caller can see it: names of errors, shape of
error documents, what a handler gets, how `logging` is set up (text format). Runs inside the
function's process, so it imports the standard library only.
"""

from __future__ import annotations

import decimal
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from types import SimpleNamespace, TracebackType
from typing import Any

_API = "/2018-06-01/runtime"
_NEWER = {f"AWS_Lambda_python3.{minor}" for minor in (12, 13, 14, 15)}


class _Fault(Exception):
    """A failure of the runtime itself, with Lambda's name for it."""

    def __init__(self, name: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.trace = trace or []


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, headers: Any) -> None:
        self.aws_request_id: str = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn: str = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.tenant_id = None
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        given = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = None
        if given:
            fields = json.loads(given)
            self.client_context = SimpleNamespace(
                custom=fields.get("custom"), env=fields.get("env"), client=fields.get("client")
            )
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        return max(0, self._deadline_ms - int(time.time() * 1000))


class _Flushed:
    """A stream that keeps nothing back: what a killed function printed is in its log."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def writelines(self, lines: list[str]) -> None:
        self._stream.writelines(lines)
        self._stream.flush()


class _Records(logging.Handler):
    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        record.aws_request_id = self.request_id
        sys.stdout.write(self.format(record))


def run(handler_name: str, api_address: str) -> None:
    """Import the handler, then answer invocations; SystemExit(1) when it cannot be imported."""
    sys.stdout, sys.stderr = _Flushed(sys.stdout), _Flushed(sys.stderr)
    records = _log_to_stdout()
    connection = http.client.HTTPConnection(api_address)
    try:
        handler = _handler(handler_name)
    except _Fault as fault:
        _fail_init(connection, _document(fault.name, str(fault), fault.trace))
    except Exception as problem:
        _fail_init(connection, _raised(problem, ""))
    while True:
        connection.request("GET", f"{_API}/invocation/next")
        answer = connection.getresponse()
        event, headers = answer.read(), answer.headers
        records.request_id = request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        _trace(headers.get("Lambda-Runtime-Trace-Id"))
        try:
            result, failure = _result(handler, event, headers), None
        except _Fault as fault:
            failure = _document(fault.name, str(fault), fault.trace, request_id)
        except Exception as problem:
            failure = _raised(problem, request_id)
        if failure is None:
            kind = "application/unknown" if isinstance(result, bytes) else "application/json"
            body = result if isinstance(result, bytes) else result.encode()
            _post(connection, f"/invocation/{request_id}/response", body, {"Content-Type": kind})
        else:
            _log(failure)
            _post(
                connection,
                f"/invocation/{request_id}/error",
                _to_json(failure).encode(),
                {"Lambda-Runtime-Function-Error-Type": failure["errorType"]},
            )


def _handler(name: str) -> Callable[[Any, Context], Any]:
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        problem = "not enough values to unpack (expected 2, got 1)"
        raise _Fault("Runtime.MalformedHandlerName", f"Bad handler '{name}': {problem}")
    if module_name.partition(".")[0] in sys.builtin_module_names:
        raise _Fault(
            "Runtime.BuiltInModuleConflict",
            f"Cannot use built-in module {module_name} as a handler module",
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as problem:
        raise _Fault(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {problem}"
        ) from problem
    except SyntaxError as problem:
        where = f'  File "{problem.filename}" Line {problem.lineno}\n    {problem.text}'
        raise _Fault(
            "Runtime.UserCodeSyntaxError",
            f"Syntax error in module '{module_name}': {problem}",
            [where],
        ) from problem
    try:
        handler: Callable[[Any, Context], Any] = getattr(module, function_name)
    except AttributeError as problem:
        raise _Fault(
            "Runtime.HandlerNotFound",
            f"Handler '{function_name}' missing on module '{module_name}'",
        ) from problem
    return handler


def _result(handler: Callable[[Any, Context], Any], body: bytes, headers: Any) -> str | bytes:
    context = Context(headers)
    event: Any = body
    if headers.get("Content-Type") == "application/json":
        try:
            event = json.loads(body)
        except ValueError as problem:
            raise _Fault(
                "Runtime.UnmarshalError", f"Unable to unmarshal input: {problem}"
            ) from problem
    result = handler(event, context)
    if isinstance(result, bytes):
        return result
    try:
        return _to_json(result)
    except Exception as problem:
        raise _Fault("Runtime.MarshalError", f"Unable to marshal response: {problem}") from problem


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        exponent = value.as_tuple().exponent
        return int(value) if isinstance(exponent, int) and exponent >= 0 else float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _to_json(value: Any) -> str:
    ascii_only = os.environ.get("AWS_EXECUTION_ENV") not in _NEWER
    return json.dumps(value, default=_plain, ensure_ascii=ascii_only)


def _document(name: str, message: str, trace: list[str], request_id: str = "") -> dict[str, Any]:
    return {
        "errorMessage": message,
        "errorType": name,
        "requestId": request_id,
        "stackTrace": trace,
    }


def _raised(problem: BaseException, request_id: str) -> dict[str, Any]:
    frames = traceback.extract_tb(_outside(problem.__traceback__))
    return _document(
        type(problem).__name__, str(problem), traceback.format_list(frames), request_id
    )


def _outside(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not this file's."""
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _fail_init(connection: http.client.HTTPConnection, failure: dict[str, Any]) -> None:
    _log(failure)
    error_type = {"Lambda-Runtime-Function-Error-Type": failure["errorType"]}
    _post(connection, "/init/error", _to_json(failure).encode(), error_type)
    sys.exit(1)


def _post(
    connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]
) -> None:
    connection.request("POST", f"{_API}{path}", body, headers)
    connection.getresponse().read()


def _trace(header: str | None) -> None:
    os.environ.pop("_X_AMZN_TRACE_ID", None)
    if header is not None:
        os.environ["_X_AMZN_TRACE_ID"] = header


def _log(failure: dict[str, Any]) -> None:
    lines = [f"[ERROR] {failure['errorType']}: {failure['errorMessage']}"]
    lines.append("Traceback (most recent call last):")
    for element in failure["stackTrace"]:
        for line in element.splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines) + "\n")


def _log_to_stdout() -> _Records:
    records = _Records()
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
        "%Y-%m-%dT%H:%M:%S",
    )
    formatter.converter = time.gmtime
    records.setFormatter(formatter)
    logging.getLogger().addHandler(records)
    return records
