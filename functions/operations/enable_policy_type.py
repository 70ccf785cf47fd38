"""EnablePolicyType: ensures that types of policies are on in the organization's root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vending.aws import clients
from vending.errors.aws_errors import translate
from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused, TrustedAccessMissing
from vending.handler.operation import Json, Payload, operation
from vending.request.fields import PolicyType

if TYPE_CHECKING:
    from mypy_boto3_organizations import OrganizationsClient
    from mypy_boto3_organizations.type_defs import RootTypeDef

    from vending.organization.report import Report

CALLS = {"organizations:EnablePolicyType", "organizations:ListRoots"}


class EnablePolicyType(Payload):
    """The types to switch on; a type may be named more than once."""

    policy_types: list[PolicyType]


def run(payload: EnablePolicyType, *, organizations: OrganizationsClient) -> Json:
    """{enabled, alreadyEnabled}, each in the order asked for.

    A type that is switched on at this moment counts as on: what needs it tries again.
    TrustedAccessMissing: AWS wants trusted access for the service of a type first.

    Implements EnablePolicyType of the AWS Organizations API reference.
    """
    wanted = list(dict.fromkeys(payload.policy_types))
    if not wanted:
        return {"enabled": [], "alreadyEnabled": []}
    root = _root(organizations)
    present = {
        one.get("Type")
        for one in root.get("PolicyTypes", [])
        if one.get("Status") in ("ENABLED", "PENDING_ENABLE")
    }
    enabled = []
    for policy_type in wanted:
        if policy_type in present:
            continue
        try:
            # The client's type hints are older than botocore's list of policy types.
            organizations.enable_policy_type(
                RootId=root["Id"],
                PolicyType=policy_type,  # type: ignore[arg-type]
            )
        except organizations.exceptions.PolicyTypeAlreadyEnabledException:
            continue  # it was enabled between the two calls
        except organizations.exceptions.ConstraintViolationException as error:
            refusal = translate(error)
            if refusal.reason != "SERVICE_ACCESS_NOT_ENABLED":
                raise
            raise TrustedAccessMissing(
                f"{policy_type}: {refusal.message}",
                code=refusal.code,
                reason=refusal.reason,
                remedy=refusal.remedy,
            ) from None
        enabled.append(policy_type)
    return {"enabled": enabled, "alreadyEnabled": [one for one in wanted if one not in enabled]}


def _root(organizations: OrganizationsClient) -> RootTypeDef:
    for page in organizations.get_paginator("list_roots").paginate():
        for root in page.get("Roots", []):
            return root
    words = explain("RootNotFound")
    raise OperationRefused(f"ListRoots: {words.what}", code=words.code, remedy=words.remedy)


def progress(result: Json) -> str:
    """What progress says of it; empty when there is nothing to say."""
    return ", ".join(result["enabled"]) or "already enabled"


def report(result: Json, into: Report) -> None:
    """What a plan and a report say of it."""
    for name in result["enabled"]:
        into.say(f"policy type {name}", changed=True)
    for name in result["alreadyEnabled"]:
        into.say(f"policy type {name}", changed=False)


def summary(_record: Json) -> None:
    """No line of its own: AttachPolicy's names the policies."""


@operation(EnablePolicyType)
def handler(payload: EnablePolicyType) -> Json:
    """The Lambda entrance."""
    return run(payload, organizations=clients.organizations())
