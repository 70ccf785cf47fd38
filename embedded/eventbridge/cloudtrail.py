"""What CloudTrail brings to the default event bus about AWS Organizations.

User guide, "Logging API calls with AWS CloudTrail": email and account name are masked, times inside
a status or handshake read "May 15, 2023 8:26:54 AM". Organizations is global: all is in us-east-1,
or for GovCloud in us-gov-west-1. The membership events' fields are those of the API reference
(AcceptHandshake, RemoveAccountFromOrganization); no sample of one is public.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends
from moto.moto_api._internal import mock_random

from embedded import REGION
from embedded.core.context import current
from embedded.core.frozen import frozen
from embedded.eventbridge import bus

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from embedded.core.principal import Principal

MASKED = "****"
_SOURCE = "aws.organizations"
_LOG = logging.getLogger(__name__)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@frozen
class Event:
    """An event before EventBridge gives it its id: detail-type and detail."""

    detail_type: str
    detail: dict[str, Any]


def publish(event: Event) -> None:
    """Put `event` on its recipient's default bus, as the service, at this moment."""
    entry = {
        "Source": _SOURCE,
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail),
        "Resources": [],
        "Time": current().clock.now(),
    }
    recipient, region = event.detail["recipientAccountId"], event.detail["awsRegion"]
    try:
        events_backends[recipient][region].put_events([entry])
    except Exception:
        # A target that cannot take the event is no fault of the operation that it reports.
        _LOG.exception("an event of AWS Organizations was not delivered")


def is_awaited(event: Event) -> bool:
    """Whether the recipient's default bus has a rule for `event`."""
    recipient, region = event.detail["recipientAccountId"], event.detail["awsRegion"]
    sample = {
        "source": _SOURCE,
        "detail-type": event.detail_type,
        "account": recipient,
        "region": region,
        "resources": [],
        "detail": event.detail,
    }
    return any(bus.rules(events_backends[recipient][region].event_buses["default"], sample))


def create_account(
    caller: Principal, operation: str, request: Mapping[str, Any], status: Mapping[str, Any]
) -> Event:
    """An accepted CreateAccount or CreateGovCloudAccount call, as API call.

    `status` is the CreateAccountStatus shape.
    """
    parameters: dict[str, Any] = {"email": MASKED, "accountName": MASKED}
    if "RoleName" in request:
        parameters["roleName"] = request["RoleName"]
    if "IamUserAccessToBilling" in request:
        parameters["iamUserAccessToBilling"] = request["IamUserAccessToBilling"]
    return _api_call(
        caller,
        operation,
        status["RequestedTimestamp"],
        {**parameters, "tags": _tags(request)},
        {"createAccountStatus": _status(status)},
        region=REGION,
    )


def handshake_call(
    caller: Principal,
    operation: str,
    request: Mapping[str, Any],
    handshake: Mapping[str, Any],
    at: datetime.datetime,
    region: str,
) -> Event:
    """A call that made or answered a handshake, as API call in the caller's account.

    `handshake` is the Handshake shape.
    """
    if "HandshakeId" in request:
        parameters: dict[str, Any] | None = {"handshakeId": request["HandshakeId"]}
    elif "Target" in request:
        target = request["Target"]
        parameters = {"target": _party(target), "tags": _tags(request)}
        if "Notes" in request:
            parameters["notes"] = MASKED
    else:
        parameters = None
    elements = {"handshake": _handshake(handshake)}
    return _api_call(caller, operation, at, parameters, elements, region=region)


def other_call(
    caller: Principal,
    operation: str,
    request: Mapping[str, Any],
    answer: Mapping[str, Any] | None,
    at: datetime.datetime,
    region: str,
) -> Event:
    """A call that changed anything else, as API call in the caller's account."""
    elements = None if answer is None else _named(answer)
    return _api_call(caller, operation, at, _named(request) or None, elements, region=region)


def account_joined(
    manager_id: str, account_id: str, method: str, at: datetime.datetime, region: str
) -> Event:
    """An account has become a member: `method` is CREATED or INVITED."""
    # As the pages of CreateAccount and AcceptHandshake print it, each in its own way.
    joined = "Created" if method == "CREATED" else method
    details = {"accountId": account_id, "joinedMethod": joined, "joinedTime": _spoken(at)}
    return _service_event("AccountJoinedOrganization", manager_id, at, details, region)


def account_departed(
    manager_id: str, account_id: str, method: str, at: datetime.datetime, region: str
) -> Event:
    """An account is no longer a member: `method` is LEFT, REMOVED or CLEANED."""
    details = {"accountId": account_id, "departureMethod": method, "departureTime": _spoken(at)}
    return _service_event("AccountDepartedOrganization", manager_id, at, details, region)


def _api_call(
    caller: Principal,
    operation: str,
    at: datetime.datetime,
    parameters: dict[str, Any] | None,
    elements: dict[str, Any] | None,
    *,
    region: str,
) -> Event:
    detail = {
        "eventVersion": "1.08",
        "userIdentity": user_identity(caller, at),
        "eventTime": _iso(at),
        "eventSource": "organizations.amazonaws.com",
        "eventName": operation,
        "awsRegion": region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": "embedded",
        "requestParameters": parameters,
        "responseElements": elements,
        "requestID": str(mock_random.uuid4()),
        "eventID": str(mock_random.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller.account_id,
        "eventCategory": "Management",
    }
    return Event(detail_type="AWS API Call via CloudTrail", detail=detail)


def create_account_result(account_id: str, status: Mapping[str, Any]) -> Event:
    """The end of a creation, as service event of the management account `account_id`.

    `status` is the CreateAccountStatus shape.
    """
    ended = status["CompletedTimestamp"]
    details = {"createAccountStatus": _status(status)}
    return _service_event("CreateAccountResult", account_id, ended, details, REGION)


def close_account_result(
    manager_id: str,
    account_id: str,
    requested_at: datetime.datetime,
    at: datetime.datetime,
    region: str,
) -> Event:
    """The end of a closure, as service event of the management account."""
    status = {
        "accountId": account_id,
        "state": "SUCCEEDED",
        "requestedTimestamp": _spoken(requested_at),
        "completedTimestamp": _spoken(at),
    }
    details = {"closeAccountStatus": status}
    return _service_event("CloseAccountResult", manager_id, at, details, region)


def _service_event(
    name: str, account_id: str, at: datetime.datetime, details: dict[str, Any], region: str
) -> Event:
    detail = {
        "eventVersion": "1.08",
        "userIdentity": {"accountId": account_id, "invokedBy": "AWS Internal"},
        "eventTime": _iso(at),
        "eventSource": "organizations.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "requestParameters": None,
        "responseElements": None,
        "eventID": str(mock_random.uuid4()),
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account_id,
        "serviceEventDetails": details,
        "eventCategory": "Management",
    }
    return Event(detail_type="AWS Service Event via CloudTrail", detail=detail)


def user_identity(caller: Principal, at: datetime.datetime) -> dict[str, Any]:
    """CloudTrail's userIdentity: its shape differs for roles, users and root users."""
    account_id = caller.account_id
    if caller.role_name is not None:
        role_id = _principal_id("AROA", caller.role_name)
        return {
            "type": "AssumedRole",
            "principalId": f"{role_id}:{caller.session_name}",
            "arn": caller.arn,
            "accountId": account_id,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": role_id,
                    "arn": f"arn:{caller.partition}:iam::{account_id}:role/{caller.role_name}",
                    "accountId": account_id,
                    "userName": caller.role_name,
                },
                "attributes": {"creationDate": _iso(at), "mfaAuthenticated": "false"},
            },
        }
    _, _, user_name = caller.arn.partition(":user/")
    if user_name:
        return {
            "type": "IAMUser",
            "principalId": _principal_id("AIDA", user_name),
            "arn": caller.arn,
            "accountId": account_id,
            "userName": user_name.rpartition("/")[2],
        }
    return {
        "type": "Root",
        "principalId": account_id,
        "arn": caller.arn,
        "accountId": account_id,
    }


def _status(status: Mapping[str, Any]) -> dict[str, str]:
    shown = {
        "id": status["Id"],
        "state": status["State"],
        "accountName": MASKED,
        "accountId": status.get("AccountId"),
        "govCloudAccountId": status.get("GovCloudAccountId"),
        "failureReason": status.get("FailureReason"),
        "requestedTimestamp": _spoken(status["RequestedTimestamp"]),
        "completedTimestamp": (
            _spoken(status["CompletedTimestamp"]) if "CompletedTimestamp" in status else None
        ),
    }
    return {name: value for name, value in shown.items() if value}


def _handshake(handshake: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": handshake["Id"],
        "arn": handshake["Arn"],
        "action": handshake["Action"].lower(),
        "state": handshake["State"],
        "parties": [_party(party) for party in handshake["Parties"]],
        "resources": [_resource(resource) for resource in handshake["Resources"]],
        "requestedTimestamp": _spoken(handshake["RequestedTimestamp"]),
        "expirationTimestamp": _spoken(handshake["ExpirationTimestamp"]),
    }


def _party(party: Mapping[str, str]) -> dict[str, str]:
    return {"type": party["Type"], "id": MASKED if party["Type"] == "EMAIL" else party["Id"]}


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    private = resource["Type"] in {"EMAIL", "MASTER_EMAIL", "MASTER_NAME", "NOTES"}
    shown: dict[str, Any] = {
        "type": resource["Type"],
        "value": MASKED if private else resource["Value"],
    }
    if "Resources" in resource:
        shown["resources"] = [_resource(inner) for inner in resource["Resources"]]
    return shown


def _named(value: Any, name: str = "") -> Any:
    """A request or an answer as CloudTrail writes it: names in camel case, emails masked."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _named(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner) for inner in value]
    return MASKED if name.endswith("Email") else value


def _tags(request: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in request.get("Tags", [])]


def _principal_id(prefix: str, name: str) -> str:
    """A principal's unique id: 21 characters, the same for the same name."""
    letters = "".join(character for character in name.upper() if character.isalnum())
    return (prefix + letters).ljust(21, "X")[:21]


def _iso(at: datetime.datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _spoken(at: datetime.datetime) -> str:
    """`May 15, 2023 8:26:54 AM`, in any locale."""
    half = "AM" if at.hour < 12 else "PM"  # noqa: PLR2004
    return f"{_MONTHS[at.month - 1]} {at.day}, {at.year} {at.hour % 12 or 12}:{at:%M:%S} {half}"
