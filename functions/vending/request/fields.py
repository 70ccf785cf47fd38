"""The types of a request's values, each with its check; steps take the same ones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from vending.request import ou_paths, validators
from vending.request.checked import checked

RequestId = Annotated[
    str,
    *checked(
        validators.request_id,
        minLength=1,
        maxLength=validators.QUALIFIED_REQUEST_ID_MAX,
        pattern=validators.REQUEST_ID_PATTERN,
    ),
]
Email = Annotated[
    str,
    *checked(
        validators.email,
        format="email",
        minLength=validators.EMAIL_LENGTH[0],
        maxLength=validators.EMAIL_LENGTH[1],
    ),
]
AccountName = Annotated[
    str,
    *checked(
        validators.account_name,
        minLength=1,
        maxLength=validators.ACCOUNT_NAME_MAX,
        pattern="^[\\u0020-\\u007E]+$",
    ),
]
AccountId = Annotated[str, *checked(validators.account_id, maxLength=12, pattern="^[0-9]{12}$")]
RoleName = Annotated[
    str,
    *checked(
        validators.role_name,
        minLength=1,
        maxLength=validators.ROLE_NAME_MAX,
        pattern="^(?![Aa][Ww][Ss][Ss]ervice[Rr]ole[Ff]or)[A-Za-z0-9_+=,.@-]+$",
    ),
]
TagKey = Annotated[str, *checked(validators.tag_key, minLength=1, maxLength=validators.TAG_KEY_MAX)]
TagValue = Annotated[str, *checked(validators.tag_value, maxLength=validators.TAG_VALUE_MAX)]
OrganizationalUnitPath = Annotated[
    str,
    *checked(
        validators.organizational_unit, maxLength=validators.OU_PATH_MAX, pattern=ou_paths.PATTERN
    ),
]
ServicePrincipal = Annotated[
    str,
    *checked(
        validators.service_principal,
        maxLength=validators.PRINCIPAL_MAX,
        pattern="^[a-z0-9_-]+(\\.[a-z0-9_-]+){2,}$",
    ),
]
RequestedBy = Annotated[
    str, *checked(validators.requested_by, maxLength=validators.REQUESTED_BY_MAX)
]
PolicyName = Annotated[
    str, *checked(validators.policy_name, minLength=1, maxLength=validators.POLICY_NAME_MAX)
]
PolicyContent = Annotated[
    str, WithJsonSchema({"type": "string", "maxLength": validators.POLICY_CONTENT_LONGEST})
]
Revision = Annotated[int, Field(ge=1)]
RootFeature = Literal["RootSessions", "RootCredentialsManagement"]
Source = Literal["new", "new-govcloud", "invited", "existing"]
PolicyType = Literal[
    "SERVICE_CONTROL_POLICY",
    "RESOURCE_CONTROL_POLICY",
    "TAG_POLICY",
    "BACKUP_POLICY",
    "AISERVICES_OPT_OUT_POLICY",
    "CHATBOT_POLICY",
    "DECLARATIVE_POLICY_EC2",
    "SECURITYHUB_POLICY",
    "SECURITYHUB_CSPM_POLICY",
    "INSPECTOR_POLICY",
    "UPGRADE_ROLLOUT_POLICY",
    "BEDROCK_POLICY",
    "S3_POLICY",
    "NETWORK_SECURITY_DIRECTOR_POLICY",
    "GUARDDUTY_POLICY",
]
