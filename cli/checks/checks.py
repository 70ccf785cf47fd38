"""What vending needs, one check each: read-only, and each alone, so that one failure hides none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from cli.aws.dead_letters import DeadLetters
from cli.aws.stack import Stack
from cli.output.shell_command import command
from cli.watch.submission import Record
from vending.organization.account_quota import most_accounts
from vending.states import FINAL

Level = Literal["ok", "warn", "fail"]

ROOM = 5
"""Accounts that should still fit; fewer are a warning."""
SHOWN = 3
TRUSTED_FOR_ROOT_ACCESS = "iam.amazonaws.com"
ROOT_FEATURES = {"RootCredentialsManagement", "RootSessions"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the table; `remedy` is empty where nothing is to be done."""

    check: str
    level: Level
    what: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the checks look. `client` makes a boto3 client by its name; `stack` may be missing."""

    client: Callable[[str], Any]
    region: str
    account_id: str
    stack: Stack | None


Check = Callable[[Place], Iterator[Result]]


def region(place: Place) -> Iterator[Result]:
    """Organizations' events arrive in one region only."""
    if place.region == "us-east-1":
        yield Result(check="region", level="ok", what="us-east-1")
    else:
        yield Result(
            check="region",
            level="fail",
            what=f"{place.region}, where events of AWS Organizations do not arrive",
            remedy="Set AWS_DEFAULT_REGION=us-east-1",
        )


def organization(place: Place) -> Iterator[Result]:
    """There is one, this is its management account, and it has all features."""
    client = place.client("organizations")
    try:
        found = client.describe_organization()["Organization"]
    except client.exceptions.AWSOrganizationsNotInUseException:
        yield Result(
            check="organization",
            level="fail",
            what=f"the account {place.account_id} is in no organization",
            remedy="Create one with all features, or use the management account of one",
        )
        return
    manager = found.get("MasterAccountId")
    if manager != place.account_id:
        yield Result(
            check="organization",
            level="fail",
            what=f"{found['Id']} is managed by {manager}, not by {place.account_id}",
            remedy="Use credentials of the management account: set AWS_PROFILE",
        )
    if found.get("FeatureSet") == "ALL":
        yield Result(check="organization", level="ok", what=f"{found['Id']}, all features")
    else:
        yield Result(
            check="organization",
            level="fail",
            what=f"{found['Id']} has consolidated billing only",
            remedy="Enable all features in AWS Organizations; its members must agree",
        )


def trusted_access(place: Place) -> Iterator[Result]:
    """Central root access needs IAM's trusted access; a request that asks for it enables it."""
    pages = place.client("organizations").get_paginator("list_aws_service_access_for_organization")
    principals = {
        one["ServicePrincipal"]
        for page in pages.paginate()
        for one in page["EnabledServicePrincipals"]
    }
    if TRUSTED_FOR_ROOT_ACCESS in principals:
        yield Result(check="trusted access", level="ok", what=TRUSTED_FOR_ROOT_ACCESS)
    else:
        yield Result(
            check="trusted access",
            level="warn",
            what=f"{TRUSTED_FOR_ROOT_ACCESS} is not enabled",
            remedy="No action needed, unless accounts are to have no root user: a request with "
            "rootAccess then enables it",
        )


def root_access(place: Place) -> Iterator[Result]:
    """The features of central root access."""
    client = place.client("iam")
    try:
        enabled = set(client.list_organizations_features().get("EnabledFeatures", []))
    except client.exceptions.ServiceAccessNotEnabledException:
        enabled = set()
    missing = sorted(ROOT_FEATURES - enabled)
    if missing:
        yield Result(
            check="root access",
            level="warn",
            what=f"not enabled: {', '.join(missing)}",
            remedy="No action needed, unless accounts are to have no root user: a request with "
            "rootAccess then enables it",
        )
    else:
        yield Result(check="root access", level="ok", what=", ".join(sorted(enabled)))


def room_for_accounts(place: Place) -> Iterator[Result]:
    """How many accounts the quota still allows; closed ones count for 90 days."""
    organizations, quotas = place.client("organizations"), place.client("service-quotas")
    pages = organizations.get_paginator("list_accounts").paginate()
    count = sum(len(page["Accounts"]) for page in pages)
    try:
        most = most_accounts(quotas)
    except (ClientError, BotoCoreError):
        most = None
    if most is None:
        yield Result(
            check="accounts",
            level="warn",
            what=f"{count} in the organization; the quota cannot be read here",
            remedy="Check AWS Organizations in Service Quotas, and request an increase before a "
            "batch",
        )
        return
    left = most - count
    if left >= ROOM:
        yield Result(check="accounts", level="ok", what=f"{count} of {most}")
    else:
        yield Result(
            check="accounts",
            level="fail" if left <= 0 else "warn",
            what=f"{count} of {most}, so {max(left, 0)} more can be created",
            remedy="Request an increase in Service Quotas, AWS Organizations",
        )


def trail(place: Place) -> Iterator[Result]:
    """Organizations' events reach EventBridge through a trail that logs management events only."""
    client = place.client("cloudtrail")
    for one in client.describe_trails(includeShadowTrails=True)["trailList"]:
        here = one.get("IsMultiRegionTrail") or one.get("HomeRegion") == place.region
        if not here or not client.get_trail_status(Name=one["TrailARN"]).get("IsLogging"):
            continue
        if _logs_management_writes(client.get_event_selectors(TrailName=one["TrailARN"])):
            yield Result(check="CloudTrail", level="ok", what=f"{one['Name']} is logging")
            return
    yield Result(
        check="CloudTrail",
        level="warn",
        what="no trail logs management events here, so accounts created elsewhere are not "
        "discovered, and vends poll until AWS has created their account",
        remedy="Requests do not need one; to discover accounts created elsewhere and to end vends "
        "sooner, create a trail that logs management events",
    )


def _logs_management_writes(selectors: Mapping[str, Any]) -> bool:
    """Whether a trail's selectors let in what changes an organization.

    Source: CloudTrail API reference, GetEventSelectors: a trail has basic or advanced selectors.
    """
    for selector in selectors.get("EventSelectors", []):
        if selector.get("IncludeManagementEvents") and selector.get("ReadWriteType") != "ReadOnly":
            return True
    for selector in selectors.get("AdvancedEventSelectors", []):
        fields = {each["Field"]: each for each in selector.get("FieldSelectors", [])}
        of_management = "Management" in fields.get("eventCategory", {}).get("Equals", [])
        if of_management and "true" not in fields.get("readOnly", {}).get("Equals", []):
            return True
    return False


def machine(place: Place) -> Iterator[Result]:
    """The stack is deployed, and its state machine can start."""
    if place.stack is None:
        yield Result(
            check="stack",
            level="fail",
            what="AccountVending is not deployed, or not complete",
            remedy="Deploy it with `make deploy`",
        )
        return
    described = place.client("stepfunctions").describe_state_machine(
        stateMachineArn=place.stack.state_machine_arn
    )
    yield Result(check="stack", level="ok", what=f"deployed, state machine {described['status']}")


def rules(place: Place) -> Iterator[Result]:
    """Every rule of the stack is enabled, and the one that starts the workflow is there."""
    if place.stack is None:
        return
    queue = DeadLetters(place.stack)
    ours = list(queue.rules(place.stack.event_bus_name))
    everything = [*ours, *queue.rules("default")]
    off = sorted(rule["Name"] for rule in everything if rule["State"] == "DISABLED")
    if not ours:
        yield Result(
            check="event rules",
            level="fail",
            what=f"no rule on {place.stack.event_bus_name}: requests start nothing",
            remedy="Deploy the stack again with `make deploy`",
        )
    elif off:
        yield Result(
            check="event rules",
            level="fail",
            what=f"disabled: {', '.join(off)}",
            remedy=f"aws events enable-rule --name {off[0]}, on the bus it is on",
        )
    else:
        yield Result(check="event rules", level="ok", what=f"{len(everything)} enabled")


def dead_letters(place: Place) -> Iterator[Result]:
    """Nothing waits for somebody to put it back."""
    if place.stack is None:
        return
    counts = place.client("sqs").get_queue_attributes(
        QueueUrl=place.stack.dead_letter_queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    count = sum(int(value) for value in counts.values())
    if count:
        yield Result(
            check="dead letters",
            level="fail",
            what=f"{count} event{'s' if count > 1 else ''} could not be delivered",
            remedy=f"`{command('redrive', '--dry-run')}` says why, `{command('redrive')}` puts "
            "them back",
        )
    else:
        yield Result(check="dead letters", level="ok", what="none")


def requests(place: Place) -> Iterator[Result]:
    """No request in progress without an execution that carries it on; failed ones are counted."""
    if place.stack is None:
        return
    stack = place.stack
    records = stack.ledger.records()
    open_ = [one for one in records if one.get("state") not in FINAL]
    stuck = [one for one in open_ if _is_stuck(one, stack)]
    if stuck:
        yield Result(
            check="requests",
            level="fail",
            what=f"in progress without an execution: {_named(stuck)}",
            remedy=f"`{command('resume', str(stuck[0]['requestId']))}`; ReconcileLedger marks them "
            "FAILED within the hour",
        )
    else:
        yield Result(check="requests", level="ok", what=f"{len(open_)} in progress, none stuck")
    failed = [one for one in records if one.get("state") == "FAILED"]
    if failed:
        yield Result(
            check="failures",
            level="warn",
            what=f"{len(failed)} FAILED: {_named(failed)}",
            remedy=f"`{command('status', str(failed[0]['requestId']))}` says what to do",
        )


def _is_stuck(record: Record, stack: Stack) -> bool:
    arn = record.get("executionArn")
    return not arn or stack.execution_status(str(arn)) not in {"RUNNING", "PENDING_REDRIVE"}


def _named(records: list[Record]) -> str:
    ids = [str(one.get("requestId")) for one in records]
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more


CHECKS: dict[str, Check] = {
    "region": region,
    "organization": organization,
    "trusted access": trusted_access,
    "root access": root_access,
    "accounts": room_for_accounts,
    "CloudTrail": trail,
    "stack": machine,
    "event rules": rules,
    "dead letters": dead_letters,
    "requests": requests,
}
"""In the order of the table."""
