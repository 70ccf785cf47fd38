"""The embedded AWS as a whole: one server on loopback, extensions installed, stack deployed.

    with EmbeddedAws(speed=10) as aws:
        aws.client("events").put_events(...)

moto's backends are process-wide, so at most one runs in a process at a time.
"""

from __future__ import annotations

import gc
import logging
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from botocore.config import Config

from embedded import ACCOUNT_ID, REGION
from embedded.core.clock import Clock
from embedded.core.context import CallLog, Context, activate
from embedded.core.credentials import Credentials
from embedded.core.faults import Faults
from embedded.core.in_process import attach
from embedded.core.sessions import AGENT, DIRECT, isolated

if TYPE_CHECKING:
    from embedded.organizations import OrganizationSettings

_ADMINISTRATOR = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
PROJECT = Path(__file__).resolve().parent.parent


class EmbeddedAwsNotBuilt(Exception):
    """Something that `make synth` makes is missing; the message says what."""


class EmbeddedAws:
    """AWS in this process, with the stack of `assembly` deployed.

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        speed: how many times as fast as the wall clock waits, creations and quotas run.
        faults: a fault file, or its parsed rules.
        organization: the organization to start with; None founds the default one.
        schedules: whether rules with a schedule fire; where not, nothing runs but what is asked.
        assembly: the cloud assembly that `cdk synth` made.
        build: the folder with the functions built for this machine and their runtime client.
        calls_kept: how many of the latest calls the log keeps at least; by default
                `CallLog.MOST`.
        clock: what goes by its own rules, in place of one at `speed`.

    Raises:
        EmbeddedAwsNotBuilt: the assembly or the functions are not built.
        FaultsInvalid: the fault file has mistakes; all of them are named.
        OSError: the port is taken.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        speed: float = 1.0,
        faults: Path | list[Any] | None = None,
        organization: OrganizationSettings | None = None,
        schedules: bool = False,
        assembly: Path = PROJECT / "cdk.out",
        build: Path = PROJECT / "build",
        calls_kept: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        if calls_kept is not None and calls_kept < 1:
            raise ValueError("calls_kept must be above 0")
        self._port = port
        self._organization = organization
        self._fire_schedules = schedules
        self._schedules: Any = None
        self._streams: Any = None
        self._assembly = assembly
        self._build = build
        self._server: Any = None
        # Of its own, so that a default session that somebody set up is neither used nor changed;
        # one for all clients, because each session reads AWS's endpoints anew.
        self._session = isolated()
        self._clients: dict[str, Any] = {}
        self._making_client = threading.Lock()
        self.clock = clock or Clock(speed)
        self.faults = _read(faults)
        self.context = Context(
            clock=self.clock,
            faults=self.faults,
            credentials=Credentials(),
            calls=CallLog(calls_kept),
        )
        self.outputs: dict[str, str] = {}
        """The stack's outputs by name."""

    @property
    def endpoint_url(self) -> str:
        """Where any AWS client reaches this AWS."""
        return self.context.endpoint_url

    def start(self) -> Self:
        """Serve, found the organization, deploy the stack."""
        functions, runtime = self._build / "functions" / "local", self._build / "runtime"
        if not (self._assembly / "manifest.json").is_file() or not functions.is_dir():
            raise EmbeddedAwsNotBuilt(
                "the template or the functions are not built: run `make synth`"
            )
        _import_all()
        from moto.core.base_backend import BackendDict  # noqa: PLC0415

        from embedded import (  # noqa: PLC0415
            cloudformation,
            control_planes,
            eventbridge,
            lambda_runtime,
            organizations,
            stepfunctions,
        )
        from embedded.cloudformation import assembly  # noqa: PLC0415
        from embedded.gateway.gateway import serve  # noqa: PLC0415

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        activate(self.context)
        control_planes.install()
        stepfunctions.install()
        stepfunctions.kept.keep_in(self._build / ".definitions")
        eventbridge.install()
        cloudformation.install()
        lambda_runtime.install(functions, runtime)
        BackendDict.reset()  # an earlier one of this process had a stack of the same name
        self._server = serve(self._port)
        self.context.endpoint_url = f"http://127.0.0.1:{self._server.server_port}"
        self.context.app = self._server.app
        threading.Thread(
            target=self._server.serve_forever, name="embedded-aws", daemon=True
        ).start()
        organizations.reset_organization(self._organization or organizations.OrganizationSettings())
        self.outputs = assembly.deploy(
            assembly.Assembly.load(self._assembly), self.client("cloudformation")
        )
        self._streams = lambda_runtime.StreamMappings()
        self._streams.start()
        if self._fire_schedules:
            self._schedules = eventbridge.Schedules()
            self._schedules.start()
        return self

    def stop(self) -> None:
        """End the server and every function process."""
        from embedded import lambda_runtime  # noqa: PLC0415

        if self._schedules is not None:
            self._schedules.stop()
        if self._streams is not None:
            self._streams.stop()
        lambda_runtime.shutdown()
        self.clock.close()
        self.context.app = None
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def renew(
        self,
        faults: list[Any] | None = None,
        organization: OrganizationSettings | None = None,
    ) -> None:
        """Forget accounts, requests, events, calls and executions; keep the stack, warm.

        Args:
            faults: the rules of the new world; none by default.
            organization: the new organization; by default one like the first.
        """
        from moto.s3.models import s3_backends  # noqa: PLC0415
        from moto.sqs.models import sqs_backends  # noqa: PLC0415

        from embedded import (  # noqa: PLC0415
            eventbridge,
            lambda_runtime,
            organizations,
            stepfunctions,
        )

        self.faults.replace([])
        states = self.client("stepfunctions")
        for machine in states.list_state_machines()["stateMachines"]:
            for page in states.get_paginator("list_executions").paginate(
                stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
            ):
                for execution in page["executions"]:
                    states.stop_execution(executionArn=execution["executionArn"])
        eventbridge.drain(10)
        stepfunctions.forget_executions()
        organizations.reset_organization(
            organization or self._organization or organizations.OrganizationSettings()
        )
        # No event of the earlier organization comes any more; those under way must not act later.
        eventbridge.drain(10)
        lambda_runtime.settle(10)
        table = self.outputs["LedgerTableName"]
        dynamodb = self.client("dynamodb")
        for page in dynamodb.get_paginator("scan").paginate(
            TableName=table, ProjectionExpression="pk"
        ):
            for item in page["Items"]:
                dynamodb.delete_item(TableName=table, Key=item)
        self._streams.skip()
        if audited := self.outputs.get("AuditBucketName"):
            # Its objects are locked.
            s3_backends[ACCOUNT_ID]["aws"].buckets[audited].keys.clear()
        for queue in sqs_backends[ACCOUNT_ID][REGION].queues.values():
            # PurgeQueue answers only once a minute.
            queue._messages.clear()
        self.context.calls.clear()
        self.faults.replace(faults or [])

    def __enter__(self) -> Self:
        """Start, and stop again when starting fails half-way."""
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def client(self, service: str, **credentials: str) -> Any:
        """A boto3 client of this AWS: an administrator of the management account by default, the
        same one whenever it is asked for.
        """
        if credentials:
            return self._new_client(service, **credentials)
        with self._making_client:
            if service not in self._clients:
                self._clients[service] = self._new_client(service, **_ADMINISTRATOR)
            return self._clients[service]

    def _new_client(self, service: str, **credentials: str) -> Any:
        client = self._session.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=self.endpoint_url,
            config=Config(retries={"total_max_attempts": 1}, proxies=DIRECT, user_agent=AGENT),
            **credentials,
        )
        return attach(client, self.context)


@cache
def _import_all() -> None:
    """Import what a running embedded AWS needs, once: moto's modules are slow to import.

    What modules are made of stays. It is not looked through for garbage, now or later.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        from embedded.moto_patches import deferred  # noqa: F401, I001, PLC0415 - before the rest
        from embedded import (  # noqa: F401, PLC0415
            cloudformation,
            control_planes,
            eventbridge,
            lambda_runtime,
            organizations,
            stepfunctions,
        )
        from embedded.cloudformation import api, assembly  # noqa: F401, PLC0415
        from embedded.gateway import gateway  # noqa: F401, PLC0415
    finally:
        gc.freeze()
        if collects:
            gc.enable()


def _read(faults: Path | list[Any] | None) -> Faults:
    if faults is None:
        return Faults.none()
    return Faults.load(faults) if isinstance(faults, Path) else Faults.parse(faults)
