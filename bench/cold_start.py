"""What a function computes before its first answer, beside what the SDK alone computes."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    "import sys, time; sys.path[:0] = [{path!r}]\n{do}\n"
    "sys.stderr.write(f'\\n{{time.process_time()}}')"
)


def measure(only: Sequence[str] = ()) -> Report:
    """Every function of the deployed stack, or those named, started anew for its first event."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "local")
    keys["AWS_DEFAULT_REGION"] = "us-east-1"
    sdk = Start(do=_SDK, path=Path(sysconfig.get_path("purelib")), variables=keys)
    costs = {name: _cpu_of(start, sdk) for name, start in _starts(only)}
    ratios = {name: ours / sdks for name, (ours, sdks) in costs.items()}
    dearest_first = sorted(ratios, key=lambda name: -ratios[name])
    within = sum(ratio <= RATIO for ratio in ratios.values())
    return Report(
        part="cold",
        title="A function's first answer, beside the SDK with one client",
        headings=["function", "CPU", "SDK", "CPU / SDK"],
        table=[
            [name, *(f"{1000 * seconds:.0f} ms" for seconds in costs[name]), f"{ratios[name]:.2f}"]
            for name in dearest_first
        ],
        measurements=[
            Measurement(
                name="cold start / SDK, the dearest function",
                value=max(ratios.values()),
                at_most=RATIO,
            )
        ],
        notes=[
            "SDK: CPU for `import boto3` and one client, in turns with the function's runs",
            f"{within} of {len(ratios)} within {RATIO}; median {median(ratios.values()):.2f}",
        ],
        data={"cpu_and_sdk_seconds": costs},
    )


@dataclass(frozen=True, kw_only=True)
class Start:
    """A program for a process of its own, with what it imports from and its environment."""

    do: str
    path: Path
    variables: Mapping[str, str]

    def run(self) -> float:
        """CPU seconds from the interpreter's start until the program is done."""
        program = _PROGRAM.format(path=str(self.path), do=self.do)
        # As the functions' processes are started.
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", program]
        done = subprocess.run(  # noqa: S603
            command, check=True, env=dict(self.variables), capture_output=True, text=True
        )
        return float(done.stderr.splitlines()[-1])


def _starts(only: Sequence[str]) -> Iterator[tuple[str, Start]]:
    """The functions by their construct ids, each started for its first event."""
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
            path = Path(variables["LAMBDA_TASK_ROOT"])
            yield name, Start(do=do, path=path, variables=variables)


def _recorded() -> dict[str, Any]:
    """An event for each task, as the newest definitions send it. Others start with one that says
    nothing, which their payload's model refuses.
    """
    newest = max(_PAYLOADS.glob("*.json"))
    recorded = json.loads(newest.read_text(encoding="utf-8"))
    return {task: payloads[0] for task, payloads in recorded.items()}


def _cpu_of(*starts: Start) -> list[float]:
    """CPU seconds of the quickest of some runs of each, in turns: the machine is never the same."""
    runs = [[start.run() for start in starts] for _ in range(_RUNS)]
    return [min(seconds) for seconds in zip(*runs, strict=True)]
