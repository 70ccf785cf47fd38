"""AWS::Lambda::Function, Permission and EventSourceMapping."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any, ClassVar

from moto.awslambda import models
from moto.awslambda.utils import get_backend
from moto.s3.models import s3_backends

from embedded.cloudformation.resource import Place, Properties, Resource, names


class Function(Resource):
    """A function from a zip in S3 or an inline snippet; properties are CreateFunction's members."""

    type: ClassVar[str] = "AWS::Lambda::Function"
    understood = names(
        "Code.S3Bucket Code.S3Key Code.ZipFile DeadLetterConfig.TargetArn Description"
        " Environment.Variables FunctionName"
        " Handler LoggingConfig.ApplicationLogLevel LoggingConfig.LogFormat"
        " LoggingConfig.LogGroup LoggingConfig.SystemLogLevel PackageType"
        " ReservedConcurrentExecutions Role Runtime Tags Timeout"
    )
    attribute_names = names("Arn")
    replaced_by = names("FunctionName PackageType")
    name_property = "FunctionName"

    def create(self) -> None:
        self._check_code()
        spec = self._spec() | {"FunctionName": self.name()}
        function = get_backend(self.place.account_id, self.place.region).create_function(spec)
        self.physical_resource_id = function.function_name
        self.attributes = {"Arn": function.function_arn}

    def update(self, before: Properties) -> None:
        name, spec = self.physical_resource_id, self._spec()
        function = get_backend(self.place.account_id, self.place.region).get_function(name)
        if before["Code"] != self.properties["Code"]:
            self._check_code()
            function.update_function_code(spec["Code"])
        logs = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
        configuration = _DEFAULTS | {"LoggingConfig": logs} | spec
        function.update_configuration(configuration)
        # UpdateFunctionConfiguration takes these too, but moto's does not.
        function.tracing_config = configuration["TracingConfig"]
        function.architectures = configuration["Architectures"]
        function.ephemeral_storage = configuration["EphemeralStorage"]["Size"]
        function.reserved_concurrency = spec.get("ReservedConcurrentExecutions")
        function.tags = spec["Tags"]

    def delete(self) -> None:
        get_backend(self.place.account_id, self.place.region).delete_function(
            self.physical_resource_id
        )

    def _check_code(self) -> None:
        """Refuse code that nobody published; moto takes it for an empty zip."""
        bucket, key = (self.properties["Code"].get(name) for name in ("S3Bucket", "S3Key"))
        s3 = s3_backends[self.place.account_id][self.place.partition]
        if bucket and (bucket not in s3.buckets or key not in s3.buckets[bucket].keys):
            raise models.InvalidParameterValueException(
                f"Error occurred while GetObject. S3 Error Code: NoSuchKey. No {key} in {bucket}"
            )

    def _spec(self) -> dict[str, Any]:
        spec = copy.deepcopy(self.properties) | {"Tags": self.tags()}
        snippet = spec["Code"].get("ZipFile")
        if snippet is not None:
            zipped = models.LambdaFunction._create_zipfile_from_plaintext_code(snippet)
            spec["Code"]["ZipFile"] = base64.b64encode(zipped)
        return spec


class Permission(Resource):
    """A statement of a function's resource policy."""

    type: ClassVar[str] = "AWS::Lambda::Permission"
    understood = names(
        "Action EventSourceToken FunctionName Principal PrincipalOrgID SourceAccount SourceArn"
    )
    attribute_names = names("Id")
    replaced_by = understood

    def create(self) -> None:
        self.physical_resource_id = self.name()
        self.attributes = {"Id": self.physical_resource_id}
        members = {k: v for k, v in self.properties.items() if k != "FunctionName"}
        self._policy().add_statement(
            json.dumps(members | {"StatementId": self.physical_resource_id})
        )

    def update(self, before: Properties) -> None:
        """Every property's change replaces it."""

    def delete(self) -> None:
        self._policy().del_statement(self.physical_resource_id)

    def _policy(self) -> Any:
        backend = get_backend(self.place.account_id, self.place.region)
        return backend.get_function(self.properties["FunctionName"]).policy


class EventSourceMapping(Resource):
    """A queue or stream that invokes a function."""

    type: ClassVar[str] = "AWS::Lambda::EventSourceMapping"
    understood = names(
        "BatchSize BisectBatchOnFunctionError DestinationConfig.OnFailure.Destination Enabled"
        " EventSourceArn FilterCriteria.Filters.Pattern FunctionName"
        " MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts"
        " StartingPosition Tags"
    )
    attribute_names = names("EventSourceMappingArn Id")
    replaced_by = names("EventSourceArn StartingPosition")

    def create(self) -> None:
        mapping = _mappings(self.place).create_event_source_mapping(
            self.properties | {"Tags": self.tags()}
        )
        self.physical_resource_id = mapping.uuid
        self.attributes = {"Id": mapping.uuid, "EventSourceMappingArn": mapping.arn}

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is set again
        _mappings(self.place).update_event_source_mapping(
            self.physical_resource_id, dict(self.properties)
        )

    def delete(self) -> None:
        _mappings(self.place).delete_event_source_mapping(self.physical_resource_id)


_DEFAULTS: dict[str, Any] = {
    "Architectures": ["x86_64"],
    "DeadLetterConfig": {},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "MemorySize": 128,
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
}


def _mappings(place: Place) -> Any:
    return get_backend(place.account_id, place.region)
