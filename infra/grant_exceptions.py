"""Where a grant says more than a call and AWS's facts about it do: each with its reason.

A function is granted its declared calls on every resource that they may concern (`infra/grants.py`
derives that). Here is what narrows it further, by the names of functions, actions and resource
types. Resources are types, such as `organizations:account`, or ARNs with AWS's `${…}` in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra import account_retirement_workflow, state_machine_names
from infra.service_principals import ENABLING_THEMSELVES
from infra.settings import Settings
from vending.requesters import DISCOVERED_ACCOUNTS_SOURCE, DRIFT_REPAIRS_SOURCE

REQUEST_ID_TAG = "account-vending:request-id"
"""The tag that CreateAccount puts on every account; adopting a lost creation depends on it."""

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]

ANNOUNCEMENTS_SOURCE = "account-vending"
"""The source of this system's announcements; nobody else may use it."""

_STATES = "arn:${Partition}:states:${Region}:${Account}"
_ORGANIZATIONS = "arn:${Partition}:organizations::${Account}"
_INVITATIONS = f"{_ORGANIZATIONS}:handshake/o-*/invite/h-*"
_ORGANIZATIONS_ROLE = (
    "arn:${Partition}:iam::${Account}:role/aws-service-role/organizations.amazonaws.com/"
    "AWSServiceRoleForOrganizations"
)
_OF_OTHER_QUOTAS = (
    "autoscaling:DescribeAccountLimits",
    "cloudformation:DescribeAccountLimits",
    "dynamodb:DescribeLimits",
    "elasticloadbalancing:DescribeAccountLimits",
    "iam:GetAccountSummary",
    "kinesis:DescribeLimits",
    "rds:DescribeAccountAttributes",
    "route53:GetAccountLimit",
)
_CREATORS = ("CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization")
_CARRIES_REQUEST_ID = {"Null": {f"aws:RequestTag/{REQUEST_ID_TAG}": "false"}}


def events_of(source: str | Sequence[str] | None, detail_types: Sequence[str]) -> Conditions:
    """That an event to be put has the source, or one of them, and one of the detail-types.

    Both keys may have the values of several entries of a call (Service Authorization Reference), so
    that all of them have to fit.
    """
    wanted: dict[str, str | Sequence[str]] = {"events:detail-type": list(detail_types)}
    if source is not None:
        wanted["events:source"] = source if isinstance(source, str) else list(source)
    return {
        "ForAllValues:StringEquals": wanted,
        "Null": dict.fromkeys(wanted, "false"),
    }


def machine_of_name(name: str) -> str:
    """The ARN of one of this stack's state machines."""
    return f"{_STATES}:stateMachine:{name}"


@dataclass(frozen=True, kw_only=True)
class NarrowerGrant:
    """What holds for `actions`, of all functions or of the named ones, instead of what is derived.

    No `resources` means those of AWS's facts; an empty tuple means that nothing is granted.
    """

    actions: tuple[str, ...]
    reason: str
    functions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    conditions: Conditions | None = None

    def holds_for(self, function: str, action: str) -> bool:
        """Whether it is about this action of this function."""
        return action in self.actions and (self.functions is None or function in self.functions)


TAGGING = {f"organizations:{name}": ("organizations:TagResource",) for name in _CREATORS}
"""Calls that give tags, for which AWS checks TagResource too (AWS Organizations API Reference,
CreateAccount); its authorization reference does not list that among their dependent actions."""


def exceptions(settings: Settings) -> tuple[NarrowerGrant, ...]:
    """All exceptions; of those that hold for an action of a function, the first one counts."""
    return (
        NarrowerGrant(
            actions=(*TAGGING, "organizations:TagResource"),
            functions=_CREATORS,
            resources=("*",),
            conditions=_CARRIES_REQUEST_ID,
            reason="AWS documents no resource for an account that has no ARN yet. No account "
            "without its request's id: what a lost answer leaves behind must be recognisable.",
        ),
        NarrowerGrant(
            actions=("organizations:ListParents",),
            functions=("AcceptRequest", "AcceptRetirement", "DetectDrift"),
            reason="The units that a member of the organization is in decide who may touch it, and "
            "whether it is in its place.",
        ),
        NarrowerGrant(
            actions=(
                "organizations:ListParents",
                "organizations:ListTagsForResource",
                "organizations:TagResource",
                "organizations:UntagResource",
            ),
            resources=("organizations:account",),
            reason="Accounts are all that is moved, tagged and recognised here.",
        ),
        NarrowerGrant(
            actions=("sts:AssumeRole", "organizations:DescribeHandshake"),
            functions=("SetupAcceptHandshake",),
            resources=(),
            reason="The setup accepts as the management account itself.",
        ),
        NarrowerGrant(
            actions=("organizations:DescribeHandshake", "organizations:CancelHandshake"),
            resources=(_INVITATIONS,),
            reason="Other handshakes than invitations are not looked at.",
        ),
        NarrowerGrant(
            actions=("organizations:AcceptHandshake", "iam:CreateServiceLinkedRole"),
            functions=("AcceptHandshake",),
            resources=(),
            reason="A request's invitation is accepted by the invited account, with its rights.",
        ),
        NarrowerGrant(
            actions=("organizations:AcceptHandshake",),
            resources=tuple(
                f"{_ORGANIZATIONS}:handshake/o-*/{action}_all_features/h-*"
                for action in ("approve", "enable")
            ),
            reason="All features have to be accepted, and nothing else. AWS's pages disagree on "
            "which of the two the management account accepts.",
        ),
        NarrowerGrant(
            actions=("iam:CreateServiceLinkedRole",),
            resources=(_ORGANIZATIONS_ROLE,),
            conditions={"StringEquals": {"iam:AWSServiceName": "organizations.amazonaws.com"}},
            reason="All features come with Organizations' own role, and with no other.",
        ),
        NarrowerGrant(
            actions=("sts:AssumeRole",),
            resources=tuple(
                f"arn:${{Partition}}:iam::*:role/{name}"
                for name in settings.invited_account_role_names
            ),
            conditions={
                "StringEquals": {"sts:ExternalId": settings.invited_account_external_id or ""},
                "StringNotEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"},
            },
            reason="Roles of invited accounts, which have to let this function in, too. Never one "
            "of a member account, whatever its role is called.",
        ),
        NarrowerGrant(
            actions=(
                "account:DeleteAlternateContact",
                "account:GetAlternateContact",
                "account:PutAccountName",
                "account:PutAlternateContact",
            ),
            resources=("account:accountInOrganization",),
            reason="Names and contacts of member accounts; nobody vends the management account.",
        ),
        NarrowerGrant(
            actions=_OF_OTHER_QUOTAS,
            functions=("ReconcileLedger",),
            resources=(),
            reason="Service Quotas asks other services for what is used of their quotas. Here "
            "those of Organizations are listed.",
        ),
        *_of_policies(settings),
        *_of_service_access(settings),
        *_of_retiring_machine(state_machine_names.retirement(settings)),
        *_of_api(state_machine_names.vending(settings), state_machine_names.retirement(settings)),
        *_of_custom_resource(settings),
        *_of_drift(settings),
        *_of_this_stack(state_machine_names.vending(settings)),
    )


def _of_policies(settings: Settings) -> tuple[NarrowerGrant, ...]:
    of_allowed_types = {"StringEquals": {"organizations:PolicyType": list(settings.policy_types)}}
    reason = "The setting policy_types says what requests may use. "
    return (
        NarrowerGrant(
            actions=("organizations:ListPolicies",),
            functions=("AcceptRequest",),
            reason="Policies of every type, because names are unique across types.",
        ),
        NarrowerGrant(
            actions=("organizations:ListPoliciesForTarget",),
            functions=("AcceptRequest",),
            resources=("organizations:account",),
            reason="How many policies the account has beside those of the request, of any type.",
        ),
        NarrowerGrant(
            actions=("organizations:DescribePolicy",),
            resources=("organizations:policy", "organizations:awspolicy"),
            conditions=of_allowed_types,
            reason=f"{reason}Policies that AWS manages belong to no account, and may be used too.",
        ),
        NarrowerGrant(
            actions=("organizations:UpdatePolicy",),
            functions=("CreatePolicy",),
            resources=(),
            reason="A policy is the organization's: a request uses it, and changes none.",
        ),
        *_of_retirement(),
        *_of_targets("AttachPolicy", ("organizations:account",), of_allowed_types),
        NarrowerGrant(
            actions=("organizations:DetachPolicy",),
            resources=("organizations:policy", "organizations:account"),
            conditions=of_allowed_types,
            reason="From accounts only. Policies that AWS manages stay: without FullAWSAccess an "
            "account can do nothing.",
        ),
        NarrowerGrant(
            actions=("organizations:ListPoliciesForTarget",),
            functions=("DetachPolicy", "DetectDrift"),
            resources=("organizations:account",),
            conditions=of_allowed_types,
            reason="What is attached there.",
        ),
        *_of_targets(
            "SetupAttachPolicy",
            ("organizations:root", "organizations:organizationalunit"),
            of_allowed_types,
        ),
        NarrowerGrant(
            actions=(
                "organizations:CreatePolicy",
                "organizations:EnablePolicyType",
                "organizations:ListPolicies",
                "organizations:UpdatePolicy",
            ),
            conditions=of_allowed_types,
            reason=reason,
        ),
    )


def _of_retirement() -> tuple[NarrowerGrant, ...]:
    of_guardrails = {"StringEquals": {"organizations:PolicyType": "SERVICE_CONTROL_POLICY"}}
    return (
        NarrowerGrant(
            actions=("organizations:ListPoliciesForTarget",),
            functions=("AcceptRetirement",),
            resources=("organizations:account",),
            conditions=of_guardrails,
            reason="Whether the account has the policy that suspends it.",
        ),
    )


def _of_targets(
    function: str, targets: tuple[str, ...], conditions: Conditions
) -> tuple[NarrowerGrant, ...]:
    """What it attaches policies to, and so looks at."""
    return (
        NarrowerGrant(
            actions=("organizations:AttachPolicy",),
            functions=(function,),
            resources=("organizations:policy", "organizations:awspolicy", *targets),
            conditions=conditions,
            reason="A request is about its account, an organization's document about the root and "
            "units. Policies that AWS manages belong to no account, and may be used too.",
        ),
        NarrowerGrant(
            actions=("organizations:ListPoliciesForTarget",),
            functions=(function,),
            resources=targets,
            conditions=conditions,
            reason="What is attached there already.",
        ),
    )


def _of_service_access(settings: Settings) -> tuple[NarrowerGrant, ...]:
    key = "organizations:ServicePrincipal"
    enable = ("organizations:EnableAWSServiceAccess",)
    refused = ENABLING_THEMSELVES.difference(settings.forced_service_principals)
    for_requests = [one for one in settings.service_principals if one not in refused]
    return (
        NarrowerGrant(
            actions=enable,
            functions=("EnableAWSServiceAccess",),
            conditions={"StringEquals": {key: for_requests}},
            reason="The setting service_principals says what requests may enable; those of them "
            "that AWS wants to enable themselves only where forced_service_principals has them.",
        ),
        NarrowerGrant(
            actions=enable,
            functions=("SetupEnableAWSServiceAccess",),
            conditions={"StringEquals": {key: list(settings.service_principals)}},
            reason="An organization's document may force any that service_principals has.",
        ),
        NarrowerGrant(
            actions=enable,
            conditions={"StringEquals": {key: "iam.amazonaws.com"}},
            reason="Root features need IAM's trusted access first, and no other service's.",
        ),
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
            resources=(f"{_STATES}:execution:{state_machine}:*",),
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
    executions = tuple(f"{_STATES}:execution:{name}:*" for name in (vending, retirement))
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
            resources=tuple(f"{_STATES}:execution:{name}:*" for name in machines),
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


def _of_this_stack(state_machine: str) -> tuple[NarrowerGrant, ...]:
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
            resources=(f"{_STATES}:execution:{state_machine}:*",),
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
