"""One execution environment: a process of one function that answers one invocation at a time."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import threading
import time

from embedded.core.clock import Clock
from embedded.core.credentials import Credentials, RoleCredentials
from embedded.core.frozen import frozen
from embedded.lambda_runtime.function_log import FunctionLog
from embedded.lambda_runtime.processes import Launcher
from embedded.lambda_runtime.runtime_api import Invocation, Report, RuntimeApi
from embedded.lambda_runtime.variables import FunctionSettings, process_variables

_INIT_SECONDS = 10.0
"""How long Lambda lets a function import itself, besides its own time-out."""

_EXIT_SECONDS = 10.0


@frozen
class Plan:
    """What an environment is made from; a warm one serves while this is still the same."""

    function: FunctionSettings
    clock: Clock
    endpoint_url: str
    credentials_from: Credentials
    """The registry that issued the role's credentials."""


@frozen
class Outcome:
    """The payload for the caller; `failed` is FunctionError `Unhandled`."""

    payload: bytes
    failed: bool
    tail: bytes


class EnvironmentGoneError(Exception):
    """A warm environment's process had ended before it took the invocation: another may take it."""


class ExecutionEnvironment:
    """Starts the process at once; its import of the handler runs until the first invocation."""

    def __init__(self, plan: Plan, launcher: Launcher, *, credentials: RoleCredentials) -> None:
        self.plan = plan
        self._access_key_id = credentials.access_key_id
        self.alive = True
        self._log = FunctionLog(plan.function, plan.clock.now)
        self._logging = threading.Lock()
        self._line = b""
        self._warm = False
        self._started = time.monotonic()
        self._api = RuntimeApi()
        self._output, output = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._process = launcher.start(
                process_variables(
                    plan.function,
                    shared=launcher.shared,
                    log_stream=self._log.stream,
                    runtime_api=self._api.address,
                    endpoint_url=plan.endpoint_url,
                    credentials=credentials,
                ),
                clock=plan.clock.path,
                output=output,
                ended=self._ended,
            )
        except BaseException:
            self._api.close()
            os.close(self._output)
            raise
        finally:
            os.close(output)
        threading.Thread(target=self._follow_output, name="lambda-output", daemon=True).start()

    def invoke(
        self,
        payload: bytes,
        *,
        request_id: str,
        trace_id: str,
        client_context: str | None,
        crash: bool,
    ) -> Outcome:
        """Run the handler once. Afterwards the environment serves on if it is still `alive`.

        Args:
            payload: the event, JSON.
            request_id: Lambda's id of the invocation.
            trace_id: the X-Ray header.
            client_context: what the caller's application says about itself, JSON.
            crash: let the process die when the handler has answered.

        Raises:
            EnvironmentGoneError: it had served before and is no more.
        """
        function, clock = self.plan.function, self.plan.clock
        left = clock.computing_speed * function.timeout_seconds
        with self._logging:
            self._log.start(request_id)
        self._api.invoke(
            Invocation(
                request_id=request_id,
                payload=payload,
                function_arn=function.arn,
                trace_id=trace_id,
                deadline_ms=int((clock.now() + left) * 1000),
                client_context=client_context,
            )
        )
        report, began = self._await_answer()
        body = self._judge(report, request_id, crash=crash)
        self._drain(flush=True)
        init = None if self._warm or began is None else 1000 * (began - self._started)
        with self._logging:
            if report is None:
                self._log.timed_out(request_id)
            began = self._started if began is None else began
            self._log.end(
                request_id,
                milliseconds=1000 * (time.monotonic() - began),
                init_milliseconds=init,
            )
            tail = self._log.tail()
        self._warm = True
        failed = crash or report is None or report.kind != "response"
        return Outcome(payload=body, failed=failed, tail=tail)

    def close(self) -> None:
        """End the process."""
        self.alive = False
        self._process.kill()
        self._api.close()

    def _await_answer(self) -> tuple[Report | None, float | None]:
        """What ended the invocation (None: its time) and when the handler began."""
        timeout = self.plan.function.timeout_seconds
        deadline = time.monotonic() + timeout + (0 if self._warm else _INIT_SECONDS)
        began = None
        while True:
            report = self._report(deadline)
            if report is None or report.kind != "started":
                if report is not None and report.kind == "ended" and self._warm and began is None:
                    raise EnvironmentGoneError
                return report, began
            began = time.monotonic()
            deadline = began + timeout

    def _report(self, deadline: float) -> Report | None:
        try:
            return self._api.reports.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None

    def _judge(self, report: Report | None, request_id: str, *, crash: bool) -> bytes:
        """The payload for the caller; ends the process where it must not serve again."""
        if report is not None and report.kind in {"response", "error"} and not crash:
            return report.body
        self.alive = False
        self._process.kill()
        if report is None:
            self._await_end()
            seconds = f"{self.plan.function.timeout_seconds:.2f} seconds"
            return _platform_error(
                "Sandbox.Timedout", request_id, f"Task timed out after {seconds}"
            )
        if report.kind == "init-error":
            self._await_end()
            return report.body
        ended = report if report.kind == "ended" else self._await_end()
        return _platform_error("Runtime.ExitError", request_id, _how(ended.status))

    def _await_end(self) -> Report:
        deadline = time.monotonic() + _EXIT_SECONDS
        while True:
            report = self._report(deadline)
            if report is None or report.kind == "ended":
                return report or Report(kind="ended", status=9)

    def _ended(self, status: int) -> None:
        self.alive = False
        self.plan.credentials_from.forget(self._access_key_id)
        self._api.reports.put(Report(kind="ended", status=status))

    def _follow_output(self) -> None:
        # The pipe must be emptied while the function runs, or a talkative one would block.
        printed = select.poll()
        printed.register(self._output, select.POLLIN)
        more = True
        while more:
            printed.poll()
            more = self._drain()
        self._drain(flush=True)
        with self._logging:
            os.close(self._output)
            self._output = -1

    def _drain(self, *, flush: bool = False) -> bool:
        """Move what was printed to the log; False at the end of the output."""
        with self._logging:
            more = self._output >= 0
            data = b""
            with contextlib.suppress(BlockingIOError):
                while more:
                    chunk = os.read(self._output, 1 << 16)
                    data += chunk
                    more = bool(chunk)
            *lines, self._line = (self._line + data).split(b"\n")
            if flush and self._line:
                lines.append(self._line)
                self._line = b""
            self._log.write(line.decode(errors="replace") for line in lines if line)
            return more


def _platform_error(name: str, request_id: str, what: str) -> bytes:
    message = f"RequestId: {request_id} Error: {what}"
    return json.dumps({"errorType": name, "errorMessage": message}).encode()


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        # Lambda names the one signal that it sends itself; the others by number.
        number = os.WTERMSIG(status)
        how = "killed" if number == 9 else str(number)  # noqa: PLR2004
        return f"Runtime exited with error: signal: {how}"
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {code}"
