"""Where a grant says more than a call and AWS's facts about it do: each with its reason.

A function is granted its declared calls on every resource that they may concern (`infra/grants.py`
derives that). Here is what narrows it further, by the names of functions, actions and resource
types. Resources are types, such as `organizations:account`, or ARNs with AWS's `${…}` in them.
"""

from __future__ import annotations

from infra.narrower_grants import Conditions, NarrowerGrant
from infra.own_resource_grants import of_this_stack
from infra.service_principals import ENABLING_THEMSELVES
from infra.settings import Settings

REQUEST_ID_TAG = "account-vending:request-id"
"""The tag that CreateAccount puts on every account; adopting a lost creation depends on it."""

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
        *of_this_stack(settings),
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
