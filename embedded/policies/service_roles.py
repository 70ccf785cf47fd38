"""Whether an AWS service may assume a role that a resource names.

Source: "Create a role to delegate permissions to an AWS service", IAM User Guide; each service says
in its own words what it answers where it may not.
"""

from __future__ import annotations

from urllib.parse import unquote

from moto.iam.models import iam_backends

from embedded.policies.trust_policy import trusts_service


def may_assume(role_arn: str, service: str, *, region: str, source_arn: str) -> bool:
    """Whether the role exists and trusts the service, by its global or its regional principal.

    Args:
        role_arn: the role's ARN.
        service: the principal's first part, such as `states`.
        region: where the service asks.
        source_arn: the resource that the service acts for, as aws:SourceArn.
    """
    parts = role_arn.split(":", 5)
    partition, account_id = parts[1], parts[4]
    roles = list(iam_backends[account_id][partition].roles.values())
    role = next((role for role in roles if role.arn == role_arn), None)
    if role is None:
        return False
    context = {
        "aws:sourcearn": (source_arn,),
        "aws:sourceaccount": (source_arn.split(":")[4],),
    }
    principals = {f"{service}.amazonaws.com", f"{service}.{region}.amazonaws.com"}
    return trusts_service(unquote(role.assume_role_policy_document), principals, context)
