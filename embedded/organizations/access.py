"""Which accounts of an organization may call which operation (API reference, by operation).

This is membership, not policy: what a caller's IAM policies allow is decided before.
"""

from __future__ import annotations

OUTSIDERS = frozenset(
    {
        "AcceptHandshake",
        "CancelHandshake",
        "CreateOrganization",
        "DeclineHandshake",
        "DescribeHandshake",
        "ListHandshakesForAccount",
    }
)
"""Operations for accounts in no organization too; a handshake knows its parties."""

_MEMBERS = OUTSIDERS | {"DescribeOrganization", "LeaveOrganization"}

_DELEGATED = frozenset(
    {
        "DescribeAccount",
        "DescribeCreateAccountStatus",
        "DescribeEffectivePolicy",
        "DescribeOrganizationalUnit",
        "DescribePolicy",
        "DescribeResourcePolicy",
        "ListAWSServiceAccessForOrganization",
        "ListAccounts",
        "ListAccountsForParent",
        "ListChildren",
        "ListCreateAccountStatus",
        "ListDelegatedAdministrators",
        "ListDelegatedServicesForAccount",
        "ListHandshakesForOrganization",
        "ListOrganizationalUnitsForParent",
        "ListParents",
        "ListPolicies",
        "ListPoliciesForTarget",
        "ListRoots",
        "ListTagsForResource",
        "ListTargetsForPolicy",
    }
)
"""Reads that a delegated administrator of any service may make."""


def may_call(operation: str, *, manages: bool, administers: bool) -> bool:
    """Whether an account may call `operation`.

    `manages`: it is the management account; `administers`: a delegated administrator.
    """
    return manages or operation in _MEMBERS or (administers and operation in _DELEGATED)
