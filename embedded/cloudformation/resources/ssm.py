"""AWS::SSM::Parameter."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from moto.ssm import models
from moto.ssm.exceptions import ParameterAlreadyExists

from embedded.cloudformation.resource import Properties, Resource, names

_OF_THE_BOOTSTRAP = re.compile(r"/cdk-bootstrap/[^/]+/version")
"""The account comes bootstrapped, without the stack: `cdk bootstrap` takes this over."""


class Parameter(Resource):
    """A parameter of the parameter store."""

    type: ClassVar[str] = "AWS::SSM::Parameter"
    understood = names("AllowedPattern DataType Description Name Tags Tier Type Value")
    attribute_names = names("Type Value")
    replaced_by = names("DataType Name Type")
    name_property = "Name"
    name_length = 1011

    def create(self) -> None:
        name = self.name()
        self._put(name, overwrite=_OF_THE_BOOTSTRAP.fullmatch(name) is not None)
        self.physical_resource_id = name

    def update(self, before: Properties) -> None:
        self._put(self.physical_resource_id, overwrite=True)
        backend = self._backend()
        backend.remove_tags_from_resource(
            "Parameter", self.physical_resource_id, list(before.get("Tags", {}))
        )
        backend.add_tags_to_resource("Parameter", self.physical_resource_id, self.tags())

    def delete(self) -> None:
        self._backend().delete_parameter(self.physical_resource_id)

    def tags(self) -> dict[str, str]:
        """Unlike most types' Tags, these are a mapping already."""
        return dict(self.properties.get("Tags", {}))

    def _put(self, name: str, *, overwrite: bool) -> None:
        given = self.properties
        made = self._backend().put_parameter(
            name=name,
            description=given.get("Description", ""),
            value=given["Value"],
            parameter_type=given["Type"],
            allowed_pattern=given.get("AllowedPattern", ""),
            keyid=None,
            overwrite=overwrite,
            tags=[{"Key": key, "Value": value} for key, value in self.tags().items()],
            data_type=given.get("DataType", "text"),
            tier=given.get("Tier"),
            policies=None,
        )
        if made is None:
            raise ParameterAlreadyExists
        self.attributes = {"Type": given["Type"], "Value": given["Value"]}

    def _backend(self) -> Any:
        return models.ssm_backends[self.place.account_id][self.place.region]
