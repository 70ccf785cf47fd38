"""How a test acts on the deployed system, and what it may look at afterwards."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded import lambda_runtime
from tests.interruptions import await_end, stop, when_entered

if TYPE_CHECKING:
    from embedded.cloud import EmbeddedAws

PATIENCE = 60.0
"""Real seconds after which something that should have happened has not."""

PAUSE = 0.05
"""Real seconds between two looks: a look is a call or two, which hold up what they wait for."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A finished execution. `cause` is parsed where it is JSON."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: Any


class Vending:
    """The deployed stack as its users meet it."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.events = aws.client("events")
        self.states = aws.client("stepfunctions")
        self.organizations = aws.client("organizations")
        self.iam = aws.client("iam")
        self.dynamodb = aws.client("dynamodb")
        self.account = aws.client("account")

    def send(self, request: Any) -> str:
        """Put the request on the bus as anybody's event; its id."""
        answer = self.events.put_events(
            Entries=[
                {
                    "EventBusName": self.aws.outputs["EventBusName"],
                    "Source": "form.example",
                    "DetailType": "AccountRequested",
                    "Detail": json.dumps(request),
                }
            ]
        )
        assert answer["FailedEntryCount"] == 0
        return str(answer["Entries"][0]["EventId"])

    def start(self, request: Any) -> str:
        """Start an execution by hand with the request as input; its ARN."""
        return str(
            self.states.start_execution(
                stateMachineArn=self.aws.outputs["StateMachineArn"],
                input=json.dumps(request, ensure_ascii=False),
            )["executionArn"]
        )

    def start_setup(self, document: Any) -> str:
        """Start bringing the organization to what the document says; the execution's ARN."""
        return str(
            self.states.start_execution(
                stateMachineArn=self.aws.outputs["OrganizationSetupStateMachineArn"],
                input=json.dumps(document),
            )["executionArn"]
        )

    def set_up(self, document: Any) -> Ended:
        """Bring the organization to what the document says."""
        return self.finish(self.start_setup(document))

    def executions(self) -> list[str]:
        """ARNs of all executions, oldest first."""
        pages = self.states.get_paginator("list_executions").paginate(
            stateMachineArn=self.aws.outputs["StateMachineArn"]
        )
        found = [one for page in pages for one in page["executions"]]
        return [one["executionArn"] for one in sorted(found, key=lambda one: one["startDate"])]

    def await_executions(self, count: int) -> list[str]:
        """Wait until there are `count` executions; their ARNs."""
        return list(eventually(lambda: arns if len(arns := self.executions()) >= count else None))

    def finish(self, arn: str, patience: float = PATIENCE) -> Ended:
        """Wait for the execution's end, at most `patience` real seconds."""
        assert await_end(arn, patience), f"waited in vain\n{self._where(arn)}"
        described = self.states.describe_execution(executionArn=arn)
        cause = described.get("cause")
        with contextlib.suppress(ValueError):
            cause = json.loads(cause) if cause else cause
        return Ended(
            arn=arn,
            status=described["status"],
            output=json.loads(described["output"]) if "output" in described else None,
            error=described.get("error"),
            cause=cause,
        )

    def _where(self, arn: str) -> str:
        """What the execution did last, and what every thread does at this moment."""
        last = self.states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=9)
        events = [f"{event['timestamp']} {event['type']} {event}" for event in last["events"]]
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        stacks = [
            f"{names.get(ident)}:\n{''.join(traceback.format_stack(frame)[-6:])}"
            for ident, frame in sys._current_frames().items()
        ]
        return "\n".join([str(self.aws.context.clock.datetime()), *reversed(events), *stacks])

    def has_ended(self, arn: str) -> bool:
        """Whether the execution is over, however it ended."""
        described = self.states.describe_execution(executionArn=arn)
        return bool(described["status"] != "RUNNING")

    def run(self, request: Any) -> Ended:
        """Start by hand and wait for the end."""
        return self.finish(self.start(request))

    def dead_letters(self) -> int:
        """How many messages wait in the stack's dead-letter queue."""
        attributes = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.aws.outputs["DeadLetterQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])

    def listen(self, rule: str, *, on: bool = True) -> None:
        """Whether the default bus's rule of this construct id is followed."""
        rules = self.events.list_rules()["Rules"]
        (name,) = [each["Name"] for each in rules if rule in each["Name"]]
        (self.events.enable_rule if on else self.events.disable_rule)(Name=name)

    def run_stopped_in(
        self, state: str, request: Any, error: str | None = None, cause: str | None = None
    ) -> Ended:
        """Start by hand; somebody stops the execution the moment it enters the state."""
        with when_entered(state, lambda execution: stop(execution, error, cause)):
            ended = self.run(request)
        assert ended.status == "ABORTED", ended
        return ended

    def states_entered(self, arn: str) -> list[str]:
        """Names of the states that the execution entered, in order."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def seconds_in(self, arn: str, state: str) -> list[float]:
        """How long the execution was in the state, each time, in AWS's time."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        moments = [
            event["timestamp"].timestamp()
            for page in pages
            for event in page["events"]
            for details in ("stateEnteredEventDetails", "stateExitedEventDetails")
            if event.get(details, {}).get("name") == state
        ]
        pairs = zip(moments[::2], moments[1::2], strict=True)
        return [left - entered for entered, left in pairs]

    def outputs_of(self, arn: str, state: str) -> list[Any]:
        """What the state gave on, each time it was left."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=arn)
        left = [
            event["stateExitedEventDetails"]
            for page in pages
            for event in page["events"]
            if "stateExitedEventDetails" in event
        ]
        return [json.loads(details["output"]) for details in left if details["name"] == state]

    def row(self, request_id: str) -> dict[str, Any] | None:
        """The ledger's row, plain."""
        from boto3.dynamodb.types import TypeDeserializer  # noqa: PLC0415

        item = self.dynamodb.get_item(
            TableName=self.aws.outputs["LedgerTableName"],
            Key={"pk": {"S": f"request#{request_id}"}},
            ConsistentRead=True,
        ).get("Item")
        if item is None:
            return None
        return {key: TypeDeserializer().deserialize(value) for key, value in item.items()}

    def waits(self, request_id: str) -> bool:
        """Whether the request's execution has left a task token to be answered by."""
        row = self.row(request_id) or {}
        token = self.dynamodb.get_item(
            TableName=self.aws.outputs["LedgerTableName"],
            Key={"pk": {"S": f"token#{request_id}"}},
            ConsistentRead=True,
        ).get("Item", {})
        is_its_own = bool(token) and token["executionArn"]["S"] == row.get("executionArn")
        return is_its_own and row["state"] in (
            "AWAITING_APPROVAL",
            "AWAITING_CODE",
            "INVITED",
            "QUEUED",
        )

    def accounts(self) -> list[dict[str, Any]]:
        """The organization's member accounts, without the management account."""
        pages = self.organizations.get_paginator("list_accounts").paginate()
        return [
            account
            for page in pages
            for account in page["Accounts"]
            if account["Id"] != "111111111111"
        ]

    def tags(self, account_id: str) -> dict[str, str]:
        """An account's tags."""
        pages = self.organizations.get_paginator("list_tags_for_resource").paginate(
            ResourceId=account_id
        )
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def path(self, account_id: str) -> str:
        """Where an account stands, as a path below the root."""
        names: list[str] = []
        child = account_id
        while True:
            parent = self.organizations.list_parents(ChildId=child)["Parents"][0]
            if parent["Type"] == "ROOT":
                return "/" + "/".join(reversed(names))
            unit = self.organizations.describe_organizational_unit(
                OrganizationalUnitId=parent["Id"]
            )
            names.append(unit["OrganizationalUnit"]["Name"])
            child = parent["Id"]

    def policies(self, target_id: str, policy_type: str = "SERVICE_CONTROL_POLICY") -> set[str]:
        """Names of the policies of a type that are attached to a root, unit or account."""
        pages = self.organizations.get_paginator("list_policies_for_target").paginate(
            TargetId=target_id, Filter=policy_type
        )
        return {policy["Name"] for page in pages for policy in page["Policies"]}

    def service_access(self) -> set[str]:
        """Principals with trusted access."""
        pages = self.organizations.get_paginator("list_aws_service_access_for_organization")
        return {
            one["ServicePrincipal"]
            for page in pages.paginate()
            for one in page["EnabledServicePrincipals"]
        }

    def root_features(self) -> set[str]:
        """Enabled features of central root access."""
        return set(self.iam.list_organizations_features()["EnabledFeatures"])

    def contacts(self, account_id: str) -> dict[str, dict[str, str]]:
        """The alternate contacts of a member, as a request would ask for them; none without trust
        for Account Management.
        """
        found = {}
        for kind in ("billing", "operations", "security"):
            of = {"AccountId": account_id, "AlternateContactType": kind.upper()}
            with contextlib.suppress(
                self.account.exceptions.ResourceNotFoundException,
                self.account.exceptions.AccessDeniedException,
            ):
                contact = self.account.get_alternate_contact(**of)["AlternateContact"]
                found[kind] = {
                    "name": contact["Name"],
                    "title": contact["Title"],
                    "email": contact["EmailAddress"],
                    "phone": contact["PhoneNumber"],
                }
        return found

    def calls(self, service: str, operation: str) -> int:
        """How often the deployed functions and roles made this call."""
        return sum(
            call.service == service
            and call.operation == operation
            and "assumed-role" in call.caller
            for call in self.aws.context.calls
        )


def invocations(operation: str) -> int:
    """How often the function was run since the stack was deployed, by its logs."""
    return sum(line.startswith("START") for line in lambda_runtime.logs(operation))


def eventually(look: Any, patience: float = PATIENCE) -> Any:
    """The first truthy result of `look()`; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(PAUSE)


def reconcile(vending: Vending, **payload: Any) -> dict[str, Any]:
    """Run ReconcileLedger now; its report."""
    return invoke(vending, "ReconcileLedger", **payload)


def invoke(vending: Vending, function: str, **payload: Any) -> dict[str, Any]:
    """Run a function now; what it returns."""
    client = vending.aws.client("lambda")
    (name,) = (
        each["FunctionName"]
        for each in client.list_functions()["Functions"]
        if function in each["FunctionName"]
    )
    answer = client.invoke(FunctionName=name, Payload=json.dumps(payload))
    report: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, report
    return report
