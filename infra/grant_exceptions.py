"""Where a grant says more than a call and AWS's facts about it do: each with its reason.

A function is granted its declared calls on every resource that they may concern (`infra/grants.py`
derives that). Here is what narrows it further, by the names of functions, actions and resource
types. Resources are types, such as `organizations:account`, or ARNs with AWS's `${…}` in them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.settings import Settings
from infra.vending_workflow import STATE_MACHINE_NAME

REQUEST_ID_TAG = "account-vending:request-id"
"""The tag that CreateAccount puts on every account; adopting a lost creation depends on it."""

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]

_STATES = "arn:${Partition}:states:${Region}:${Account}"
STATE_MACHINE = f"{_STATES}:stateMachine:{STATE_MACHINE_NAME}"
"""The state machine that vends, by its name."""

_ORGANIZATIONS = "arn:${Partition}:organizations::${Account}"
_INVITATIONS = f"{_ORGANIZATIONS}:handshake/o-*/invite/h-*"
_ORGANIZATIONS_ROLE = (
    "arn:${Partition}:iam::${Account}:role/aws-service-role/organizations.amazonaws.com/"
    "AWSServiceRoleForOrganizations"
)
_CREATORS = ("CreateAccount", "CreateGovCloudAccount", "InviteAccountToOrganization")
_CARRIES_REQUEST_ID = {"Null": {f"aws:RequestTag/{REQUEST_ID_TAG}": "false"}}


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A statement that allows these DynamoDB actions on the ledger's rows of these keys only."""

    sid: str
    actions: tuple[str, ...]
    keys: tuple[str, ...]


_REQUESTS = "request#*"
_LOCKS = ("account#*", "email#*")
_INVITATION_POINTERS = ("handshake#*", "invited#*")
_GET, _PUT, _UPDATE = "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"

_UNIT_PATHS = Rows(sid="UseUnitPaths", actions=(_GET, _PUT), keys=("unit#*",))
_FREE_LOCKS = Rows(sid="FreeLocks", actions=("dynamodb:DeleteItem",), keys=_LOCKS)
_CREATION_QUEUE = Rows(sid="UseCreationQueue", actions=(_GET, _PUT), keys=("gate#creation",))
# A request that ended keeps neither its locks nor its place in the creation queue from others.
_GIVE_BACK = (_FREE_LOCKS, _CREATION_QUEUE)


def _requests(*actions: str, besides: tuple[str, ...] = (), sid: str = "UseRequests") -> Rows:
    return Rows(sid=sid, actions=actions, keys=(_REQUESTS, *besides))


REQUESTS_ONLY = "UseRequests"
"""The sid of what a function that is not in `LEDGER_ROWS` may do: its actions, on requests."""

LEDGER_ROWS: Mapping[str, tuple[Rows, ...]] = {
    "AcceptRequest": (
        _requests(_GET, sid="ReadRequests"),
        _UNIT_PATHS,
        # Claim and locks in one transaction, which one statement allows as a whole: whether AWS
        # holds each item or all keys together against the condition is not documented.
        _requests(_PUT, _UPDATE, besides=_LOCKS, sid="ClaimWithLocks"),
        # Taken away from requests that are over.
        _FREE_LOCKS,
    ),
    "ReserveCreation": (_requests(_GET, _UPDATE), _CREATION_QUEUE),
    "CreateAccount": (_requests(_GET, _UPDATE), _CREATION_QUEUE),
    "CreateGovCloudAccount": (_requests(_GET, _UPDATE), _CREATION_QUEUE),
    "DescribeCreateAccountStatus": (_requests(_GET, _UPDATE), _CREATION_QUEUE),
    # It leaves pointers by which an invitation's answer finds its request.
    "InviteAccountToOrganization": (_requests(_GET, _PUT, _UPDATE, besides=_INVITATION_POINTERS),),
    "AnswerHandshake": (_requests(_GET, besides=_INVITATION_POINTERS),),
    # It looks at the locks that others have on the account.
    "DescribeAccount": (_requests(_UPDATE), _requests(_GET, besides=_LOCKS, sid="ReadLocks")),
    # What a path led to, so that it is not searched for among all units again.
    "CreateOrganizationalUnit": (_UNIT_PATHS,),
    "RecordVended": (_requests(_UPDATE), _FREE_LOCKS),
    # It also remembers requests that were refused before they had a row.
    "RecordFailure": (_requests(_GET, _PUT, _UPDATE), *_GIVE_BACK),
    "RecordExecutionEnd": (_requests(_GET, _PUT, _UPDATE), *_GIVE_BACK),
    # It has an item of its own, which says how far it came.
    "ReconcileLedger": (
        _requests(_GET, _PUT, _UPDATE, besides=("reconciliation#*",)),
        *_GIVE_BACK,
    ),
}
"""By function; LeadingKeys follow from what a function reads and writes, which no call says."""

QUEUEING = tuple(name for name, rows in LEDGER_ROWS.items() if _CREATION_QUEUE in rows)
"""Functions that change the creation queue, and hand the turn to the next there."""


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
            actions=(
                "organizations:ListParents",
                "organizations:ListTagsForResource",
                "organizations:TagResource",
            ),
            resources=("organizations:account",),
            reason="Accounts are all that is moved, tagged and recognised here.",
        ),
        NarrowerGrant(
            actions=("organizations:DescribeHandshake", "organizations:CancelHandshake"),
            resources=(_INVITATIONS,),
            reason="Other handshakes than invitations are not looked at.",
        ),
        NarrowerGrant(
            actions=("organizations:AcceptHandshake",),
            resources=tuple(
                f"{_ORGANIZATIONS}:handshake/o-*/{action}_all_features/h-*"
                for action in ("approve", "enable")
            ),
            reason="The invited account accepts an invitation, never this one. AWS's pages "
            "disagree on which of the two the management account accepts.",
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
            reason="Roles of invited accounts, which have to let this function in, too.",
        ),
        *_of_policies(settings),
        *_of_service_access(settings),
        *_of_this_stack(),
    )


def _of_policies(settings: Settings) -> tuple[NarrowerGrant, ...]:
    of_allowed_types = {"StringEquals": {"organizations:PolicyType": list(settings.policy_types)}}
    reason = "The setting policy_types says what requests may use. "
    return (
        NarrowerGrant(
            actions=("organizations:ListPolicies",),
            functions=("AcceptRequest",),
            reason="Policies of every type, because a name is taken for all of them.",
        ),
        NarrowerGrant(
            actions=("organizations:DescribePolicy",),
            resources=("organizations:policy", "organizations:awspolicy"),
            conditions=of_allowed_types,
            reason=f"{reason}Policies that AWS manages belong to no account, and may be used too.",
        ),
        NarrowerGrant(
            actions=("organizations:AttachPolicy",),
            resources=(
                "organizations:policy",
                "organizations:awspolicy",
                "organizations:account",
                "organizations:root",
                "organizations:organizationalunit",
            ),
            conditions=of_allowed_types,
            reason=f"{reason}Policies that AWS manages belong to no account, and may be used too.",
        ),
        NarrowerGrant(
            actions=(
                "organizations:CreatePolicy",
                "organizations:EnablePolicyType",
                "organizations:ListPolicies",
                "organizations:ListPoliciesForTarget",
                "organizations:UpdatePolicy",
            ),
            conditions=of_allowed_types,
            reason=reason,
        ),
    )


def _of_service_access(settings: Settings) -> tuple[NarrowerGrant, ...]:
    key = "organizations:ServicePrincipal"
    enable = ("organizations:EnableAWSServiceAccess",)
    return (
        NarrowerGrant(
            actions=enable,
            functions=("EnableAWSServiceAccess",),
            conditions={"StringEquals": {key: list(settings.service_principals)}},
            reason="The setting service_principals says what requests may enable.",
        ),
        NarrowerGrant(
            actions=enable,
            conditions={"StringEquals": {key: "iam.amazonaws.com"}},
            reason="Root features need IAM's trusted access first, and nobody else's.",
        ),
    )


def _of_this_stack() -> tuple[NarrowerGrant, ...]:
    return (
        NarrowerGrant(
            actions=("dynamodb:Query",),
            resources=("dynamodb:index",),
            reason="Rows are looked for by state only, by which the index is made.",
        ),
        NarrowerGrant(
            actions=("states:DescribeExecution",),
            resources=(f"{_STATES}:execution:{STATE_MACHINE_NAME}:*",),
            reason="Executions of this machine, by its name: it names these functions itself.",
        ),
        NarrowerGrant(
            actions=("states:ListExecutions",),
            resources=("states:statemachine",),
            reason="There are no map runs.",
        ),
        NarrowerGrant(
            actions=("states:SendTaskSuccess",),
            functions=QUEUEING,
            resources=(STATE_MACHINE,),
            reason="Step Functions checks the state machine whose execution waits under a token, "
            "although the Service Authorization Reference lists no resource.",
        ),
    )
