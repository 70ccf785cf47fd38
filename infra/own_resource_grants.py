"""What narrows grants about this stack's own machines, buses and table, each with its reason."""

from __future__ import annotations

from infra import account_retirement_workflow, state_machine_names
from infra.narrower_grants import (
    ANNOUNCEMENTS_SOURCE,
    STATES,
    NarrowerGrant,
    events_of,
    machine_of_name,
)
from infra.settings import Settings
from vending.requesters import DISCOVERED_ACCOUNTS_SOURCE, DRIFT_REPAIRS_SOURCE


def of_this_stack(settings: Settings) -> tuple[NarrowerGrant, ...]:
    """Of those that hold for an action of a function, the first one counts."""
    vending, retirement = (
        state_machine_names.vending(settings),
        state_machine_names.retirement(settings),
    )
    return (
        *_of_retiring_machine(retirement),
        *_of_api(vending, retirement),
        *_of_custom_resource(settings),
        *_of_drift(settings),
        *_of_vending_machine(vending),
    )


def _of_retiring_machine(state_machine: str) -> tuple[NarrowerGrant, ...]:
    retiring = account_retirement_workflow.RETIRING
    return (
        NarrowerGrant(
            actions=("events:PutEvents",),
            functions=("RecordRetirement",),
            conditions=events_of(
                ANNOUNCEMENTS_SOURCE,
                (
                    "AccountClosed",
                    "AccountRestored",
                    "AccountRetirementFailed",
                    "AccountRetiring",
                ),
            ),
            reason="Who announces can request nothing.",
        ),
        NarrowerGrant(
            actions=("events:PutEvents",),
            functions=("AwaitApproval",),
            conditions=events_of(
                ANNOUNCEMENTS_SOURCE,
                ("AccountRetirementAwaitsApproval", "AccountVendingStateChanged"),
            ),
            reason="Who announces can request nothing.",
        ),
        NarrowerGrant(
            actions=("events:PutEvents",),
            functions=("DecideApproval",),
            conditions=events_of(ANNOUNCEMENTS_SOURCE, ("AccountApprovalRefused",)),
            reason="Who announces can request nothing.",
        ),
        NarrowerGrant(
            actions=("states:DescribeExecution",),
            functions=retiring,
            resources=(f"{STATES}:execution:{state_machine}:*",),
            reason="Executions of the machine that retires, by its name: it names these functions "
            "itself.",
        ),
        NarrowerGrant(
            actions=("states:SendTaskSuccess",),
            functions=retiring,
            resources=(machine_of_name(state_machine),),
            reason="Those that wait in the closing queue are executions of the same machine.",
        ),
    )


def _of_api(vending: str, retirement: str) -> tuple[NarrowerGrant, ...]:
    executions = tuple(f"{STATES}:execution:{name}:*" for name in (vending, retirement))
    return (
        NarrowerGrant(
            actions=("states:StartExecution",),
            functions=("ServeApi",),
            resources=(machine_of_name(vending), machine_of_name(retirement)),
            reason="It starts what the bus starts, with the caller as the sender.",
        ),
        NarrowerGrant(
            actions=("states:DescribeExecution",),
            functions=("ServeApi",),
            resources=executions,
            reason="What an idempotency key was used for.",
        ),
        NarrowerGrant(
            actions=("states:SendTaskSuccess",),
            functions=("DecideApproval", "ReconcileLedger", "ServeApi"),
            resources=(machine_of_name(vending), machine_of_name(retirement)),
            reason="Requests and retirements wait for approvals.",
        ),
        NarrowerGrant(
            actions=("states:GetExecutionHistory", "states:StopExecution"),
            functions=("ServeApi",),
            resources=executions[:1],
            reason="The steps of requests, which can be cancelled; retirements are restored.",
        ),
    )


def _of_custom_resource(settings: Settings) -> tuple[NarrowerGrant, ...]:
    machines = [state_machine_names.vending(settings)]
    if settings.custom_resource and settings.custom_resource.on_delete == "retire":
        machines.append(state_machine_names.retirement(settings))
    own = (machine_of_name(state_machine_names.custom_resource(settings)),)
    return (
        NarrowerGrant(
            actions=("states:StartExecution",),
            functions=("ServeCustomAccount",),
            resources=own,
            reason="It takes what CloudFormation asks, and decides on nothing.",
        ),
        NarrowerGrant(
            actions=("states:StartExecution",),
            functions=("RequestCustomAccount",),
            resources=tuple(map(machine_of_name, machines)),
            reason="It starts what the bus starts; retirements only by the setting "
            "custom_resource.on_delete.",
        ),
        NarrowerGrant(
            actions=("states:DescribeExecution",),
            functions=("DescribeCustomAccount",),
            resources=tuple(f"{STATES}:execution:{name}:*" for name in machines),
            reason="How those that were started ended.",
        ),
        NarrowerGrant(
            actions=("cloudformation:ListStacks",),
            functions=("RequestCustomAccount",),
            resources=(),
            reason="It names the stack that it asks about; listing is for callers who name none.",
        ),
        NarrowerGrant(
            actions=("states:SendTaskFailure",),
            functions=("AnswerCustomAccount",),
            resources=own,
            reason="It ends the waits of that machine alone.",
        ),
    )


def _of_drift(settings: Settings) -> tuple[NarrowerGrant, ...]:
    drifted, repairs = "AccountDrifted", settings.account_drift == "repair"
    conditions = (
        events_of((ANNOUNCEMENTS_SOURCE, DRIFT_REPAIRS_SOURCE), (drifted, "AccountRequested"))
        if repairs
        else events_of(ANNOUNCEMENTS_SOURCE, (drifted,))
    )
    return (
        NarrowerGrant(
            actions=("events:PutEvents",),
            functions=("DetectDrift",),
            conditions=conditions,
            reason="It announces what it finds; where the setting account_drift is repair, it asks "
            "for accounts' documents again, by a source of its own.",
        ),
    )


def _of_vending_machine(state_machine: str) -> tuple[NarrowerGrant, ...]:
    put = ("events:PutEvents",)
    progress, failed = "AccountVendingStateChanged", "AccountVendingFailed"
    vended, changed = "AccountVended", "AccountChanged"
    announcements = (vended, changed, failed, progress)
    return (
        NarrowerGrant(
            actions=put,
            functions=("DiscoverAccount",),
            conditions=events_of(DISCOVERED_ACCOUNTS_SOURCE, ("AccountRequested",)),
            reason="It requests, and announces nothing.",
        ),
        NarrowerGrant(
            actions=put,
            functions=("ReconcileLedger",),
            conditions=events_of(
                ANNOUNCEMENTS_SOURCE, (*announcements, "AccountVendingReconciled")
            ),
            reason="It announces what others missed, and its own report.",
        ),
        NarrowerGrant(
            actions=put,
            functions=("RecordExecutionEnd",),
            conditions=events_of(ANNOUNCEMENTS_SOURCE, announcements),
            reason="It announces how a request ended, which its execution may have recorded.",
        ),
        NarrowerGrant(
            actions=put,
            functions=("RecordVended",),
            conditions=events_of(ANNOUNCEMENTS_SOURCE, (changed, vended, progress)),
            reason="It announces what it records.",
        ),
        NarrowerGrant(
            actions=put,
            functions=("AcceptRequest", "RecordFailure"),
            conditions=events_of(ANNOUNCEMENTS_SOURCE, (failed, progress)),
            reason="They announce what they record; AcceptRequest records that a request FAILED "
            "before it takes the locks of one whose execution has ended.",
        ),
        NarrowerGrant(
            actions=put,
            conditions=events_of(ANNOUNCEMENTS_SOURCE, (progress,)),
            reason="Who announces can request nothing, and says no outcome but what it records.",
        ),
        NarrowerGrant(
            actions=("dynamodb:Query",),
            resources=("dynamodb:index",),
            reason="Rows are looked for by state only, by which the index is made.",
        ),
        NarrowerGrant(
            actions=("states:DescribeExecution",),
            resources=(f"{STATES}:execution:{state_machine}:*",),
            reason="Executions of this machine, by its name: it names these functions itself.",
        ),
        NarrowerGrant(
            actions=("states:ListExecutions",),
            resources=("states:statemachine",),
            reason="There are no map runs.",
        ),
        NarrowerGrant(
            actions=("states:SendTaskFailure", "states:SendTaskSuccess"),
            resources=(machine_of_name(state_machine),),
            reason="Step Functions checks the state machine whose execution waits under a token, "
            "although the Service Authorization Reference lists no resource.",
        ),
    )
