"""The environment as typed values, one model a need, read when first needed."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError

from vending.errors.catalogue import explain
from vending.errors.exceptions import OperationRefused

Filled = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """Environment variables of one need; the alias is the variable's name."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, defer_build=True
    )


class LedgerSettings(Settings):
    """What the functions that use the ledger need."""

    table_name: Filled = Field(alias="LEDGER_TABLE_NAME")
    ended_rows_expire_days: int | None = Field(None, alias="ENDED_ROWS_EXPIRE_DAYS", ge=1)


class EventBusSettings(Settings):
    """What the functions that announce states need."""

    bus_name: Filled = Field(alias="EVENT_BUS_NAME")


class CreationQuotaSettings(Settings):
    """AWS's creation quota, for the functions that take or give back slots."""

    rate_per_second: float = Field(alias="CREATION_RATE_PER_SECOND", gt=0)
    burst: int = Field(alias="CREATION_BURST", ge=1)
    in_progress: int = Field(alias="CREATIONS_IN_PROGRESS", ge=1)
    lease_seconds: float = Field(alias="CREATION_LEASE_SECONDS", gt=0)
    slack_seconds: float = Field(alias="CREATION_SLACK_SECONDS", ge=0)


class ClosingQuotaSettings(Settings):
    """AWS's closing quota, for the functions that take or give back slots."""

    rate_per_second: float = Field(alias="CLOSING_RATE_PER_SECOND", gt=0)
    in_progress: int = Field(alias="CLOSINGS_IN_PROGRESS", ge=1)
    in_30_days: int = Field(alias="CLOSINGS_IN_30_DAYS", ge=1)
    lease_seconds: float = Field(alias="CLOSING_LEASE_SECONDS", gt=0)
    slack_seconds: float = Field(alias="CLOSING_SLACK_SECONDS", ge=0)


class RetirementSettings(Settings):
    """Where retired accounts go, what denies them everything, and which are never retired."""

    organizational_unit: Filled = Field(alias="RETIREMENT_ORGANIZATIONAL_UNIT")
    policy_name: str = Field("", alias="RETIREMENT_POLICY_NAME")
    protected_tag: str = Field("", alias="RETIREMENT_PROTECTED_TAG")


class GracePeriodSettings(Settings):
    """How long a retired account can be restored."""

    days: float = Field(alias="RETIREMENT_GRACE_DAYS", gt=0)


class ServiceAccessSettings(Settings):
    """Service principals, separated by spaces, that this installation enables by force."""

    forced_service_principals: str = Field("", alias="FORCED_SERVICE_PRINCIPALS")


class AllowanceSettings(ServiceAccessSettings):
    """What the stack's roles may enable and assume, by names that are separated by spaces."""

    service_principals: str = Field("", alias="SERVICE_PRINCIPALS")
    policy_types: str = Field("", alias="POLICY_TYPES")
    invited_account_role_names: str = Field("", alias="INVITED_ACCOUNT_ROLE_NAMES")


class InvitationSettings(Settings):
    """What the function needs that accepts invitations by roles of invited accounts."""

    external_id: Filled = Field(alias="INVITED_ACCOUNT_EXTERNAL_ID")


class ExecutionSettings(Settings):
    """What the functions that look at all executions need."""

    state_machine_arn: Filled = Field(alias="STATE_MACHINE_ARN")


class ApiSettings(ExecutionSettings):
    """What the API starts."""

    retirement_state_machine_arn: Filled = Field(alias="RETIREMENT_STATE_MACHINE_ARN")
    token_claim: str = Field("", alias="API_TOKEN_CLAIM")


class CustomResourceSettings(ExecutionSettings):
    """What the custom resource of CloudFormation starts."""

    on_delete: Literal["keep", "retire"] = Field(alias="CUSTOM_RESOURCE_ON_DELETE")
    retirement_state_machine_arn: Filled = Field(alias="RETIREMENT_STATE_MACHINE_ARN")


class EndpointSettings(Settings):
    """Where the SDK reaches AWS instead of at AWS's own addresses: AWS's variable, unset there."""

    url: Filled | None = Field(None, alias="AWS_ENDPOINT_URL")


class AuditTrailSettings(Settings):
    """Where the audit trail is kept."""

    bucket_name: Filled = Field(alias="AUDIT_BUCKET_NAME")


class NotificationSettings(Settings):
    """The topics by which people are notified; empty where there is none."""

    topic_arn: str = Field("", alias="NOTIFICATION_TOPIC_ARN")
    chat_topic_arn: str = Field("", alias="CHAT_TOPIC_ARN")


class DiscoverySettings(Settings):
    """What becomes of accounts made elsewhere; `baseline` is a request without its account."""

    become: Literal["record", "baseline"] = Field(alias="DISCOVERED_ACCOUNTS")
    baseline: Json[dict[str, Any]] = Field({}, alias="DISCOVERED_ACCOUNT_BASELINE")


class DriftSettings(Settings):
    """What becomes of accounts that differ from their documents."""

    becomes: Literal["report", "repair"] = Field(alias="ACCOUNT_DRIFT")


S = TypeVar("S", bound=Settings)


def read(model: type[S]) -> S:
    """The settings; OperationRefused (SettingsInvalid) names what the environment lacks."""
    try:
        return model.model_validate(dict(os.environ))
    except ValidationError as error:
        names = ", ".join(str(details["loc"][0]) for details in error.errors())
        words = explain("SettingsInvalid")
        raise OperationRefused(
            f"The function's environment lacks {names}.",
            code="SettingsInvalid",
            remedy=words.remedy,
        ) from None
