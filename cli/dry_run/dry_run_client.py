"""AWS clients that read for real and answer writes themselves.

The operations themselves are run on them, so a plan is made by the very code that would act. What
an operation would have made gets an id of its own, which later reads find empty.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from botocore.exceptions import ClientError

from cli.dry_run.cannot_plan import CannotPlan
from vending.organization import ou_search
from vending.request.trusted_services import OF_CONTACTS
from vending.request.validators import ATTACHED_BY_AWS, TAGS_PER_ACCOUNT, policies_per_target

READS = ("describe_", "get_", "list_")
NEW_ACCOUNT_ID = "000000000000"
"""Of an account that does not exist yet."""

Answer = dict[str, Any]


class DryRunClient:
    """One client; calls that read pass through, writes are answered here and sent nowhere.

    A write that is not among `_STUBBED_WRITES` ends the plan (CannotPlan), unless AWS answers it
    with nothing.

    Args:
        client: a boto3 client.
        beside: another client of the same plan: what one has planned, the other knows.
    """

    def __init__(self, client: Any, beside: DryRunClient | None = None) -> None:
        self._client = client
        self.planned_ids: set[str] = beside.planned_ids if beside else {NEW_ACCOUNT_ID}
        """Ids of what does not exist yet."""
        self.trusted: set[str] = beside.trusted if beside else set()
        """Services that get trusted access by this plan."""
        self._features: set[str] = set()
        self._roots: list[Answer] = []
        self.parents: dict[str, str] = {}
        """Where accounts were moved to here, by their ids."""
        self.units: dict[str, list[dict[str, str]]] = {}
        """Organizational units that were only made here, by their parent."""
        self.policy_types: dict[str, str] = {}
        """Types of the policies that were only made here, by their id."""
        self.policy_names: dict[str, str] = {}
        """Names of policies that are attached somewhere, by their id."""
        self._attached: dict[tuple[str, str], set[str]] = {}

    @property
    def exceptions(self) -> Any:
        """The client's own exception classes."""
        return self._client.exceptions

    def get_paginator(self, operation: str) -> _Paginator:
        """A paginator of an operation that reads."""
        return _Paginator(self, self._client.get_paginator(operation), operation)

    def is_planned(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a call is about something that does not exist."""
        return any(isinstance(v, str) and v in self.planned_ids for v in parameters.values())

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "list_organizations_features":
            return self._list_features
        if name == "get_alternate_contact":
            return self._get_contact
        if name == "describe_account":
            return self._describe_account
        if name.startswith(READS):
            reading: Callable[..., Any] = getattr(self._client, name)
            return reading
        if name.startswith("_"):
            raise AttributeError(name)
        stub = _STUBBED_WRITES.get(name)
        if stub is not None:
            return lambda **parameters: stub(self, parameters)
        if self._answers_something(name):
            raise CannotPlan(name, "the answer to this call is not known")
        return lambda **_: {}

    def _answers_something(self, name: str) -> bool:
        """Whether AWS answers the call with more than that it was made."""
        meta = self._client.meta
        model = meta.service_model.operation_model(meta.method_to_api_mapping[name])
        return bool(model.output_shape and model.output_shape.members)

    def new_id(self, pattern: str) -> str:
        """An id that AWS does not give, in the form of those it gives."""
        made = pattern.format(len(self.planned_ids))
        self.planned_ids.add(made)
        return made

    def roots(self) -> list[Answer]:
        """The pages of ListRoots, of which a plan makes no more than one look."""
        if not self._roots:
            self._roots = list(self._client.get_paginator("list_roots").paginate())
        return self._roots

    def parent(self, account_id: str) -> str | None:
        """Where an account is by this plan; None where it is where AWS has it."""
        if account_id in self.planned_ids and account_id not in self.parents:
            return ou_search.listed_root_id(cast("Any", self))
        return self.parents.get(account_id)

    def _list_features(self) -> Any:
        if self._features:
            return self.features()
        try:
            answer = self._client.list_organizations_features()
        except ClientError as error:
            # Before all features nothing can be on; a plan comes here if they are enabled first.
            if error.response["Error"]["Code"] != "OrganizationNotInAllFeaturesModeException":
                raise
            return self.features()
        self._features |= set(answer["EnabledFeatures"])
        return answer

    def _describe_account(self, **parameters: Any) -> Any:
        """Of a planned account nobody knows more than its id yet."""
        if self.is_planned(parameters):
            return {"Account": {"Id": parameters["AccountId"]}}
        return self._client.describe_account(**parameters)

    def _get_contact(self, **parameters: Any) -> Any:
        """None where nobody can know it yet: of a planned account, or before a planned trust."""
        nothing = self.refusal("GetAlternateContact", "ResourceNotFoundException")
        if self.is_planned(parameters):
            raise nothing
        try:
            return self._client.get_alternate_contact(**parameters)
        except ClientError as error:
            is_denied = error.response["Error"]["Code"] == "AccessDeniedException"
            if is_denied and OF_CONTACTS in self.trusted:
                raise nothing from error
            raise

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
            found = () if target_id in self.planned_ids else self._listed(target_id, policy_type)
            of_aws = ATTACHED_BY_AWS.get(policy_type)
            if of_aws:
                self.policy_names[f"p-{of_aws}"] = of_aws
            self._attached[key] = set(found) or ({f"p-{of_aws}"} if of_aws else set())
        return self._attached[key]

    def attachments(self) -> Mapping[tuple[str, str], set[str]]:
        """Ids of what is attached by this plan, by target and type, as far as it was looked at."""
        return self._attached

    def _listed(self, target_id: str, policy_type: str) -> list[str]:
        pages = self._client.get_paginator("list_policies_for_target").paginate(
            TargetId=target_id, Filter=policy_type
        )
        listed = [policy for page in pages for policy in page["Policies"]]
        self.policy_names |= {policy["Id"]: policy["Name"] for policy in listed}
        return [policy["Id"] for policy in listed]

    def refusal(self, operation: str, code: str, reason: str | None = None) -> Exception:
        """AWS's refusal of a call, as the client raises it."""
        answer = {"Error": {"Code": code, "Message": ""}, **({"Reason": reason} if reason else {})}
        refusal: Exception = getattr(self.exceptions, code)(answer, operation)
        return refusal


class _Paginator:
    """Pages of what is there, and of what this plan has made; nothing else is in what it made."""

    def __init__(self, client: DryRunClient, paginator: Any, operation: str) -> None:
        if not operation.startswith(READS):
            raise CannotPlan(operation, "it is not a read-only call")
        self._dry_run = client
        self._paginator = paginator
        self._operation = operation

    def paginate(self, **parameters: Any) -> Iterator[Answer]:
        """As boto3's."""
        if self._operation == "list_policies_for_target":
            attached = self._dry_run.attached(parameters["TargetId"], parameters["Filter"])
            names = self._dry_run.policy_names
            yield {
                "Policies": [
                    {"Id": policy_id, "Name": names.get(policy_id, policy_id)}
                    for policy_id in sorted(attached)
                ]
            }
            return
        if self._operation == "list_roots":
            yield from self._dry_run.roots()
            return
        if self._operation == "list_parents":
            parent = self._dry_run.parent(parameters["ChildId"])
            if parent is not None:
                yield {"Parents": [{"Id": parent}]}
                return
        if not self._dry_run.is_planned(parameters):
            yield from self._paginator.paginate(**parameters)
        yield {"OrganizationalUnits": self._dry_run.units.get(parameters.get("ParentId", ""), [])}


def _nothing(_client: DryRunClient, _parameters: Answer) -> Answer:
    return {}


def _trust(client: DryRunClient, parameters: Answer) -> Answer:
    client.trusted.add(parameters["ServicePrincipal"])
    return {}


def _move(client: DryRunClient, parameters: Answer) -> Answer:
    client.parents[parameters["AccountId"]] = parameters["DestinationParentId"]
    return {}


def _unit(client: DryRunClient, parameters: Answer) -> Answer:
    pages = client.get_paginator("list_organizational_units_for_parent")
    for page in pages.paginate(ParentId=parameters["ParentId"]):
        if any(unit["Name"] == parameters["Name"] for unit in page["OrganizationalUnits"]):
            code = "DuplicateOrganizationalUnitException"
            raise client.refusal("CreateOrganizationalUnit", code)
    unit = {"Id": client.new_id("ou-plan-{:08}"), "Name": parameters["Name"]}
    client.units.setdefault(parameters["ParentId"], []).append(unit)
    return {"OrganizationalUnit": unit}


def _policy(client: DryRunClient, parameters: Answer) -> Answer:
    policy_id = client.new_id("p-planned{:04}")
    client.policy_types[policy_id] = parameters["Type"]
    return {"Policy": {"PolicySummary": {"Id": policy_id}}}


def _attachment(client: DryRunClient, parameters: Answer) -> Answer:
    policy_id, target_id = parameters["PolicyId"], parameters["TargetId"]
    policy_type = client.policy_types.get(policy_id)
    if policy_type is None:
        described = client.describe_policy(PolicyId=policy_id)["Policy"]
        policy_type = str(described["PolicySummary"]["Type"])
    attached = client.attached(target_id, policy_type)
    if len(attached) >= policies_per_target(policy_type):
        reason = "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
        raise client.refusal("AttachPolicy", "ConstraintViolationException", reason)
    attached.add(policy_id)
    return {}


def _tags(client: DryRunClient, parameters: Answer) -> Answer:
    keys = {tag["Key"] for tag in parameters["Tags"]}
    pages = client.get_paginator("list_tags_for_resource")
    for page in pages.paginate(ResourceId=parameters["ResourceId"]):
        keys.update(tag["Key"] for tag in page.get("Tags", []))
    if len(keys) > TAGS_PER_ACCOUNT:
        reason = "MAX_TAG_LIMIT_EXCEEDED"
        raise client.refusal("TagResource", "ConstraintViolationException", reason)
    return {}


def _detachment(client: DryRunClient, parameters: Answer) -> Answer:
    for (target_id, _), attached in client.attachments().items():
        if target_id == parameters["TargetId"]:
            attached.discard(parameters["PolicyId"])
    return {}


def _handshake(client: DryRunClient, _parameters: Answer) -> Answer:
    return {
        "Handshake": {
            "Id": client.new_id("h-planned{:04}"),
            "State": "REQUESTED",
            "Parties": [],
            "RequestedTimestamp": datetime.datetime.now(datetime.UTC),
        }
    }


def _feature(name: str) -> Callable[[DryRunClient, Answer], Answer]:
    return lambda client, _parameters: client.features(name)


_STUBBED_WRITES: dict[str, Callable[[DryRunClient, Answer], Answer]] = {
    "attach_policy": _attachment,
    "create_organizational_unit": _unit,
    "delete_alternate_contact": _nothing,
    "detach_policy": _detachment,
    "create_policy": _policy,
    "enable_all_features": _handshake,
    "enable_aws_service_access": _trust,
    "enable_organizations_root_credentials_management": _feature("RootCredentialsManagement"),
    "enable_organizations_root_sessions": _feature("RootSessions"),
    "enable_policy_type": _nothing,
    "move_account": _move,
    "put_account_name": _nothing,
    "tag_resource": _tags,
    "untag_resource": _nothing,
    "update_policy": _nothing,
}
"""Every call by which an operation of the baseline or of the setup may change something."""
