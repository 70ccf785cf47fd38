"""What IAM refuses of a policy's text where moto takes it.

Policies of identities and trust policies are read by two parsers on AWS, each with words of its
own. moto has the first, which lacks two rules. Actions and condition keys that no service has are
no fault for either: IAM takes them, only Access Analyzer warns.

Upstream: moto/iam/policy_validation.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from moto.iam import models
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import VALID_CONDITIONS, IAMPolicyDocumentValidator

_SID = re.compile(r"[0-9A-Za-z]*")
_VERSIONS = ("2008-10-17", "2012-10-17")
_TOP = {"Version", "Id", "Statement"}
_STATEMENT = {
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
}
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
_AWS_PRINCIPAL = re.compile(r"\*|\d{12}|AIDA\w+|AROA\w+|arn:aws[\w-]*:(iam|sts)::\d{12}:\S+")
_SERVICE_PRINCIPAL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
_OPERATOR = re.compile(r"(?:For(?:AnyValue|AllValues):)?(\w+?)(?:IfExists)?")

_moto_create_role = models.IAMBackend.create_role


class IdentityPolicy(IAMPolicyDocumentValidator):
    """The policy of a user, group or role."""

    def validate(self) -> None:
        """Raise MalformedPolicyDocument for the first thing that is wrong."""
        super().validate()
        for statement in self._statements:
            if {"Principal", "NotPrincipal"} & statement.keys():
                raise MalformedPolicyDocument("Policy document should not specify a principal.")
            if not _SID.fullmatch(statement.get("Sid", "")):
                raise MalformedPolicyDocument(
                    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies "
                    "the regular expression [0-9A-Za-z]*"
                )


class TrustPolicy:
    """The policy of a role that says who may assume it."""

    def __init__(self, policy_document: str) -> None:
        self._text = policy_document

    def validate(self) -> None:
        """Raise MalformedPolicyDocument for the first thing that is wrong."""
        problem = next(_trust_problems(self._text), None)
        if problem is not None:
            raise MalformedPolicyDocument(problem)


def _trust_problems(text: str) -> Iterator[str]:
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        yield "This policy contains invalid Json"
        return
    yield from _unknown(document, _TOP)
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        yield "The policy must contain a valid version string"
    statements = document.get("Statement")
    statements = statements if isinstance(statements, list) else [statements]
    if not statements or statements == [None]:
        yield "Could not parse the policy: Statement is empty!"
        return
    for statement in statements:
        yield from _statement_problems(statement)
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    if len(set(sids)) != len(sids):
        yield "The Statement Ids in the policy are not unique"


def _unknown(fields: dict[str, Any], known: set[str]) -> Iterator[str]:
    for name in fields:
        if name not in known:
            yield f"Unknown field {name}"


def _statement_problems(statement: Any) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "Syntax error in policy."
        return
    yield from _unknown(statement, _STATEMENT)
    effect = statement.get("Effect")
    if effect is None:
        yield "Missing required field Effect"
    elif effect not in ("Allow", "Deny"):
        yield f"Invalid effect: {effect}"
    if "NotPrincipal" in statement:
        yield "AssumeRole policy must not contain NotPrincipal field."
    yield from _principal_problems(statement)
    if {"Action", "NotAction"} <= statement.keys():
        yield "Syntax error in policy."
    actions = _listed(statement.get("Action", statement.get("NotAction")))
    if not actions:
        yield "Missing required field Action"
    if not all(isinstance(each, str) and each.lower().startswith("sts:") for each in actions):
        yield "AssumeRole policy may only specify STS AssumeRole actions."
    for name in ("Resource", "NotResource"):
        if name in statement:
            yield f"Has prohibited field {name}"
    yield from _condition_problems(statement.get("Condition", {}))


def _principal_problems(statement: dict[str, Any]) -> Iterator[str]:
    if "Principal" not in statement:
        yield "Missing required field Principal"
        return
    principal = statement["Principal"]
    if principal == "*":
        return
    if not isinstance(principal, dict):
        yield "Principal must be a JSON object."
    elif not principal:
        yield "Missing required field Principal cannot be empty!"
    else:
        for kind, named in principal.items():
            if kind not in _PRINCIPALS:
                yield f'Invalid principal in policy: "{kind}"'
            for each in _listed(named):
                if not _is_principal(kind, each):
                    yield f'Invalid principal in policy: "{kind.upper()}":"{each}"'


def _is_principal(kind: str, named: Any) -> bool:
    forms = {"AWS": _AWS_PRINCIPAL, "Service": _SERVICE_PRINCIPAL}
    return isinstance(named, str) and (kind not in forms or bool(forms[kind].fullmatch(named)))


def _condition_problems(condition: Any) -> Iterator[str]:
    if not isinstance(condition, dict):
        yield "Syntax error in policy."
        return
    for operator, keys in condition.items():
        name = _OPERATOR.fullmatch(operator)
        if name is None or name[1] not in VALID_CONDITIONS:
            yield f"Invalid Condition type : {operator}"
        if not isinstance(keys, dict):
            yield "Syntax error in policy."


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _create_role(
    self: Any, role_name: str, assume_role_policy_document: str, *args: Any, **more: Any
) -> Any:
    TrustPolicy(assume_role_policy_document).validate()
    return _moto_create_role(self, role_name, assume_role_policy_document, *args, **more)


def install() -> None:
    """Let IAM check every policy so. Safe to repeat."""
    models.IAMPolicyDocumentValidator = IdentityPolicy
    models.IAMTrustPolicyDocumentValidator = TrustPolicy
    models.IAMBackend.create_role = _create_role
