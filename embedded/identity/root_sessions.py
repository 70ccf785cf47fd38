"""AssumeRoot: a short session of a member account's root user, for one task.

API reference: AssumeRoot (STS); IAM user guide, "Perform a privileged task on an AWS Organizations
member account". The session is one of a role in a path of the member's that AWS reserves, with
everything allowed but what the task policy denies; it calls itself the root user.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse

from embedded.core.principal import Principal, caller
from embedded.identity.member_access import access_denied, validation_error
from embedded.moto_patches import iam_managed_policies
from embedded.organizations import organization_of
from embedded.organizations.state import LOCK

FEATURE = "RootSessions"
LONGEST = 900

TASKS = (
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
)

_PRINCIPAL = "iam.amazonaws.com"
_ROLE = "RootTask-"
_PATH = "/aws-reserved/root-task/"
_NAMED = ("user", "mfa")
"""What the calls of the tasks can name instead of the root user."""

_MOTO_IDENTITY = TokenResponse.get_caller_identity
_NOBODY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"},
}
"""The trust policy of a role that AssumeRoot alone gives."""


def install() -> None:
    """Give moto's STS the operation. Safe to repeat."""
    TokenResponse.assume_root = _assume_root
    TokenResponse.get_caller_identity = _get_caller_identity


def _assume_root(self: TokenResponse) -> Any:
    principal = caller.get()
    target = str(self._get_param("TargetPrincipal") or "")
    duration = self._get_int_param("DurationSeconds", LONGEST)
    if not 0 <= duration <= LONGEST:
        return validation_error(
            "AssumeRoot",
            f"1 validation error detected: Value '{duration}' at 'durationSeconds' failed to "
            f"satisfy constraint: Member must have value less than or equal to {LONGEST}",
        )
    task_arn = (self._get_param("TaskPolicyArn") or {}).get("arn", "")
    task = task_arn.removeprefix(f"arn:{self.partition}:iam::aws:policy/root-task/")
    if task not in TASKS:
        return validation_error("AssumeRoot", f"{task_arn} is not a task policy of AssumeRoot.")
    named = re.fullmatch(rf"(?:arn:{self.partition}:iam::)?(\d{{12}})(?::root)?", target)
    if named is None:
        return validation_error("AssumeRoot", f"{target} is not an account or its root user.")
    with LOCK:
        if not _may_assume(principal, named[1]):
            resource = f"arn:{self.partition}:iam::{named[1]}:root"
            return access_denied(principal, "AssumeRoot", resource)
    return _session(named[1], task, duration, region=self.region, partition=self.partition)


def _may_assume(principal: Principal, target: str) -> bool:
    """Whether central root access covers the call: caller, feature and target."""
    organization = organization_of(principal.account_id)
    if organization is None or FEATURE not in organization.root_features:
        return False
    if _PRINCIPAL not in organization.trusted_services:
        return False
    if principal.account_id != organization.account_id and not organization.administers(
        principal.account_id, _PRINCIPAL
    ):
        return False
    return target != organization.account_id and organization.find_account(target) is not None


def _session(
    account_id: str, task: str, duration: int, *, region: str, partition: str
) -> ActionResult:
    _provide_role(iam_backends[account_id][partition], task)
    session = sts_backends[account_id][partition].assume_role(
        region_name=region,
        role_session_name="root",
        role_arn=f"arn:{partition}:iam::{account_id}:role{_PATH}{_ROLE}{task}",
        policy="",
        duration=duration,
        external_id="",
    )
    return ActionResult({"Credentials": session})


def _provide_role(iam: Any, task: str) -> None:
    name = f"{_ROLE}{task}"
    if any(role.name == name for role in list(iam.roles.values())):
        return
    policy = json.dumps(_policy(iam, task))
    iam.create_role(name, json.dumps(_NOBODY), _PATH, None, "", [], "3600")
    iam.put_role_policy(name, "task", policy)


def _policy(iam: Any, task: str) -> dict[str, Any]:
    """Everything, but what the task policy denies."""
    arn = f"arn:{iam.partition}:iam::aws:policy/root-task/{task}"
    iam_managed_policies.provide(iam, arn)
    published = iam.managed_policies[arn]
    document = next(
        one.document for one in published.versions if one.version_id == published.default_version_id
    )
    denials = json.loads(document)["Statement"]
    denied = [_on_root(denial, iam.partition) for denial in denials]
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [everything, *denied]}


def _on_root(statement: dict[str, Any], partition: str) -> dict[str, Any]:
    """The statement, with a call that names no user taken to be about the root user itself."""
    if statement.get("NotResource") != f"arn:{partition}:iam::*:root":
        return statement
    kept = {name: value for name, value in statement.items() if name != "NotResource"}
    return {**kept, "Resource": [f"arn:{partition}:iam::*:{kind}/*" for kind in _NAMED]}


def _get_caller_identity(self: TokenResponse) -> ActionResult:
    principal = caller.get()
    if not (principal.is_administrator or str(principal.role_name).startswith(_ROLE)):
        return _MOTO_IDENTITY(self)
    account_id = principal.account_id
    arn = f"arn:{self.partition}:iam::{account_id}:root"
    return ActionResult({"UserId": account_id, "Account": account_id, "Arn": arn})
