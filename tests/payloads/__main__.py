"""Record what the definitions send: `python -m tests.payloads NAME`, such as a date."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.cloud import PROJECT, EmbeddedAws
from infra.settings import CustomResourceSettings
from tests.builders import a_request
from tests.infra.synthesized import synthesize
from tests.payloads import FOLDER, Recording
from tests.unit.test_definitions import RUNS_AGAIN
from tests.workflow import approvals, retirements
from tests.workflow.invitations import ROLE_ACCEPTS
from tests.workflow.stacks import Stacks
from tests.workflow.test_examples import CASES, EXAMPLES
from tests.workflow.vending import Vending

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSED_OVER = {
    "faults/crash.json",
    "faults/lost_event.json",
    "faults/lost_answer.json",
    "faults/slow_creation.json",
    "faults/throttled.json",
}
"""Send nothing that others do not."""


def sent(vending: Vending, arn: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The function and payload of each task that the execution scheduled."""
    pages = vending.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    states: dict[int, str] = {}
    for event in (event for page in pages for event in page["events"]):
        entered = event.get("stateEnteredEventDetails")
        states[event["id"]] = (
            entered["name"] if entered else states.get(event["previousEventId"], "")
        )
        if event["type"] == "TaskScheduled":
            parameters = json.loads(event["taskScheduledEventDetails"]["parameters"])
            state = states[event["id"]]
            yield RUNS_AGAIN.get(state, state), parameters["Payload"]


def shape(value: Any) -> Any:
    """Keys and kinds, without what is in them."""
    if isinstance(value, dict):
        return tuple(sorted((key, shape(inner)) for key, inner in value.items()))
    if isinstance(value, list):
        return ("list", *sorted({repr(shape(inner)) for inner in value}))
    return type(value).__name__


def with_everything(folder: Path) -> Path:
    """The stack of settings by which a role of an invited account accepts, as it may not else, and
    the grace period of a retired account ends while this waits.
    """
    settings = replace(
        ROLE_ACCEPTS,
        retirement_grace_days=0.001,
        custom_resource=CustomResourceSettings(on_delete="retire"),
    )
    synthesize(settings, folder)
    return folder


def retirements_run(vending: Vending) -> Iterator[str]:
    """The ARNs of executions that restore an account, close one, retire none, and wait for an
    approval.
    """
    service = {"ServicePrincipal": "ram.amazonaws.com"}
    vending.organizations.enable_aws_service_access(**service)
    restored = retirements.an_account(vending, email="restored@example.com")
    yield retirements.suspended(vending, restored)
    yield retirements.run(vending, retirements.restoration(restored)).arn
    closed = retirements.an_account(vending, email="closed@example.com")
    vending.organizations.register_delegated_administrator(AccountId=closed, **service)
    yield retirements.run(vending, retirements.retirement_of(closed)).arn
    request = retirements.retirement_of(closed, deregisterDelegatedAdministrator=True)
    yield retirements.run(vending, request).arn
    with approvals.given(vending):
        restricted = vending.run(a_request(organizationalUnit=approvals.UNIT))
        yield retirements.run(
            vending, retirements.retirement_of(restricted.output["accountId"])
        ).arn


def stacks_run(vending: Vending) -> Iterator[str]:
    """The ARNs of executions that answer CloudFormation: of a refusal, and of an account's life."""
    stacks = Stacks(vending=vending)
    stacks.create({"account": {}}, name="Refused")
    properties: dict[str, Any] = {"account": {"name": "A", "email": "a@example.com"}}
    stacks.create(properties)
    stacks.update({**properties, "organizationalUnit": "/A"})
    stacks.delete()
    stacks.clear()
    arn = vending.aws.outputs["StateMachineArn"].replace(
        "account-vending", "account-custom-resource"
    )
    pages = vending.states.get_paginator("list_executions").paginate(stateMachineArn=arn)
    yield from (one["executionArn"] for page in pages for one in page["executions"])


def record() -> Recording:
    """Run the examples, and keep one payload of each shape."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with (
        tempfile.TemporaryDirectory() as assembly,
        EmbeddedAws(speed=60, assembly=with_everything(Path(assembly))) as aws,
    ):
        vending = Vending(aws)
        for name, case in CASES.items():
            if name in _PASSED_OVER:
                continue
            aws.renew(organization=case.organization)
            if name.startswith("faults/"):
                aws.faults.replace(json.loads((EXAMPLES / name).read_text()))
            case.beforehand(vending)
            for task, payload in sent(vending, case.run(vending).arn):
                found.setdefault(task, {}).setdefault(repr(shape(payload)), payload)
        aws.renew()
        for arn in (*retirements_run(vending), *stacks_run(vending)):
            for task, payload in sent(vending, arn):
                found.setdefault(task, {}).setdefault(repr(shape(payload)), payload)
    return {task: list(found[task].values()) for task in sorted(found)}


if __name__ == "__main__":
    (name,) = sys.argv[1:]
    text = json.dumps(record(), indent=1, ensure_ascii=False)
    # As on AWS, and signed with nobody's key.
    text = re.sub(
        r'"http://127[^"]*Signature=[^"]*"', '"https://s3.us-east-1.amazonaws.com/a"', text
    )
    text = text.replace(str(PROJECT / "build" / "functions" / "local"), "/var/task")
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")
