"""AWS clients that read for real and only pretend to write.

The operations themselves are run on them, so a plan is made by the very code that would act. What
an operation pretends to have made gets an id of its own, which later reads find empty.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

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
            # Before all features nothing can be on; that they are missing is said elsewhere.
            if error.response["Error"]["Code"] != "OrganizationNotInAllFeaturesModeException":
                raise
            return self.features()

    def features(self, *enabled: str) -> Answer:
        """IAM's answer once `enabled` are on as well."""
        self._features |= set(enabled)
        return {"EnabledFeatures": sorted(self._features), "OrganizationId": None}


class _Paginator:
    """Pages of what is there, and of what this plan has made; nothing else is in what it made."""

    def __init__(self, rehearsal: Rehearsal, paginator: Any, operation: str) -> None:
        if not operation.startswith(READS):
            raise AttributeError(f"{operation} does not read")
        self._rehearsal = rehearsal
        self._paginator = paginator

    def paginate(self, **parameters: Any) -> Iterator[Answer]:
        """As boto3's."""
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
            answer = {"Error": {"Code": code, "Message": "It is there already."}}
            raise getattr(rehearsal.exceptions, code)(answer, "CreateOrganizationalUnit")
    unit = {"Id": rehearsal.imagine("ou-plan-{:08}"), "Name": parameters["Name"]}
    rehearsal.units.setdefault(parameters["ParentId"], []).append(unit)
    return {"OrganizationalUnit": unit}


def _policy(rehearsal: Rehearsal, _parameters: Answer) -> Answer:
    return {"Policy": {"PolicySummary": {"Id": rehearsal.imagine("p-planned{:04}")}}}


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
    "attach_policy": _nothing,
    "create_organizational_unit": _unit,
    "create_policy": _policy,
    "enable_all_features": _handshake,
    "enable_aws_service_access": _nothing,
    "enable_organizations_root_credentials_management": _feature("RootCredentialsManagement"),
    "enable_organizations_root_sessions": _feature("RootSessions"),
    "enable_policy_type": _nothing,
    "move_account": _nothing,
    "tag_resource": _nothing,
    "update_policy": _nothing,
}
"""Every call that an operation of the corridor or of the setup may make to change something."""
