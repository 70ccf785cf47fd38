"""The environment as typed values, one class a need, read when first needed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import MISSING, field, fields
from typing import Any, Literal, TypeVar

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused
from vending.frozen import frozen


def _variable(name: str, read: Callable[[str], Any] = str, **default: Any) -> Any:
    """A field that is read from the environment variable, by a function that may raise ValueError.

    The text is without the blanks around it. Without a default, the variable must be there.
    """
    return field(metadata={"name": name, "read": read}, **default)


def _filled(text: str) -> str:
    if not text:
        raise ValueError("empty")
    return text


def _count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError("below 1")
    return number


def _positive(text: str) -> float:
    if not (number := float(text)) > 0:
        raise ValueError("not above 0")
    return number


def _not_negative(text: str) -> float:
    if not (number := float(text)) >= 0:
        raise ValueError("below 0")
    return number


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError("unknown")
        return text

    return read


def _json_object(text: str) -> dict[str, Any]:
    match json.loads(text):
        case dict() as found:
            return found
    raise ValueError("no object")


@frozen
class LedgerSettings:
    """What the functions that use the ledger need."""

    table_name: str = _variable("LEDGER_TABLE_NAME", _filled)
    ended_rows_expire_days: int | None = _variable("ENDED_ROWS_EXPIRE_DAYS", _count, default=None)


@frozen
class EventBusSettings:
    """What the functions that announce states need."""

    bus_name: str = _variable("EVENT_BUS_NAME", _filled)


@frozen
class CreationQuotaSettings:
    """AWS's creation quota, for the functions that take or give back slots."""

    rate_per_second: float = _variable("CREATION_RATE_PER_SECOND", _positive)
    burst: int = _variable("CREATION_BURST", _count)
    in_progress: int = _variable("CREATIONS_IN_PROGRESS", _count)
    lease_seconds: float = _variable("CREATION_LEASE_SECONDS", _positive)
    slack_seconds: float = _variable("CREATION_SLACK_SECONDS", _not_negative)


@frozen
class ClosingQuotaSettings:
    """AWS's closing quota, for the functions that take or give back slots."""

    rate_per_second: float = _variable("CLOSING_RATE_PER_SECOND", _positive)
    in_progress: int = _variable("CLOSINGS_IN_PROGRESS", _count)
    in_30_days: int = _variable("CLOSINGS_IN_30_DAYS", _count)
    lease_seconds: float = _variable("CLOSING_LEASE_SECONDS", _positive)
    slack_seconds: float = _variable("CLOSING_SLACK_SECONDS", _not_negative)


@frozen
class RetirementSettings:
    """Where retired accounts go, what denies them everything, and which are never retired."""

    organizational_unit: str = _variable("RETIREMENT_ORGANIZATIONAL_UNIT", _filled)
    policy_name: str = _variable("RETIREMENT_POLICY_NAME", default="")
    protected_tag: str = _variable("RETIREMENT_PROTECTED_TAG", default="")


@frozen
class GracePeriodSettings:
    """How long a retired account can be restored."""

    days: float = _variable("RETIREMENT_GRACE_DAYS", _positive)


@frozen
class ServiceAccessSettings:
    """Service principals, separated by spaces, that this installation enables by force."""

    forced_service_principals: str = _variable("FORCED_SERVICE_PRINCIPALS", default="")


@frozen
class AllowanceSettings(ServiceAccessSettings):
    """What the stack's roles may enable and assume, by names that are separated by spaces."""

    service_principals: str = _variable("SERVICE_PRINCIPALS", default="")
    policy_types: str = _variable("POLICY_TYPES", default="")
    invited_account_role_names: str = _variable("INVITED_ACCOUNT_ROLE_NAMES", default="")


@frozen
class InvitationSettings:
    """What the function needs that accepts invitations by roles of invited accounts."""

    external_id: str = _variable("INVITED_ACCOUNT_EXTERNAL_ID", _filled)


@frozen
class ExecutionSettings:
    """What the functions that look at all executions need."""

    state_machine_arn: str = _variable("STATE_MACHINE_ARN", _filled)


@frozen
class ApiSettings(ExecutionSettings):
    """What the API starts."""

    retirement_state_machine_arn: str = _variable("RETIREMENT_STATE_MACHINE_ARN", _filled)
    token_claim: str = _variable("API_TOKEN_CLAIM", default="")


@frozen
class CustomResourceSettings(ExecutionSettings):
    """What the custom resource of CloudFormation starts."""

    on_delete: Literal["keep", "retire"] = _variable(
        "CUSTOM_RESOURCE_ON_DELETE", _one_of("keep", "retire")
    )
    retirement_state_machine_arn: str = _variable("RETIREMENT_STATE_MACHINE_ARN", _filled)


@frozen
class EndpointSettings:
    """Where the SDK reaches AWS instead of at AWS's own addresses: AWS's variable, unset there."""

    url: str | None = _variable("AWS_ENDPOINT_URL", _filled, default=None)


@frozen
class AuditTrailSettings:
    """Where the audit trail is kept."""

    bucket_name: str = _variable("AUDIT_BUCKET_NAME", _filled)


@frozen
class NotificationSettings:
    """The topics by which people are notified; empty where there is none."""

    topic_arn: str = _variable("NOTIFICATION_TOPIC_ARN", default="")
    chat_topic_arn: str = _variable("CHAT_TOPIC_ARN", default="")


@frozen
class DiscoverySettings:
    """What becomes of accounts made elsewhere; `baseline` is a request without its account."""

    become: Literal["record", "baseline"] = _variable(
        "DISCOVERED_ACCOUNTS", _one_of("record", "baseline")
    )
    baseline: dict[str, Any] = _variable(
        "DISCOVERED_ACCOUNT_BASELINE", _json_object, default_factory=dict
    )


@frozen
class DriftSettings:
    """What becomes of accounts that differ from their documents."""

    becomes: Literal["report", "repair"] = _variable("ACCOUNT_DRIFT", _one_of("report", "repair"))


S = TypeVar("S")


def read(settings: type[S]) -> S:
    """The settings; OperationRefused (SettingsInvalid) names what the environment lacks."""
    found, lacking = {}, []
    for one in fields(settings):  # type: ignore[arg-type]
        text = os.environ.get(name := one.metadata["name"])
        try:
            if text is not None:
                found[one.name] = one.metadata["read"](text.strip())
            elif one.default is one.default_factory is MISSING:
                lacking.append(name)
        except ValueError:
            lacking.append(name)
    if lacking:
        words = explain("SettingsInvalid")
        raise OperationRefused(
            f"The function's environment lacks {', '.join(lacking)}.",
            code="SettingsInvalid",
            remedy=words.remedy,
        )
    return settings(**found)
