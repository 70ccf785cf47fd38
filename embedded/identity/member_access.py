"""AssumeRole as AWS grants it: only to principals that the role's trust policy names.

API reference: AssumeRole (STS). moto hands out a session of any role, also of one that does not
exist. That the caller's own policies allow the call is the gateway's to decide, before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from botocore.model import Shape
from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.responses import TokenResponse

from embedded.core.principal import Principal, caller
from embedded.core.service_models import operation_model
from embedded.organizations import directory, organization_of
from embedded.policies.patterns import Values
from embedded.policies.trust_policy import trusts
from embedded.protocols.errors import denied, error
from embedded.protocols.protocols import ApiCall

_CHAINED = 3600
_DEFAULT = 3600
MOTO_ASSUME_ROLE = TokenResponse.assume_role
"""As moto answers it: by whatever role, whether it is there or not."""


def install() -> None:
    """Hold moto's AssumeRole to trust. Safe to repeat."""
    TokenResponse.assume_role = _assume_role


def access_denied(principal: Principal, operation: str, resource: str) -> Any:
    """AccessDenied, as moto's response methods answer."""
    message = (
        f"User: {principal.arn} is not authorized to perform: sts:{operation} "
        f"on resource: {resource}"
    )
    return denied(_call(operation), message).for_moto()


def validation_error(operation: str, message: str) -> Any:
    """ValidationError, as moto's response methods answer."""
    return error(_call(operation), "ValidationError", message).for_moto()


def _assume_role(self: TokenResponse) -> ActionResult:
    principal = caller.get()
    problems = list(_problems(self))
    if problems:
        errors = "error" if len(problems) == 1 else "errors"
        message = f"{len(problems)} validation {errors} detected: {'; '.join(problems)}"
        return validation_error("AssumeRole", message)
    role_arn = str(self._get_param("RoleArn"))
    role = _role(role_arn, self.partition)
    if role is None or not trusts(
        unquote(role.assume_role_policy_document),
        "sts:AssumeRole",
        principal,
        _own_role_arn(principal),
        _context(self, principal),
    ):
        return access_denied(principal, "AssumeRole", role_arn)
    refusal = _refused_duration(self._get_int_param("DurationSeconds", _DEFAULT), role, principal)
    if refusal:
        return validation_error("AssumeRole", refusal)
    return MOTO_ASSUME_ROLE(self)


def _problems(call: TokenResponse) -> Iterator[str]:
    """What the service's model forbids of the request, in the words that STS has for it."""
    model = operation_model("sts", "AssumeRole")
    assert model is not None
    assert model.input_shape is not None
    for name, shape in model.input_shape.members.items():
        if shape.type_name not in {"string", "integer"}:
            continue
        value = call._get_param(name)
        for constraint in _violations(
            shape, value, required=name in model.input_shape.required_members
        ):
            shown = "null" if value is None else f"'{value}'"
            yield (
                f"Value {shown} at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
                f"Member must {constraint}"
            )


def _violations(shape: Shape, value: Any, *, required: bool) -> Iterator[str]:
    if value is None:
        if required:
            yield "not be null"
        return
    is_number = shape.type_name == "integer"
    size, measure = (int(value), "value") if is_number else (len(value), "length")
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"have {measure} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"have {measure} less than or equal to {most}"
    pattern = shape.metadata.get("pattern")
    # Java's: \w and \d are ASCII.
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        yield f"satisfy regular expression pattern: {pattern}"


def _role(role_arn: str, partition: str) -> Any:
    """The role, when it is of the partition that the call was made to: none trusts another's. A
    closed account lets nobody in.
    """
    start, _, rest = role_arn.partition("::")
    account_id = rest.partition(":")[0]
    if start != f"arn:{partition}:iam" or account_id not in iam_backends:
        return None
    if directory.is_closed(account_id):
        return None
    roles = list(iam_backends[account_id][partition].roles.values())
    return next((role for role in roles if role.arn == role_arn), None)


def _own_role_arn(principal: Principal) -> str:
    if principal.role_name is None:
        return ""
    roles = list(iam_backends[principal.account_id][principal.partition].roles.values())
    return next((role.arn for role in roles if role.name == principal.role_name), "")


def _context(call: TokenResponse, principal: Principal) -> dict[str, Values]:
    organization = organization_of(principal.account_id)
    known = {
        "aws:principalaccount": principal.account_id,
        "aws:principalarn": _own_role_arn(principal) or principal.arn,
        "aws:principalorgid": organization.org.id if organization else None,
        "aws:securetransport": "true",
        "aws:sourceip": "127.0.0.1",
        "sts:externalid": call._get_param("ExternalId"),
        "sts:rolesessionname": call._get_param("RoleSessionName"),
    }
    return {name: (str(value),) for name, value in known.items() if value is not None}


def _refused_duration(seconds: int, role: Any, principal: Principal) -> str | None:
    if principal.role_name is not None and seconds > _CHAINED:
        return (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining"
        )
    if seconds > int(role.max_session_duration or _DEFAULT):
        return "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    return None


def _call(operation: str) -> ApiCall:
    return ApiCall(
        service="sts", operation=operation, region="", access_key_id="", protocol="query"
    )
