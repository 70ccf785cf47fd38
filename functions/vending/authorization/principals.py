"""The principals that call the API, by what API Gateway and request policies name them by.

A principal is the ARN of a role or a user. Where tokens authorize calls it is a value of the claim
that the setting names, behind `claim:`.

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


_SSO_ROLE = "AWSReservedSSO_"
"""How the roles begin that IAM Identity Center makes: it alone lets people take them, and names
each session after the person (IAM Identity Center User Guide, "Referencing permission sets in
resource policies"; "IAM roles created by IAM Identity Center")."""

_CLAIM = "claim:"
_CLAIM_VALUE = re.compile(r"claim:[^\s*]{1,200}")


def of_claim(value: str) -> str:
    """The principal of whoever has the value in the claim."""
    return f"{_CLAIM}{value}"


def is_of_claim(principal: str) -> bool:
    """Whether a token's claim says it, and no credentials of AWS."""
    return principal.startswith(_CLAIM)


def values_of(claim: str) -> list[str]:
    """The values of a claim, as API Gateway hands it to a function: a list is `[one other]`."""
    if claim.startswith("[") and claim.endswith("]"):
        claim = claim[1:-1]
    return claim.replace(",", " ").split()


def of_caller(user_arn: str) -> str:
    """The principal behind the ARN that API Gateway gives as `userArn`: the role of a session."""
    session = _SESSION.fullmatch(user_arn)
    if session is None:
        return user_arn
    partition, account, role = session.groups()
    return f"arn:{partition}:iam::{account}:role/{role}"


def person_of(identity: str) -> str:
    """Who a caller is, as far as nobody but AWS or the issuer of tokens can say.

    Whoever takes a role names the session, so that all sessions of a role are one person; but not
    those of IAM Identity Center's roles.

    Args:
        identity: the caller's ARN as API Gateway gives it, or the issuer and subject of a token.
    """
    session = _SESSION.fullmatch(identity)
    if session is None or session.group(3).startswith(_SSO_ROLE):
        return identity
    return of_caller(identity)


def is_of_people(principal: str) -> bool:
    """Whether several people, who are told apart, may be this principal of a request policy."""
    return principal.startswith(_CLAIM) or f":role/{_SSO_ROLE}" in without_path(principal)


def without_path(arn: str) -> str:
    """The ARN by which a role is compared; any other ARN as it is."""
    return _ROLE.sub(r"\1\2", arn)


def problem_of(arn: str) -> str | None:
    """Why a request policy cannot have the principal; None where it can."""
    if _SESSION.fullmatch(arn):
        return f"is a session; name its role: {of_caller(arn)}"
    if is_of_claim(arn):
        return None if _CLAIM_VALUE.fullmatch(arn) else "is not claim: and a value without spaces"
    if _PRINCIPAL.fullmatch(arn) is None or "*" in arn:
        return "is not the ARN of a role or a user, as arn:aws:iam::111122223333:role/Portal"
    return None
