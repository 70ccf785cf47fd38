"""Read-only checks of what would make a deployment fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.aws.stack import STACK_NAME
from cli.checks.checks import CHECKS, Check, Place, Result

STATE_MACHINE_NAME = "account-vending"
"""Without the setting name_prefix."""
BOOTSTRAP_PARAMETER = "/cdk-bootstrap/hnb659fds/version"
"""Where the CDK's bootstrap stack keeps its version, with the default qualifier."""
BOOTSTRAP_VERSION = 6
"""The least that the stack's assets ask for (requiresBootstrapStackVersion in cdk.out)."""
CONCURRENCY = 50
"""Concurrent function runs that let a batch go at AWS's pace; new accounts start with 10."""
LEDGER_PREFIX = f"{STACK_NAME}-Ledger"
LOG_DELIVERY_POLICY = "AWSLogDeliveryWrite20150319"
"""The CloudWatch Logs resource policy that AWS keeps for services that deliver logs."""
LOG_POLICIES_MAX = 10
LOG_POLICY_MAX = 5_120
LOG_POLICY_ROOM = 400
"""Characters that AWS may add for one more log group."""
TEMPLATE = Path(__file__).parents[2] / "cdk.out" / f"{STACK_NAME}.template.json"
VENDED_LOGS = "/aws/vendedlogs/"


def bootstrap(place: Place) -> Iterator[Result]:
    """The CDK's bootstrap is there and new enough.

    Source: CDK Developer Guide, "Bootstrap your environment for use with the AWS CDK".
    """
    client = place.client("ssm")
    try:
        answer = client.get_parameter(Name=BOOTSTRAP_PARAMETER)
    except client.exceptions.ParameterNotFound:
        yield Result(
            check="bootstrap",
            level="fail",
            what=f"the CDK has not been bootstrapped in {place.region} of this account",
            remedy="Run `make bootstrap` once, as an administrator",
        )
        return
    version = int(answer["Parameter"]["Value"])
    if version < BOOTSTRAP_VERSION:
        yield Result(
            check="bootstrap",
            level="fail",
            what=f"version {version}, older than {BOOTSTRAP_VERSION}",
            remedy="Run `make bootstrap` again, as an administrator",
        )
    else:
        yield Result(check="bootstrap", level="ok", what=f"version {version}")


def stack(place: Place) -> Iterator[Result]:
    """No earlier deployment stands half-done in the way."""
    status = _stack_status(place)
    if status is None:
        yield Result(check="stack", level="ok", what="not deployed yet")
    elif status in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}:
        yield Result(
            check="stack",
            level="fail",
            what=f"{STACK_NAME} is {status}, so it can only be deleted",
            remedy="Delete it with `make unprotect destroy`, then deploy",
        )
    elif status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        yield Result(
            check="stack",
            level="fail",
            what=f"{STACK_NAME} is {status}",
            remedy="Wait until it has ended, then deploy",
        )
    else:
        yield Result(check="stack", level="ok", what=f"{STACK_NAME} is {status}")


def state_machine_name(place: Place) -> Iterator[Result]:
    """The fixed name is free: AWS keeps it while an execution of a deleted machine goes on.

    Source: Step Functions API reference, DeleteStateMachine.
    """
    name = _state_machine_name()
    client = place.client("stepfunctions")
    pages = client.get_paginator("list_state_machines").paginate()
    arns = [
        machine["stateMachineArn"]
        for page in pages
        for machine in page["stateMachines"]
        if machine["name"] == name
    ]
    if not arns:
        yield Result(check="state machine", level="ok", what=f"the name {name} is free")
        return
    status = client.describe_state_machine(stateMachineArn=arns[0])["status"]
    if status == "DELETING":
        yield Result(
            check="state machine",
            level="fail",
            what=f"{name} is being deleted, until its executions have ended",
            remedy="Stop its executions (`aws stepfunctions stop-execution`), wait until it is "
            "gone, then deploy",
        )
    elif _stack_status(place) is None:
        yield Result(
            check="state machine",
            level="fail",
            what=f"another state machine is named {name} already",
            remedy="Delete or rename it, then deploy",
        )
    else:
        yield Result(check="state machine", level="ok", what=f"{name} is {status}")


def older_ledger(place: Place) -> Iterator[Result]:
    """A new stack makes a new ledger; one that an earlier stack left would be forgotten."""
    if _stack_status(place) is not None:
        yield Result(check="ledger", level="ok", what="of the stack that is deployed")
        return
    pages = place.client("dynamodb").get_paginator("list_tables").paginate()
    left = [name for page in pages for name in page["TableNames"] if name.startswith(LEDGER_PREFIX)]
    if left:
        yield Result(
            check="ledger",
            level="fail",
            what=f"an earlier stack left {', '.join(left)}; a new stack would start with an "
            "empty ledger beside it",
            remedy="Import the table into the new stack, or delete it if it is not wanted: "
            "docs/deploy.md, Reinstalling",
        )
    else:
        yield Result(check="ledger", level="ok", what="none left by an earlier stack")


def concurrency(place: Place) -> Iterator[Result]:
    """How many functions may run at once in this account and region."""
    limit = place.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < CONCURRENCY:
        yield Result(
            check="Lambda",
            level="warn",
            what=f"{limit} concurrent executions; requests in a batch wait for one another",
            remedy="Request an increase in Service Quotas, AWS Lambda, Concurrent executions",
        )
    else:
        yield Result(check="Lambda", level="ok", what=f"{limit} concurrent executions")


def log_delivery(place: Place) -> Iterator[Result]:
    """AWS can let Step Functions deliver logs: it writes that into a resource policy of 5,120
    characters, of which an account has ten a region.

    Source: Step Functions Developer Guide, "Using CloudWatch Logs to log execution history".
    """
    client = place.client("logs")
    policies: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        answer = client.describe_resource_policies(**more)
        policies += answer.get("resourcePolicies", [])
        if not answer.get("nextToken"):
            break
        more = {"nextToken": answer["nextToken"]}
    documents = {policy["policyName"]: policy.get("policyDocument", "") for policy in policies}
    delivery = documents.get(LOG_DELIVERY_POLICY)
    if delivery is None and len(policies) >= LOG_POLICIES_MAX:
        yield Result(
            check="log delivery",
            level="fail",
            what=f"{len(policies)} CloudWatch Logs resource policies, as many as AWS allows, and "
            f"{LOG_DELIVERY_POLICY} is not among them",
            remedy="Delete or merge one (`aws logs describe-resource-policies`), then deploy",
        )
    elif (
        delivery is not None
        and VENDED_LOGS not in delivery
        and len(delivery) > LOG_POLICY_MAX - LOG_POLICY_ROOM
    ):
        yield Result(
            check="log delivery",
            level="fail",
            what=f"the resource policy {LOG_DELIVERY_POLICY} has {len(delivery)} of "
            f"{LOG_POLICY_MAX} characters, so no log group fits into it",
            remedy="Replace its log groups by one wildcard, such as "
            f"log-group:{VENDED_LOGS}*, then deploy",
        )
    else:
        yield Result(check="log delivery", level="ok", what="room in the resource policies")


def _stack_status(place: Place) -> str | None:
    try:
        stacks = place.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    return str(stacks[0]["StackStatus"])


def _template() -> dict[str, Any] | None:
    """What is about to be deployed; None where nothing has been synthesized."""
    try:
        template: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    except OSError:
        return None
    return template


def _state_machine_name() -> str:
    """The name that is about to be deployed, of the one state machine that has a fixed one."""
    resources = (_template() or {}).get("Resources", {})
    names = [each.get("Properties", {}).get("StateMachineName") for each in resources.values()]
    return next((name for name in names if name), STATE_MACHINE_NAME)


def request_policy(_place: Place) -> Iterator[Result]:
    """What is about to be deployed has a request policy of somebody's own, not the demo's."""
    template = _template()
    if template is None:
        yield Result(
            check="request policy",
            level="fail",
            what="nothing has been synthesized",
            remedy="Run `make synth`, then deploy",
        )
        return
    policy = template.get("Metadata", {}).get("RequestPolicy", {})
    requesters = ", ".join(policy.get("requesters", {})) or "none: by hand only"
    if policy.get("demo"):
        yield Result(
            check="request policy",
            level="fail",
            what="the demo's, which lets everyone request everything",
            remedy="Write your own, beginning from examples/request-policies/team.yaml, into "
            "request-policy.yaml: docs/request-policy.md",
        )
    else:
        yield Result(check="request policy", level="ok", what=f"requesters: {requesters}")


BEFORE_DEPLOY: dict[str, Check] = {
    "request policy": request_policy,
    **{name: CHECKS[name] for name in ("region", "organization", "accounts", "CloudTrail")},
    "bootstrap": bootstrap,
    "stack": stack,
    "state machine": state_machine_name,
    "ledger": older_ledger,
    "Lambda": concurrency,
    "log delivery": log_delivery,
}
"""In the order of the table."""
