"""Whether a role's policies allow a call: IAM's identity policies and permissions boundaries.

Source: "Policy evaluation logic" and "Troubleshoot access denied error messages", IAM User Guide.
Of resource policies those of event buses are evaluated; session policies and organization policies
are not.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moto.iam.models import iam_backends

from embedded.authorization.required_permission import RequestContext, RequiredPermission
from embedded.authorization.service_authorization import required_permissions
from embedded.core.frozen import frozen
from embedded.core.principal import Principal
from embedded.eventbridge import bus_policies
from embedded.organizations.state import organization_of
from embedded.policies.patterns import Values
from embedded.policies.policy import Decision, PolicyInvalid, Statement, compile_policy, decide
from embedded.protocols.protocols import ApiCall

_DENIED_BY_RESOURCE = "with an explicit deny in a resource-based policy"
_NEEDS_NO_PERMISSION = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})


@frozen
class _RolePolicies:
    """A role's compiled policies, and what they were compiled from."""

    source: tuple[Any, ...]
    identity: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    path: str


@frozen
class Denial:
    """Why a call may not be made, in AWS's words; `dependency` as in `RequiredPermission`."""

    message: str
    dependency: str | None = None


Observer = Callable[
    [Principal, Sequence[Statement], RequiredPermission, Mapping[str, Values]], None
]

observers: list[Observer] = []
"""Called with each call that a role's statements allow, and with its condition keys: by these,
tests find grants that nothing uses.
"""


class Authorization:
    """Decides on calls; remembers each role's compiled policies until one of them changes."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], _RolePolicies] = {}

    def denial(self, principal: Principal, call: ApiCall, now: float) -> Denial | None:
        """Why the principal may not make the call; None when it may.

        `now` is the time in epoch seconds. A policy that cannot be understood denies everything.
        """
        if (call.service, call.operation) in _NEEDS_NO_PERMISSION:
            return None
        if principal.is_administrator:
            return _denied_by_buses(principal, call, now)
        return self.refusal(principal, required_permissions(call, principal.account_id), call, now)

    def refusal(
        self,
        principal: Principal,
        needed: Sequence[RequiredPermission],
        call: ApiCall,
        now: float,
    ) -> Denial | None:
        """Why its role does not allow the principal all that `call` needs; None when it does."""
        try:
            policies = self._policies(principal)
        except PolicyInvalid as problem:
            return _denial(principal, needed[0], f"a policy is malformed: {problem}")
        if policies is None:
            return _denial(principal, needed[0], "its role does not exist")
        known = _global_context(principal, policies.path, call, now)
        for permission in needed:
            context = RequestContext(permission, known)
            reason = _refusal(policies, permission, context)
            if reason is None:
                for observe in observers:
                    observe(principal, policies.identity, permission, context)
            if permission.action == bus_policies.ACTION:
                reason = _with_bus_policy(principal, permission, context, reason)
            if reason:
                return _denial(principal, permission, reason)
        return None

    def _policies(self, principal: Principal) -> _RolePolicies | None:
        backend = iam_backends[principal.account_id][principal.partition]
        roles = list(backend.roles.values())
        role = next((role for role in roles if role.name == principal.role_name), None)
        if role is None:
            return None
        source = tuple(_documents(backend, role))
        key = (principal.account_id, role.id)
        known = self._compiled.get(key)
        if known is None or known.source != source:
            boundary, *identity = source
            known = _RolePolicies(
                source=source,
                identity=tuple(s for document in identity for s in compile_policy(document)),
                boundary=compile_policy(boundary) if boundary else None,
                path=role.path,
            )
            self._compiled[key] = known
        return known


def _documents(backend: Any, role: Any) -> Iterator[Any]:
    """The permissions boundary's document, or None, and then those of the role's policies."""
    boundary = role.permissions_boundary_arn
    # A boundary that does not exist leaves nothing allowed.
    yield _default_version(backend.managed_policies.get(boundary)) if boundary else None
    yield from list(role.policies.values())
    for policy in list(role.managed_policies.values()):
        yield _default_version(policy)


def _default_version(policy: Any) -> str:
    versions = policy.versions if policy else []
    documents = (v.document for v in versions if v.version_id == policy.default_version_id)
    return next(documents, '{"Statement": []}')


def _refusal(
    policies: _RolePolicies, permission: RequiredPermission, context: Mapping[str, Values]
) -> str | None:
    action, resource = permission.action, permission.resource
    boundary = policies.boundary
    for statements, name in ((policies.identity, "identity-based policy"),) + (
        ((boundary, "permissions boundary"),) if boundary is not None else ()
    ):
        decision = decide(statements, action, resource, context)
        if decision is Decision.DENIED:
            article = "an" if name.startswith("i") else "a"
            return f"with an explicit deny in {article} {name}"
        if decision is Decision.NOT_ALLOWED:
            return f"because no {name} allows the {action} action"
    return None


def _denied_by_buses(principal: Principal, call: ApiCall, now: float) -> Denial | None:
    """What the policies of buses deny, which holds for administrators too."""
    if call.service != "events" or call.operation != "PutEvents":
        return None
    known = _global_context(principal, "/", call, now)
    for permission in required_permissions(call, principal.account_id):
        context = RequestContext(permission, known)
        decision = bus_policies.decision(permission.resource, principal, "", context)
        if decision is Decision.DENIED:
            return _denial(principal, permission, _DENIED_BY_RESOURCE)
    return None


def _with_bus_policy(
    principal: Principal,
    permission: RequiredPermission,
    context: Mapping[str, Values],
    reason: str | None,
) -> str | None:
    """The refusal when the bus's own policy counts too ("Cross-account policy evaluation logic").

    An identity's explicit deny, or its boundary's refusal, stays one.
    """
    (role_arn,) = context["aws:principalarn"]
    decision = bus_policies.decision(permission.resource, principal, role_arn, context)
    if decision is Decision.DENIED:
        return _DENIED_BY_RESOURCE
    is_own = permission.resource.split(":")[4:5] == [principal.account_id]
    if is_own:
        unnamed = reason is not None and reason.startswith("because no identity-based policy")
        return None if unnamed and decision is Decision.ALLOWED else reason
    if reason is None and decision is not Decision.ALLOWED:
        return f"because no resource-based policy allows the {permission.action} action"
    return reason


def _denial(principal: Principal, permission: RequiredPermission, reason: str) -> Denial:
    if not reason.startswith(("because", "with")):
        reason = f"because {reason}"
    message = (
        f"User: {principal.arn} is not authorized to perform: {permission.action} "
        f"on resource: {permission.resource} {reason}"
    )
    return Denial(message=message, dependency=permission.dependency)


def _global_context(
    principal: Principal, role_path: str, call: ApiCall, now: float
) -> dict[str, Values]:
    """The global condition keys ("AWS global condition context keys") that are known here."""
    role_arn = principal.arn
    if principal.role_name is not None:
        role_arn = (
            f"arn:{principal.partition}:iam::{principal.account_id}"
            f":role{role_path}{principal.role_name}"
        )
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    context: dict[str, Values] = {
        "aws:currenttime": (moment.isoformat(),),
        "aws:epochtime": (str(int(now)),),
        "aws:principalaccount": (principal.account_id,),
        "aws:principalarn": (role_arn,),
        "aws:principaltype": ("Account" if principal.is_administrator else "AssumedRole",),
        "aws:requestedregion": (call.region,),
        "aws:securetransport": ("true",),
        "aws:sourceip": ("127.0.0.1",),
        "aws:viaawsservice": ("false",),
    }
    organization = organization_of(principal.account_id)
    if organization is not None:
        context["aws:principalorgid"] = (organization.org.id,)
    return context
