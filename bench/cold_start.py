"""What a function computes before its first answer, beside what the SDK alone computes."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Any

from bench import pairs
from bench.results import Measurement, Report

RATIO = 1.3
"""CPU time from a function's start to its first answer, over that of the SDK with one client."""

FIRST_VEND_SECONDS = 6.0
"""What the first vend after a quiet time may take beside AWS's own time for the account."""

FIRST_VEND = (
    "AcceptRequest",
    "CreateOrganizationalUnit",
    "ReserveCreation",
    "CreateAccount",
    "DescribeCreateAccountStatus",
    "EnableAWSServiceAccess",
    "EnableOrganizationsRootSessions",
    "RecordVended",
)
"""The functions that a vend with its whole baseline runs one after another, by its longest branch;
the organizational unit is missing, too."""

_SANDBOX_SECONDS = 0.25
"""For what Lambda does before a function's process starts; AWS publishes no figure, this is a guess
on the high side."""

_SDK_SECONDS = 0.3
"""What `import boto3` and one client take of a whole processor of Lambda's, likewise a guess on the
high side: one of the machines that this was written on needs 0.19 s, another 0.45 s."""

_MB_OF_A_PROCESSOR = 1_769
"""Memory with which a function has one processor, and in proportion (AWS Lambda Developer Guide,
"Configure Lambda function memory"); while it is imported, it has a whole one in any case."""

_PAYLOADS = Path(__file__).resolve().parent.parent / "tests" / "payloads"
_SDK = "import boto3; boto3.client('organizations'); "
_FUNCTION = """
import contextlib, importlib, json
handler = getattr(importlib.import_module({module!r}), {name!r})
imported = time.process_time()
with contextlib.suppress(Exception):
    handler(json.loads({event!r}), None)
"""
_PROGRAM = (
    "import sys, time; sys.path[:0] = [{path!r}]; imported = 0\n{do}\n"
    "sys.stderr.write(f'\\n{{imported}} {{time.process_time()}}')"
)


def measure(only: Sequence[str] = ()) -> Report:
    """Every function of the deployed stack, or those named, started anew for its first event."""
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "local")
    keys["AWS_DEFAULT_REGION"] = "us-east-1"
    sdk = Start(do=_SDK, path=Path(sysconfig.get_path("purelib")), variables=keys)
    runs = {name: _runs_of(start, sdk) for name, start in _starts(only)}
    ratios = {name: pairs.ratio(both, cost=_COST) for name, both in runs.items()}
    dearest_first = sorted(ratios, key=lambda name: -ratios[name])
    within = sum(ratio <= RATIO for ratio in ratios.values())
    return Report(
        part="cold",
        title="A function's first answer, beside the SDK with one client",
        headings=["function", "CPU", "SDK", "CPU / SDK"],
        table=[
            [name, *(f"{1000 * each:.0f} ms" for each in _usual(runs[name])), f"{ratios[name]:.2f}"]
            for name in dearest_first
        ],
        measurements=[
            Measurement(
                name="cold start / SDK, the dearest function",
                value=max(ratios.values()),
                at_most=RATIO,
            ),
            *_first_vend(runs),
        ],
        notes=[
            "SDK: CPU for `import boto3` and one client, in turns with the function's runs",
            f"{within} of {len(ratios)} within {RATIO}; median {median(ratios.values()):.2f}",
        ],
        data={
            "cpu_and_sdk_seconds": {
                name: [(ours.answered, sdks.answered) for ours, sdks in both]
                for name, both in runs.items()
            }
        },
    )


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """Processor seconds from the interpreter's start until the function is imported and until its
    first answer, and the share of a processor that Lambda gives it.
    """

    imported: float
    answered: float
    share: float = 1.0

    @property
    def elapsed(self) -> float:
        """Seconds until the first answer with that share; to be imported, it has a whole one."""
        return self.imported + (self.answered - self.imported) / min(1.0, self.share)


_COST = attrgetter("answered")


@dataclass(frozen=True, kw_only=True)
class Start:
    """A program for a process of its own, with what it imports from and its environment."""

    do: str
    path: Path
    variables: Mapping[str, str]

    memory_mb: int = _MB_OF_A_PROCESSOR

    def run(self) -> Cpu:
        """Run the program in a process of its own."""
        program = _PROGRAM.format(path=str(self.path), do=self.do)
        # As the functions' processes are started.
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", program]
        done = subprocess.run(  # noqa: S603
            command, check=True, env=dict(self.variables), capture_output=True, text=True
        )
        imported, answered = map(float, done.stderr.splitlines()[-1].split())
        share = self.memory_mb / _MB_OF_A_PROCESSOR
        return Cpu(imported=imported, answered=answered, share=share)


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
            memory_mb = function.memory_mb
            yield name, Start(do=do, path=path, variables=variables, memory_mb=memory_mb)


def _recorded() -> dict[str, Any]:
    """An event for each task, as the newest definitions send it. Others start with one that says
    nothing, which their payload's model refuses.
    """
    newest = max(_PAYLOADS.glob("*.json"))
    recorded = json.loads(newest.read_text(encoding="utf-8"))
    return {task: payloads[0] for task, payloads in recorded.items()}


def _runs_of(start: Start, sdk: Start) -> list[tuple[Cpu, Cpu]]:
    return pairs.measured(start.run, sdk.run, cost=_COST, at_most=RATIO)


def _usual(both: Sequence[tuple[Cpu, Cpu]]) -> tuple[float, float]:
    """The medians of the function's seconds and of the SDK's."""
    return median(ours.answered for ours, _ in both), median(sdks.answered for _, sdks in both)


def _first_vend(runs: Mapping[str, Sequence[tuple[Cpu, Cpu]]]) -> Iterator[Measurement]:
    """What a vend adds to AWS's own time where every function of it is started anew, on a processor
    that takes `_SDK_SECONDS` for the SDK.
    """
    if runs.keys() >= set(FIRST_VEND):
        starts = (
            median(ours.elapsed / sdks.answered for ours, sdks in runs[name]) for name in FIRST_VEND
        )
        yield Measurement(
            name="added time of the first vend after a quiet time",
            value=sum(_SANDBOX_SECONDS + _SDK_SECONDS * start for start in starts),
            unit="s",
            at_most=FIRST_VEND_SECONDS,
        )
