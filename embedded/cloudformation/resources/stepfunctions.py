"""AWS::StepFunctions::StateMachine."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from moto.cloudformation.exceptions import ValidationError
from moto.s3.models import s3_backends
from moto.stepfunctions.parser import models

from embedded.cloudformation.resource import Properties, Resource, generated_name, names

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


class StateMachine(Resource):
    """A state machine, in the backend that runs definitions; moto's own type uses the other."""

    type: ClassVar[str] = "AWS::StepFunctions::StateMachine"
    understood = names(
        "Definition DefinitionS3Location.Bucket DefinitionS3Location.Key DefinitionString"
        " DefinitionSubstitutions RoleArn StateMachineName StateMachineType Tags"
    )
    attribute_names = names("Arn Name")
    replaced_by = names("StateMachineName StateMachineType")
    name_property = "StateMachineName"
    name_length = 80

    def create(self) -> None:
        given = self.properties
        machine = self._backend().create_state_machine(
            name=self.name(),
            definition=self._definition(),
            roleArn=given["RoleArn"],
            tags=_api_tags(given),
            loggingConfiguration=_logging(given.get("LoggingConfiguration")),
            tracingConfiguration=_tracing(given.get("TracingConfiguration")),
            sm_type=given.get("StateMachineType"),
            encryptionConfiguration=_encryption(given.get("EncryptionConfiguration")),
        )
        self.physical_resource_id = machine.arn
        self.attributes = {"Arn": machine.arn, "Name": machine.name}

    def update(self, before: Properties) -> None:
        """Change it in place; executions that run keep the definition they started with."""
        backend, given, arn = self._backend(), self.properties, self.physical_resource_id
        backend.update_state_machine(
            arn,
            definition=self._definition(),
            role_arn=given["RoleArn"],
            logging_configuration=_logging(given.get("LoggingConfiguration")) or {"level": "OFF"},
            tracing_configuration=_tracing(given.get("TracingConfiguration")) or {"enabled": False},
            encryption_configuration=_encryption(given.get("EncryptionConfiguration"))
            or {"type": "AWS_OWNED_KEY"},
        )
        backend.tagger.untag_resource_using_names(arn, [t["key"] for t in _api_tags(before)])
        backend.tagger.tag_resource(arn, _api_tags(given))

    def delete(self) -> None:
        self._backend().delete_state_machine(self.physical_resource_id)

    def name(self) -> str:
        """Generated names of state machines do not begin with the stack's name."""
        given = self.properties.get("StateMachineName")
        return str(given or generated_name(self.logical_resource_id, length=self.name_length))

    def _definition(self) -> str:
        given = self.properties
        if "DefinitionS3Location" in given:
            location = given["DefinitionS3Location"]
            s3 = s3_backends[self.place.account_id][self.place.partition]
            text = s3.get_object(location["Bucket"], location["Key"]).value.decode()
        else:
            text = given.get("DefinitionString") or json.dumps(given["Definition"])
        return substitute(text, given.get("DefinitionSubstitutions", {}))

    def _backend(self) -> Any:
        backends = models.stepfunctions_parser_backends
        return backends[self.place.account_id][self.place.region]


def substitute(definition: str, substitutions: dict[str, Any]) -> str:
    """The definition with each `${key}` replaced.

    Raises:
        ValidationError: placeholders are left over; all are named. Step Functions itself refuses
            them wherever they stand for an ARN.
    """
    missing = sorted(set(_PLACEHOLDER.findall(definition)) - substitutions.keys())
    if missing:
        raise ValidationError(
            message=f"The definition has placeholders without a substitution: {', '.join(missing)}"
        )
    return _PLACEHOLDER.sub(lambda match: _text(substitutions[match[1]]), definition)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _logging(configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    if configuration is None:
        return None
    groups = [each["CloudWatchLogsLogGroup"] for each in configuration.get("Destinations", [])]
    return {
        "level": configuration.get("Level", "OFF"),
        "includeExecutionData": configuration.get("IncludeExecutionData", False),
        "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": group["LogGroupArn"]}} for group in groups
        ],
    }


def _tracing(configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if configuration is None else {"enabled": configuration.get("Enabled", False)}


def _encryption(configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    if configuration is None:
        return None
    return {name[0].lower() + name[1:]: value for name, value in configuration.items()}


def _api_tags(properties: Properties) -> list[dict[str, str]]:
    return [{"key": t["Key"], "value": t["Value"]} for t in properties.get("Tags", [])]
