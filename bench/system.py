"""The deployed system as the bench uses it: requests in, executions and their histories out."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.cloud import EmbeddedAws
from embedded.core.clock import Clock

if TYPE_CHECKING:
    import datetime

    from embedded.organizations import OrganizationSettings
    from embedded.organizations.state import OrganizationState

_ENTRIES_OF_A_CALL = 10
_LOOK_EVERY = 1.0
"""Real seconds between looks at the executions, so that looking costs next to nothing."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """An execution; times are epoch seconds of the embedded AWS, `stopped` None while it runs."""

    arn: str
    status: str
    started: float
    stopped: float | None


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event of an execution's history: its type, when, and the details under their own key."""

    kind: str
    at: float
    details: dict[str, Any]


def a_request(number: int, *, prefix: str = "bench") -> dict[str, Any]:
    """A request for a new account that asks for the whole baseline."""
    return {
        "requestId": f"{prefix}-{number}",
        "account": {"name": f"{prefix} {number}", "email": f"aws+{prefix}{number}@example.com"},
        "organizationalUnit": "/Workloads/Sandbox",
        "tags": {"cost-centre": "4711"},
        "serviceAccess": ["account.amazonaws.com"],
        "rootAccess": ["RootCredentialsManagement", "RootSessions"],
        "requestedBy": "bench",
    }


def with_policy_and_contacts(request: dict[str, Any]) -> dict[str, Any]:
    """The request, with a policy to be made, which all such requests share, and contacts."""
    deny = {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
    policy = {
        "name": "bench",
        "type": "SERVICE_CONTROL_POLICY",
        "content": json.dumps({"Version": "2012-10-17", "Statement": deny}),
    }
    contact = {
        "name": "Security",
        "title": "Team",
        "email": "security@example.com",
        "phone": "+1 555 0100",
    }
    return request | {"policies": [policy], "contacts": {"security": contact}}


@contextlib.contextmanager
def deployed(
    clock: Clock,
    *,
    organization: OrganizationSettings,
    faults: list[Any] | None = None,
    calls_kept: int | None = None,
) -> Iterator[System]:
    """The system on an embedded AWS of its own, with nothing of an earlier one of this process."""
    made = EmbeddedAws(clock=clock, organization=organization, calls_kept=calls_kept)
    with made as aws:
        aws.renew(faults)
        yield System(aws)


class System:
    """Acts as administrators and requesters do."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self._events = aws.client("events")
        self._states = aws.client("stepfunctions")
        self._dynamodb = aws.client("dynamodb")

    @property
    def organization(self) -> OrganizationState:
        """The organization itself, to look into and to fill without its API and its throttling."""
        from embedded import ACCOUNT_ID  # noqa: PLC0415
        from embedded.organizations import organization_of  # noqa: PLC0415

        found = organization_of(ACCOUNT_ID)
        if found is None:
            raise RuntimeError("no organization was founded")
        return found

    def send(self, requests: Sequence[dict[str, Any]]) -> None:
        """Put all requests on the bus at once, as events."""
        for first in range(0, len(requests), _ENTRIES_OF_A_CALL):
            batch = requests[first : first + _ENTRIES_OF_A_CALL]
            answer = self._events.put_events(
                Entries=[
                    {
                        "EventBusName": self.aws.outputs["EventBusName"],
                        "Source": "bench",
                        "DetailType": "AccountRequested",
                        "Detail": json.dumps(request),
                    }
                    for request in batch
                ]
            )
            if answer["FailedEntryCount"]:
                raise RuntimeError("the bus refused a request")

    def start(self, request: dict[str, Any]) -> str:
        """Start an execution by hand; its ARN."""
        return str(
            self._states.start_execution(
                stateMachineArn=self.aws.outputs["StateMachineArn"], input=json.dumps(request)
            )["executionArn"]
        )

    def runs(self) -> list[Run]:
        """All executions there are, the last started first."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self.aws.outputs["StateMachineArn"], maxResults=1000
        )
        return [
            Run(
                arn=one["executionArn"],
                status=one["status"],
                started=one["startDate"].timestamp(),
                stopped=_moment(one.get("stopDate")) if one["status"] != "RUNNING" else None,
            )
            for page in pages
            for one in page["executions"]
        ]

    def await_ends(self, count: int, *, patience: float) -> list[Run]:
        """All executions, once `count` have ended or `patience` real seconds have passed.

        They are listed again when the one that started last has ended: to list them all every
        second would cost the more the more there are.
        """
        deadline = time.monotonic() + patience
        while True:
            runs = self.runs()
            if sum(run.stopped is not None for run in runs) >= count:
                return runs
            if time.monotonic() > deadline:
                return runs
            time.sleep(_LOOK_EVERY)
            latest = next((run.arn for run in runs if run.stopped is None), None)
            while latest and self._status(latest) == "RUNNING" and time.monotonic() < deadline:
                time.sleep(_LOOK_EVERY)

    def await_end(self, arn: str, *, patience: float = 120.0) -> str:
        """The execution's status once it has ended."""
        deadline = time.monotonic() + patience
        while True:
            status = self._status(arn)
            if status != "RUNNING":
                return status
            if time.monotonic() > deadline:
                raise TimeoutError(f"{arn} still runs after {patience:.0f} s")
            time.sleep(_LOOK_EVERY / 4)

    def _status(self, arn: str) -> str:
        return str(self._states.describe_execution(executionArn=arn)["status"])

    def history(self, arn: str) -> list[Event]:
        """The execution's history, oldest event first."""
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [
            Event(
                kind=event["type"],
                at=event["timestamp"].timestamp(),
                details=next((v for k, v in event.items() if k.endswith("EventDetails")), {}),
            )
            for page in pages
            for event in page["events"]
        ]

    def states_of_requests(self) -> dict[str, str]:
        """The ledger's state of every request."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self.aws.outputs["LedgerTableName"], ConsistentRead=True
        )
        items = (item for page in pages for item in page["Items"])
        return {
            item["requestId"]["S"]: item["state"]["S"]
            for item in items
            if item["pk"]["S"].startswith("request#")
        }

    def last_creation(self) -> tuple[float, float]:
        """When AWS accepted the last CreateAccount call, and when it had made the account."""
        creation = list(self.organization.creations.values())[-1]
        if creation.completed_at is None:
            raise RuntimeError(f"the creation {creation.id} has not ended")
        return creation.requested_at.timestamp(), creation.completed_at.timestamp()

    def functions(self) -> dict[str, int]:
        """The deployed functions and how many MB of memory each has."""
        pages = self.aws.client("lambda").get_paginator("list_functions").paginate()
        found = [one for page in pages for one in page["Functions"]]
        return {one["FunctionName"]: int(one["MemorySize"]) for one in found}

    def calls(self, service: str, operation: str) -> int:
        """How often the deployed roles made this call, refused ones included."""
        made = (call for call in self.aws.context.calls if self.is_ours(call))
        return sum((call.service, call.operation) == (service, operation) for call in made)

    def our_calls(self) -> int:
        """How often the deployed roles called AWS, refused calls included."""
        return sum(self.is_ours(call) for call in self.aws.context.calls)

    def throttled_polls(self) -> int:
        """DescribeCreateAccountStatus calls that AWS refused as too many in too short a time."""
        return sum(
            (call.operation, call.error)
            == ("DescribeCreateAccountStatus", "TooManyRequestsException")
            for call in self.aws.context.calls
        )

    def throttled_creations(self) -> int:
        """CreateAccount calls that AWS refused as too many or too fast."""
        return refused_creations(self.aws.context.calls)

    @staticmethod
    def is_ours(call: Any) -> bool:
        """Whether a deployed role made the call, and not the bench."""
        return "assumed-role" in call.caller


def refused_creations(calls: Iterable[Any]) -> int:
    """How many of these calls are CreateAccount calls that came too soon, too fast or too many."""
    return sum(
        call.operation == "CreateAccount"
        and call.error
        in {
            "TooManyRequestsException",
            "ConstraintViolationException",
            "ConcurrentModificationException",
        }
        for call in calls
    )


def _moment(date: datetime.datetime | None) -> float | None:
    return date.timestamp() if date else None
