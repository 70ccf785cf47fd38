"""DetachPolicy: detaches the policies that an account was given before and is to have no longer.

It comes after all that is wanted is attached and the account is in its place, so that the account
is never without its guardrails in between. What AWS attaches to every account itself stays: without
FullAWSAccess or another policy that allows, an account can do nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from vending.aws import clients
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.handler import wiring
from vending.handler.operation import Json, Payload, operation
from vending.model import Model
from vending.request.fields import AccountId, PolicyName, PolicyType
from vending.request.merge import surplus
from vending.request.validators import ATTACHED_BY_AWS

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient

    from vending.organization.report import Report

CALLS = {"organizations:DetachPolicy", "organizations:ListPoliciesForTarget"}


class NamedPolicy(Model):
    """A policy as documents name it."""

    type: PolicyType
    name: PolicyName


class DetachPolicy(Payload):
    """The account, the policies that it was given before, and those that it is to have."""

    account_id: AccountId
    given: list[NamedPolicy]
    wanted: list[NamedPolicy]
    authoritative: bool = False


def run(
    payload: DetachPolicy,
    *,
    organizations: OrganizationsClient,
    policy_types: Collection[PolicyType] = (),
) -> Json:
    """{detached: names of the policies that were attached}.

    `policy_types` are those that the stack allows, all of which an authoritative request is about.
    OperationRefused where the account would be left without a policy of a type of which AWS asks
    every account to have one.

    Implements DetachPolicy of the AWS Organizations API reference.
    """
    detached: list[str] = []
    named = [*payload.given, *(payload.wanted if payload.authoritative else ())]
    types = {one.type for one in named} | set(policy_types if payload.authoritative else ())
    for kind in sorted(types):
        live = _attached(organizations, payload.account_id, kind)
        gone = surplus(
            live,
            wanted=[one.name for one in payload.wanted if one.type == kind],
            given=[one.name for one in payload.given if one.type == kind],
            authoritative=payload.authoritative,
            reserved=list(ATTACHED_BY_AWS.values()),
        )
        if gone and kind in ATTACHED_BY_AWS and len(gone) == len(live):
            raise _last(kind, gone)
        for name in gone:
            try:
                organizations.detach_policy(PolicyId=live[name], TargetId=payload.account_id)
            except organizations.exceptions.PolicyNotAttachedException:
                # Somebody detached it between the two calls: VENDED must not say more than is seen.
                if name in _attached(organizations, payload.account_id, kind):
                    raise
                continue
            detached.append(name)
    return {"detached": detached}


def _attached(
    organizations: OrganizationsClient, account_id: str, kind: PolicyType
) -> dict[str, str]:
    pages = organizations.get_paginator("list_policies_for_target")
    # The client's type hints are older than botocore's list of policy types.
    attached = pages.paginate(TargetId=account_id, Filter=kind)  # type: ignore[arg-type]
    return {
        policy["Name"]: policy["Id"] for page in attached for policy in page.get("Policies", [])
    }


def _last(kind: str, names: list[str]) -> OperationRefused:
    words = explain("ConstraintViolationException", "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")
    return OperationRefused(
        f"DetachPolicy: {', '.join(names)} would leave the account without a {kind}. {words.what}",
        code=words.code,
        reason=words.reason,
        remedy=words.remedy,
    )


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["detached"]) or "none to detach"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for name in result["detached"]:
        into.say(f"policy {name} detached from the account", changed=True)


def summary(_record: Json) -> None:
    """No line of its own: AttachPolicy's names the policies."""


@operation(DetachPolicy)
def handler(payload: DetachPolicy) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations(), policy_types=wiring.policy_types())
