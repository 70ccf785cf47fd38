"""What a function computes before its first answer, beside what the SDK alone computes."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.results import Measurement, Report

RATIO = 1.3
"""CPU time from a function's start to its first answer, over that of the SDK with one client."""

_RUNS = 3
_PAYLOADS = Path(__file__).resolve().parent.parent / "tests" / "payloads"
_SDK = "import boto3; boto3.client('organizations'); "
_FUNCTION = """
import contextlib, importlib, json
handler = getattr(importlib.import_module({module!r}), {name!r})
with contextlib.suppress(Exception):
    handler(json.loads({event!r}), None)
"""
_PROGRAM = (
    "import sys, time; sys.path[:0] = [{path!r}]\n{do}\nsys.stderr.write(str(time.process_time()))"
)


def measure(only: Sequence[str] = ()) -> Report:
    """Every function of the deployed stack, or those named, started anew for its first event."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "local")
    keys["AWS_DEFAULT_REGION"] = "us-east-1"
    sdk = _cpu_of(_SDK, Path(sysconfig.get_path("purelib")), keys)
    costs = dict(sorted(_costs(only), key=lambda cost: -cost[1]))
    ratios = {name: seconds / sdk for name, seconds in costs.items()}
    within = sum(ratio <= RATIO for ratio in ratios.values())
    return Report(
        part="cold",
        title="A function's first answer, beside the SDK with one client",
        headings=["function", "CPU", "/ SDK"],
        table=[
            [name, f"{1000 * seconds:.0f} ms", f"{ratios[name]:.2f}"]
            for name, seconds in costs.items()
        ],
        measurements=[
            Measurement(
                name="cold start / SDK, the dearest function",
                value=max(ratios.values()),
                at_most=RATIO,
            )
        ],
        notes=[
            f"SDK: {1000 * sdk:.0f} ms of CPU for `import boto3` and one client",
            f"{within} of {len(ratios)} within {RATIO}; median {median(ratios.values()):.2f}",
        ],
        data={"sdk_seconds": sdk, "cpu_seconds": costs},
    )


def _costs(only: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The functions by their construct ids, with CPU seconds."""
    from embedded import ACCOUNT_ID, REGION  # noqa: PLC0415
    from embedded.cloud import EmbeddedAws  # noqa: PLC0415

    with EmbeddedAws() as aws:
        from moto.awslambda.models import lambda_backends  # noqa: PLC0415

        from embedded.lambda_runtime.functions import EmbeddedFunction, construct_id  # noqa: PLC0415
        from embedded.lambda_runtime.variables import (  # noqa: PLC0415
            FunctionSettings,
            process_variables,
        )

        runtime = EmbeddedFunction.runtime
        if runtime is None:
            raise RuntimeError("no functions run")
        events = _recorded()
        for function in map(
            FunctionSettings.of, lambda_backends[ACCOUNT_ID][REGION].list_functions()
        ):
            name = construct_id(function)
            if only and name not in only:
                continue
            variables = process_variables(
                function,
                shared=runtime.shared,
                log_stream="bench",
                runtime_api="",
                endpoint_url=aws.endpoint_url,
                credentials=aws.context.credentials.issue(function.role_arn, function.name),
            )
            module, _, handler = function.handler.rpartition(".")
            do = _FUNCTION.format(
                module=module.replace("/", "."),
                name=handler,
                event=json.dumps(events.get(name, {})),
            )
            yield name, _cpu_of(do, Path(variables["LAMBDA_TASK_ROOT"]), variables)


def _recorded() -> dict[str, Any]:
    """An event for each task, as the newest definitions send it. Others start with one that says
    nothing, which their payload's model refuses.
    """
    newest = max(_PAYLOADS.glob("*.json"))
    recorded = json.loads(newest.read_text(encoding="utf-8"))
    return {task: payloads[0] for task, payloads in recorded.items()}


def _cpu_of(do: str, path: Path, variables: Mapping[str, str]) -> float:
    """CPU seconds of the quickest of some processes with this import path and environment."""
    program = _PROGRAM.format(path=str(path), do=do)
    # As the functions' processes are started.
    command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", program]
    return min(
        float(
            subprocess.run(  # noqa: S603
                command, check=True, env=dict(variables), capture_output=True, text=True
            ).stderr
        )
        for _ in range(_RUNS)
    )
