"""The principals that call the API, by the ARNs that API Gateway and request policies name them by.

A session of a role is the role: its ARN has the role's name, without its path (IAM User Guide, "IAM
identifiers", and GetCallerIdentity in the AWS STS API reference). Names of roles are unique in an
account whatever their paths, so that paths of roles are left out of comparisons.
"""

from __future__ import annotations

import re

_SESSION = re.compile(r"arn:(aws[\w-]*):sts::(\d{12}):assumed-role/([\w+=,.@-]{1,64})/.+", re.ASCII)
_PRINCIPAL = re.compile(
    r"arn:aws[\w-]*:iam::\d{12}:(role|user)/([!-~]*/)?[\w+=,.@-]{1,64}", re.ASCII
)
_ROLE = re.compile(r"(arn:aws[\w-]*:iam::\d{12}:role/)[!-~]*/([^/]+)", re.ASCII)


def of_caller(user_arn: str) -> str:
    """The principal behind the ARN that API Gateway gives as `userArn`: the role of a session."""
    session = _SESSION.fullmatch(user_arn)
    if session is None:
        return user_arn
    partition, account, role = session.groups()
    return f"arn:{partition}:iam::{account}:role/{role}"


def without_path(arn: str) -> str:
    """The ARN by which a role is compared; any other ARN as it is."""
    return _ROLE.sub(r"\1\2", arn)


def problem_of(arn: str) -> str | None:
    """Why a request policy cannot have the principal; None where it can."""
    if _SESSION.fullmatch(arn):
        return f"is a session; name its role: {of_caller(arn)}"
    if _PRINCIPAL.fullmatch(arn) is None or "*" in arn:
        return "is not the ARN of a role or a user, as arn:aws:iam::111122223333:role/Portal"
    return None
