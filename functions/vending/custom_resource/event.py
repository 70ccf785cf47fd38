"""What CloudFormation asks of a custom resource.

AWS CloudFormation User Guide, "Custom resource request objects" and "AWS::CloudFormation::
CustomResource". Every number and every boolean of a template's properties comes as a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal

from vending.model import Model
from vending.request import account_request

CLOUDFORMATIONS_OWN = ("ServiceToken", "ServiceTimeout")
"""Properties of every custom resource, which are no part of the request."""

SERVICE_TIMEOUT_MAX = 3600
"""Seconds that CloudFormation waits for an answer: the most, and what it waits by default."""

UNVENDED = "unvended:"
"""What the physical id of a resource begins with whose creation failed; no request's id does."""

EXECUTION_PREFIX = "cfn-"
"""Of the names of executions that are started here: their ends are heard of by it."""

_INTEGER = re.compile(r"-?[0-9]{1,18}")


class CustomResourceEvent(Model):
    """A request of CloudFormation, in its own spelling."""

    model_config = ConfigDict(alias_generator=to_pascal)

    request_type: Literal["Create", "Update", "Delete"]
    response_url: Annotated[str, Field(alias="ResponseURL", min_length=1)]
    stack_id: Annotated[
        str, Field(pattern=r"^arn:aws[a-z-]*:cloudformation:[^:]+:\d{12}:stack/.+$")
    ]
    delivery_id: Annotated[str, Field(alias="RequestId", pattern=r"^[A-Za-z0-9-]{1,64}$")]
    logical_resource_id: str
    physical_resource_id: str | None = None
    resource_properties: dict[str, Any] = Field({})

    @property
    def failed_id(self) -> str:
        """The physical id of a refusal: a changed one would be a replacement."""
        return self.physical_resource_id or f"{UNVENDED}{self.delivery_id}"


def seconds_to_answer(properties: Mapping[str, Any]) -> int:
    """Seconds after which CloudFormation is answered whatever happens, in time for that to arrive.

    Eleven twelfths of what it waits: 55 minutes of an hour.
    """
    given = str(properties.get("ServiceTimeout", ""))
    waits = int(given) if _INTEGER.fullmatch(given) else SERVICE_TIMEOUT_MAX
    return min(max(waits, 1), SERVICE_TIMEOUT_MAX) * 11 // 12


def request_in(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The request that a resource's properties are, its values as the schema of requests has them.

    A text that is no number stays one, for the request's own checks to refuse.
    """
    given = {key: value for key, value in properties.items() if key not in CLOUDFORMATIONS_OWN}
    schema = account_request.schema()
    typed: dict[str, Any] = _typed(given, schema, schema.get("$defs", {}))
    return typed


def _typed(value: Any, schema: Any, definitions: Mapping[str, Any]) -> Any:
    if not isinstance(schema, dict):
        return value
    if "$ref" in schema:
        return _typed(value, definitions[schema["$ref"].rpartition("/")[2]], definitions)
    for choice in schema.get("anyOf", ()):
        value = _typed(value, choice, definitions)
    if isinstance(value, str):
        return _scalar(value, schema.get("type"))
    if isinstance(value, list):
        return [_typed(each, schema.get("items"), definitions) for each in value]
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        return {
            key: _typed(each, known.get(key, others), definitions) for key, each in value.items()
        }
    return value


def _scalar(value: str, kind: object) -> Any:
    if kind == "integer" and _INTEGER.fullmatch(value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value
