"""AWS clients that read for real and only pretend to write.

The operations themselves are run on them, so a plan is made by the very code that would act. What
an operation pretends to have made gets an id of its own, which later reads find empty.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from vending.request.validators import ATTACHED_BY_AWS, TAGS_PER_ACCOUNT, policies_per_target

READS = ("describe_", "get_", "list_")
NEW_ACCOUNT_ID = "000000000000"
"""Of an account that does not exist yet."""

Answer = dict[str, Any]


class Rehearsal:
    """One client; calls that read pass through, the others are answered here and sent nowhere.

    Args:
        client: a boto3 client.
        imagined: ids that were made up so far, shared by the clients of one plan.
    """

    def __init__(self, client: Any, imagined: set[str] | None = None) -> None:
        self._client = client
        self.imagined = {NEW_ACCOUNT_ID} if imagined is None else imagined
        self._features: set[str] = set()
        self.units: dict[str, list[dict[str, str]]] = {}
        """Organizational units that were only made here, by their parent."""
        self.policy_types: dict[str, str] = {}
        """Types of the policies that were only made here, by their id."""
        self._attached: dict[tuple[str, str], set[str]] = {}

    @property
    def exceptions(self) -> Any:
        """The client's own exception classes."""
        return self._client.exceptions

    def get_paginator(self, operation: str) -> _Paginator:
        """A paginator of an operation that reads."""
        return _Paginator(self, self._client.get_paginator(operation), operation)

    def is_imagined(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a call is about something that does not exist."""
        return any(isinstance(v, str) and v in self.imagined for v in parameters.values())

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "list_organizations_features":
            return self._list_features
        if name.startswith(READS):
            reading: Callable[..., Any] = getattr(self._client, name)
            return reading
        if name not in _PRETENDED:
            raise AttributeError(f"nothing is known to be rehearsed as {name}")

        def pretend(**parameters: Any) -> Answer:
            return _PRETENDED[name](self, parameters)

        return pretend

    def imagine(self, pattern: str) -> str:
        """An id that AWS does not give, in the form of those it gives."""
        made = pattern.format(len(self.imagined))
        self.imagined.add(made)
        return made

    def _list_features(self) -> Any:
        try:
            return self._client.list_organizations_features()
        except ClientError as error:
            # Before all features nothing can be on; a plan comes here if they are enabled first.
            if error.response["Error"]["Code"] != "OrganizationNotInAllFeaturesModeException":
                raise
            return self.features()

    def features(self, *enabled: str) -> Answer:
        """IAM's answer once `enabled` are on as well."""
        self._features |= set(enabled)
        return {"EnabledFeatures": sorted(self._features), "OrganizationId": None}

    def attached(self, target_id: str, policy_type: str) -> set[str]:
        """Ids of the policies of a type that a target has, those attached here among them.

        Where AWS attaches one itself, a target has it from its making, or from when the type is on.
        """
        key = (target_id, policy_type)
        if key not in self._attached:
            found = () if target_id in self.imagined else self._listed(target_id, policy_type)
            of_aws = ATTACHED_BY_AWS.get(policy_type)
            self._attached[key] = set(found) or ({f"p-{of_aws}"} if of_aws else set())
        return self._attached[key]

    def _listed(self, target_id: str, policy_type: str) -> list[str]:
        pages = self._client.get_paginator("list_policies_for_target").paginate(
            TargetId=target_id, Filter=policy_type
        )
        return [policy["Id"] for page in pages for policy in page["Policies"]]

    def refusal(self, operation: str, code: str, reason: str | None = None) -> Exception:
        """AWS's refusal of a call, as the client raises it."""
        answer = {"Error": {"Code": code, "Message": ""}, **({"Reason": reason} if reason else {})}
        refusal: Exception = getattr(self.exceptions, code)(answer, operation)
        return refusal


class _Paginator:
    """Pages of what is there, and of what this plan has made; nothing else is in what it made."""

    def __init__(self, rehearsal: Rehearsal, paginator: Any, operation: str) -> None:
        if not operation.startswith(READS):
            raise AttributeError(f"{operation} does not read")
        self._rehearsal = rehearsal
        self._paginator = paginator
        self._operation = operation

    def paginate(self, **parameters: Any) -> Iterator[Answer]:
        """As boto3's."""
        if self._operation == "list_policies_for_target":
            attached = self._rehearsal.attached(parameters["TargetId"], parameters["Filter"])
            yield {"Policies": [{"Id": policy_id} for policy_id in sorted(attached)]}
            return
        if not self._rehearsal.is_imagined(parameters):
            yield from self._paginator.paginate(**parameters)
        yield {"OrganizationalUnits": self._rehearsal.units.get(parameters.get("ParentId", ""), [])}


def _nothing(_rehearsal: Rehearsal, _parameters: Answer) -> Answer:
    return {}


def _unit(rehearsal: Rehearsal, parameters: Answer) -> Answer:
    pages = rehearsal.get_paginator("list_organizational_units_for_parent")
    for page in pages.paginate(ParentId=parameters["ParentId"]):
        if any(unit["Name"] == parameters["Name"] for unit in page["OrganizationalUnits"]):
            code = "DuplicateOrganizationalUnitException"
            raise rehearsal.refusal("CreateOrganizationalUnit", code)
    unit = {"Id": rehearsal.imagine("ou-plan-{:08}"), "Name": parameters["Name"]}
    rehearsal.units.setdefault(parameters["ParentId"], []).append(unit)
    return {"OrganizationalUnit": unit}


def _policy(rehearsal: Rehearsal, parameters: Answer) -> Answer:
    policy_id = rehearsal.imagine("p-planned{:04}")
    rehearsal.policy_types[policy_id] = parameters["Type"]
    return {"Policy": {"PolicySummary": {"Id": policy_id}}}


def _attachment(rehearsal: Rehearsal, parameters: Answer) -> Answer:
    policy_id, target_id = parameters["PolicyId"], parameters["TargetId"]
    policy_type = rehearsal.policy_types.get(policy_id)
    if policy_type is None:
        described = rehearsal.describe_policy(PolicyId=policy_id)["Policy"]
        policy_type = str(described["PolicySummary"]["Type"])
    attached = rehearsal.attached(target_id, policy_type)
    if len(attached) >= policies_per_target(policy_type):
        reason = "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
        raise rehearsal.refusal("AttachPolicy", "ConstraintViolationException", reason)
    attached.add(policy_id)
    return {}


def _tags(rehearsal: Rehearsal, parameters: Answer) -> Answer:
    keys = {tag["Key"] for tag in parameters["Tags"]}
    pages = rehearsal.get_paginator("list_tags_for_resource")
    for page in pages.paginate(ResourceId=parameters["ResourceId"]):
        keys.update(tag["Key"] for tag in page.get("Tags", []))
    if len(keys) > TAGS_PER_ACCOUNT:
        reason = "MAX_TAG_LIMIT_EXCEEDED"
        raise rehearsal.refusal("TagResource", "ConstraintViolationException", reason)
    return {}


def _handshake(rehearsal: Rehearsal, _parameters: Answer) -> Answer:
    return {
        "Handshake": {
            "Id": rehearsal.imagine("h-planned{:04}"),
            "State": "REQUESTED",
            "Parties": [],
            "RequestedTimestamp": datetime.datetime.now(datetime.UTC),
        }
    }


def _feature(name: str) -> Callable[[Rehearsal, Answer], Answer]:
    return lambda rehearsal, _parameters: rehearsal.features(name)


_PRETENDED: dict[str, Callable[[Rehearsal, Answer], Answer]] = {
    "attach_policy": _attachment,
    "create_organizational_unit": _unit,
    "create_policy": _policy,
    "enable_all_features": _handshake,
    "enable_aws_service_access": _nothing,
    "enable_organizations_root_credentials_management": _feature("RootCredentialsManagement"),
    "enable_organizations_root_sessions": _feature("RootSessions"),
    "enable_policy_type": _nothing,
    "move_account": _nothing,
    "tag_resource": _tags,
    "update_policy": _nothing,
}
"""Every call that an operation of the corridor or of the setup may make to change something."""
