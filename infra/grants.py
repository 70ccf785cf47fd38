"""What each function may do on AWS, beyond its own logs and traces: derived, not listed.

From the calls that a function declares and AWS's facts about them (`permissions`) come its
statements, one for each action on every resource that it may concern. `infra/grant_exceptions.py`
has what is narrower. An organization's id is not known before deployment, hence `o-*`; all its ARNs
carry the management account's id, which is the account of this stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn

from infra import account_retirement_workflow, custom_resource, state_machine_names
from infra.encryption import uses_of_calls
from infra.grant_exceptions import TAGGING, exceptions
from infra.ledger import BY_STATE
from infra.ledger_rows import CLOSING, LEDGER_ROWS, QUEUEING, REQUESTS_ONLY, Rows
from infra.narrower_grants import Conditions, machine_of_name
from infra.operation_function import OperationFunction, module_name
from infra.settings import Settings
from permissions import reference
from permissions.declared_calls import calls_of

_LEADING_KEYS = "dynamodb:LeadingKeys"
_BEYOND_WILDCARD = re.compile(r"/\*/.*")
"""What follows a part that is all `*`, which takes it in."""


class GrantsIncomplete(Exception):
    """What a function declares and what is said of its rows do not fit; the message says how."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """An allowance, before it is known what ARNs the stack's own resources have.

    `resources` are types such as `dynamodb:table`, ARNs with AWS's `${…}` in them, or `*`.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Conditions | None = None
    reason: str = field(default="", compare=False)
    """Why it is narrower than AWS's facts make it, where it is."""


def statements_of(function: str, calls: Iterable[str], settings: Settings) -> tuple[Statement, ...]:
    """All that the function of this name needs for these calls.

    Raises:
        UnknownAction: AWS's facts do not have a call.
        GrantsIncomplete: `LEDGER_ROWS` says rows for other actions than are called.
    """
    needed = set(calls)
    for call in tuple(needed):
        needed.update(reference.get(call).dependent_actions, TAGGING.get(call, ()))
    narrowed = exceptions(settings)
    found, on_rows = [], set()
    for action in sorted(needed):
        narrower = next((one for one in narrowed if one.holds_for(function, action)), None)
        if narrower is not None and narrower.resources == ():
            continue
        facts = reference.get(action)
        if narrower is None and _LEADING_KEYS in facts.condition_keys:
            on_rows.add(action)
            continue
        resources = facts.resource_types or ("*",)
        if narrower is not None and narrower.resources is not None:
            resources = narrower.resources
        if resources:
            found.append(
                Statement(
                    sid=action.partition(":")[2],
                    actions=(action,),
                    resources=resources,
                    conditions=narrower.conditions if narrower else None,
                    reason=narrower.reason if narrower else "",
                )
            )
    return (*found, *_on_rows(function, on_rows))


def _on_rows(function: str, actions: set[str]) -> Iterator[Statement]:
    default = (Rows(sid=REQUESTS_ONLY, actions=tuple(sorted(actions)), keys=("request#*",)),)
    rows = LEDGER_ROWS.get(function, default if actions else ())
    if {action for one in rows for action in one.actions} != actions:
        raise GrantsIncomplete(
            f"{function} calls {', '.join(sorted(actions))}; LEDGER_ROWS says rows for other calls"
        )
    for one in rows:
        keys: str | list[str] = list(one.keys) if len(one.keys) > 1 else one.keys[0]
        yield Statement(
            sid=one.sid,
            actions=one.actions,
            resources=("dynamodb:table",),
            conditions={
                "ForAllValues:StringLike": {_LEADING_KEYS: keys},
                # That holds for a call without any key, too.
                **({} if one.in_transactions else {"Null": {_LEADING_KEYS: "false"}}),
            },
            reason="Its own rows of the ledger, and no others.",
        )


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Grants to functions what they call, of the stack's own resources and of the organization."""

    ledger: dynamodb.ITable
    bus: events.IEventBus
    state_machine: sfn.IStateMachine
    settings: Settings
    announcers: list[str] = field(default_factory=list)
    """The ARNs of roles that were granted to announce."""

    def grant(
        self, function: OperationFunction, *, under: str | None = None, name: str | None = None
    ) -> None:
        """Grant to `function` its calls, and set in its environment where to find what it calls.

        `under` is the setting that decides on the calls, for a function that declares them by one.
        `name` is by what the exceptions know it, where that is not its operation.
        """
        operation = function.node.id
        name = name or operation
        calls = calls_of(f"{function.package}.{module_name(operation)}", under=under)
        for statement in statements_of(name, calls, self.settings):
            function.grant(
                statement.sid,
                actions=statement.actions,
                resources=[self._arn(resource) for resource in statement.resources],
                conditions=statement.conditions,
            )
        if "events:PutEvents" in calls and name != "DiscoverAccount":
            self.announcers.append(function.role_arn)
        machines = [self._arn(machine_of_name(machine)) for machine in self._machines_of(name)]
        for use in uses_of_calls(
            calls,
            table_name=self.ledger.table_name,
            state_machine_arn=machines[0] if len(machines) == 1 else tuple(machines),
        ):
            function.grant_key(use)
        for variable, value in self._surroundings(name, calls).items():
            function.function.add_environment(variable, value)

    def _machines_of(self, function: str) -> tuple[str, ...]:
        """The machines by whose executions it is concerned."""
        vending = state_machine_names.vending(self.settings)
        retirement = state_machine_names.retirement(self.settings)
        if function in ("DecideApproval", "ReconcileLedger", "ServeApi"):
            return vending, retirement
        if function in custom_resource.OPERATIONS:
            by = self.settings.custom_resource
            return (vending, retirement) if by and by.on_delete == "retire" else (vending,)
        if function in ("ServeCustomAccount", "AnswerCustomAccount"):
            return (state_machine_names.custom_resource(self.settings),)
        return (retirement,) if function in account_retirement_workflow.RETIRING else (vending,)

    def _arn(self, resource: str) -> str:
        if resource in self._own:
            return self._own[resource]
        if resource == "*" or resource.startswith("arn:"):
            return reference.fill(resource, self._known.__getitem__)
        template = reference.arn_template(resource)
        arn = reference.fill(template, lambda part: self._known.get(part, "*"))
        return _BEYOND_WILDCARD.sub("/*", arn)

    # The CDK answers from another process: asked for each statement anew, these two would take half
    # of a synthesis.
    @cached_property
    def _own(self) -> dict[str, str]:
        """The ARNs of the stack's own resources, by type."""
        return {
            "dynamodb:table": self.ledger.table_arn,
            "dynamodb:index": f"{self.ledger.table_arn}/index/{BY_STATE}",
            "events:event-bus": self.bus.event_bus_arn,
            "states:statemachine": self.state_machine.state_machine_arn,
        }

    @cached_property
    def _known(self) -> dict[str, str]:
        """What an ARN's parts are in this stack, by their names."""
        stack = Stack.of(self.ledger)
        return {
            "Partition": stack.partition,
            "Region": stack.region,
            "Account": stack.account,
            "ManagementAccountId": stack.account,
        }

    def _surroundings(self, function: str, calls: Iterable[str]) -> dict[str, str]:
        """The variables by which the function finds what it calls, and knows its limits."""
        settings = self.settings
        variables: dict[str, str | float] = {}
        prefixes = {call.partition(":")[0] for call in calls}
        if "dynamodb" in prefixes:
            variables["LEDGER_TABLE_NAME"] = self.ledger.table_name
            if settings.ended_rows_expire_days is not None:
                variables["ENDED_ROWS_EXPIRE_DAYS"] = settings.ended_rows_expire_days
        if "events" in prefixes:
            variables["EVENT_BUS_NAME"] = self.bus.event_bus_name
        if function in QUEUEING:
            variables |= {
                "CREATION_RATE_PER_SECOND": settings.creation_rate_per_second,
                "CREATION_BURST": settings.creation_burst,
                "CREATIONS_IN_PROGRESS": settings.creations_in_progress,
                "CREATION_LEASE_SECONDS": settings.creation_lease_seconds,
                "CREATION_SLACK_SECONDS": settings.creation_slack_seconds,
            }
        variables |= self._of_retirement(function)
        forced = " ".join(settings.forced_service_principals)
        if function == "AcceptRequest":
            variables["SERVICE_PRINCIPALS"] = " ".join(settings.service_principals)
            variables["POLICY_TYPES"] = " ".join(settings.policy_types)
            variables["INVITED_ACCOUNT_ROLE_NAMES"] = " ".join(settings.invited_account_role_names)
        if function in {"DetachPolicy", "DetectDrift"}:
            variables["POLICY_TYPES"] = " ".join(settings.policy_types)
        if function == "AcceptHandshake" and settings.invited_account_role_names:
            variables["INVITED_ACCOUNT_EXTERNAL_ID"] = settings.invited_account_external_id or ""
        if function in {"AcceptRequest", "EnableAWSServiceAccess", "SetupEnableAWSServiceAccess"}:
            variables["FORCED_SERVICE_PRINCIPALS"] = forced
        return {name: str(value) for name, value in variables.items() if value != ""}

    def _of_retirement(self, function: str) -> dict[str, str | float]:
        settings = self.settings
        variables: dict[str, str | float] = {}
        if function in CLOSING:
            variables |= {
                "CLOSING_RATE_PER_SECOND": settings.closing_rate_per_second,
                "CLOSINGS_IN_PROGRESS": settings.closings_in_progress,
                "CLOSINGS_IN_30_DAYS": settings.closings_in_30_days,
                "CLOSING_LEASE_SECONDS": settings.closing_lease_seconds,
                "CLOSING_SLACK_SECONDS": settings.closing_slack_seconds,
            }
        if function == "AcceptRetirement":
            variables["RETIREMENT_ORGANIZATIONAL_UNIT"] = settings.retirement_organizational_unit
            variables["RETIREMENT_POLICY_NAME"] = settings.retirement_policy_name or ""
            variables["RETIREMENT_PROTECTED_TAG"] = settings.retirement_protected_tag or ""
        if function == "RecordRetirement":
            variables["RETIREMENT_GRACE_DAYS"] = settings.retirement_grace_days
        return variables
