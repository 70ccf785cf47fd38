"""Lambda on loopback with sample functions, for tests that invoke them by boto3."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.core.base_backend import BackendDict

from embedded import REGION, lambda_runtime
from embedded.core.clock import Clock
from embedded.core.context import Context, activate
from embedded.core.credentials import RoleCredentials
from embedded.core.faults import Faults
from embedded.gateway.dispatcher import Dispatcher
from embedded.gateway.server import Server
from infra.bundling import build_runtime

ROLE = "arn:aws:iam::111111111111:role/Sample"

PATIENCE = 10.0

CLIENTS = ("awslambdaric", "stand-in")
"""What runs the functions' loops."""

SAMPLES = {
    "echo": """
        def handler(event, context):
            return {"event": event, "name": context.function_name, "id": context.aws_request_id,
                    "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
                    "left": context.get_remaining_time_in_millis()}
    """,
    "refuse": """
        class OperationRefused(Exception):
            pass

        def handler(event, context):
            raise OperationRefused(event["why"])
    """,
    "need_it": """
        import not_in_the_bundle
    """,
    "misspell": """
        def handler(event, context)
            return 1
    """,
    "lack_handler": """
        def other(event, context):
            return 1
    """,
    "start_badly": """
        raise ValueError("LEDGER_TABLE_NAME is not set")
    """,
    "return_strangely": """
        def handler(event, context):
            return object()
    """,
    "wait": """
        import time

        def handler(event, context):
            before = time.time(), time.time_ns(), time.monotonic()
            time.sleep(event["seconds"])
            after = time.time(), time.time_ns(), time.monotonic()
            return {"at": before[0], "seconds": after[0] - before[0],
                    "nanoseconds": after[1] - before[1], "real": after[2] - before[2],
                    "left": context.get_remaining_time_in_millis()}
    """,
    "hang": """
        import time

        def handler(event, context):
            print("before")
            while True:
                time.monotonic()
    """,
    "leave": """
        import os, sys

        def handler(event, context):
            print("leaving")
            sys.exit(event["status"])
    """,
    "die": """
        import os, signal

        def handler(event, context):
            os.kill(os.getpid(), signal.SIGKILL)
    """,
    "act": """
        import pathlib

        def handler(event, context):
            with open(event["file"], "a") as file:
                file.write("acted ")
            return "acted"
    """,
    "tell_environment": """
        import importlib.util, os, sys

        def handler(event, context):
            return {"variables": dict(os.environ), "path": sys.path, "folder": os.getcwd(),
                    "moto": importlib.util.find_spec("moto") is not None,
                    "embedded": importlib.util.find_spec("embedded") is not None}
    """,
    "count": """
        import os

        calls = 0

        def handler(event, context):
            global calls
            calls += 1
            return {"calls": calls, "process": os.getpid()}
    """,
    "meet": """
        import os, pathlib, time

        def handler(event, context):
            folder = pathlib.Path(event["folder"])
            (folder / str(os.getpid())).touch()
            end = time.monotonic() + 20
            while len(list(folder.iterdir())) < event["guests"] and time.monotonic() < end:
                time.sleep(0.001)
            return len(list(folder.iterdir()))
    """,
    "talk": """
        import logging, sys

        print("importing")

        def handler(event, context):
            print("to stdout")
            print("to stderr", file=sys.stderr)
            logging.getLogger().warning("by logging")
            print("without an end", end="")
    """,
    "flood": """
        def handler(event, context):
            for _ in range(3000):
                print("x" * 99)
    """,
}


@dataclass
class FakeCredentials:
    """Hands out keys that name the role and the session."""

    issued: list[tuple[str, str]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def issue(self, role_arn: str, session_name: str) -> RoleCredentials:
        self.issued.append((role_arn, session_name))
        return RoleCredentials(
            access_key_id=f"ASIA{len(self.issued):016}",
            secret_access_key="secret",
            session_token=session_name,
        )

    def forget(self, access_key_id: str) -> None:
        self.forgotten.append(access_key_id)


@dataclass(kw_only=True)
class Answer:
    """What an invocation returned."""

    payload: Any
    error: str | None
    log: str


@dataclass(kw_only=True)
class LambdaAws:
    """The running server."""

    context: Context
    credentials: FakeCredentials
    client: Any
    asset: Path

    def create(self, sample: str, *, timeout: int = 20, **settings: Any) -> str:
        """A new function that runs the sample; its name, as CloudFormation would make it."""
        words = "".join(word.capitalize() for word in sample.split("_"))
        name = f"Stack-{words}Function-{self.next_number()}"
        self.client.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime="python3.13",
            Architectures=["arm64"],
            Handler=f"operations.{sample}.handler",
            Code={"S3Bucket": "assets", "S3Key": "functions.zip"},
            Timeout=timeout,
            **settings,
        )
        return name

    def next_number(self) -> int:
        return len(self.client.list_functions()["Functions"])

    def invoke(self, name: str, event: Any = None, **how: Any) -> Answer:
        answer = self.client.invoke(
            FunctionName=name, Payload=json.dumps({} if event is None else event), **how
        )
        body = answer["Payload"].read()
        return Answer(
            payload=json.loads(body) if body else None,
            error=answer.get("FunctionError"),
            log=answer.get("LogResult", ""),
        )

    def run(self, sample: str, event: Any = None, **settings: Any) -> Answer:
        """Create and invoke once."""
        return self.invoke(self.create(sample, **settings), event)


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


def is_running(process: int) -> bool:
    """Whether it is there and not merely waiting to be reaped."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def write_samples(asset: Path) -> None:
    (asset / "operations").mkdir(parents=True)
    for name, source in SAMPLES.items():
        lines = [line.removeprefix("        ") for line in source.splitlines()]
        (asset / "operations" / f"{name}.py").write_text("\n".join(lines).strip() + "\n")


@contextlib.contextmanager
def running(folder: Path, runtime: Path, **how: Any) -> Iterator[LambdaAws]:
    """Lambda with the samples; `how` is for `lambda_runtime.install`."""
    asset = folder / "asset"
    write_samples(asset)
    BackendDict.reset()
    credentials = FakeCredentials()
    context = Context(clock=Clock(), faults=Faults.none(), credentials=credentials)  # type: ignore[arg-type]
    activate(context)
    lambda_runtime.install(asset, runtime, **how)
    app = Dispatcher()
    server = Server(0, app)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    context.endpoint_url = f"http://127.0.0.1:{server.server_port}"
    session = boto3.session.Session("test", "test", region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    try:
        session.client("iam", endpoint_url=context.endpoint_url).create_role(
            RoleName=ROLE.rpartition("/")[2],
            AssumeRolePolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
            ),
        )
        yield LambdaAws(
            context=context,
            credentials=credentials,
            client=session.client("lambda", endpoint_url=context.endpoint_url, config=config),
            asset=asset,
        )
    finally:
        lambda_runtime.shutdown()
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def running_with(client: str, folder: Path) -> Iterator[LambdaAws]:
    """Lambda with the samples and one of CLIENTS; skips the test where it does not install."""
    runtime = folder / "no-client"
    runtime.mkdir()
    if client == "awslambdaric":
        runtime = build_runtime().path
        if not (runtime / "awslambdaric").is_dir():
            pytest.skip("Lambda's runtime client does not install on this platform")
    with running(folder, runtime) as aws:
        yield aws
