"""AWS::CDK::Metadata: what CDK adds to a template unless disabled."""

from __future__ import annotations

from typing import ClassVar

from embedded.cloudformation.resource import Properties, Resource, names


class Metadata(Resource):
    """Nothing but a name."""

    type: ClassVar[str] = "AWS::CDK::Metadata"
    understood = names("")

    def create(self) -> None:
        self.physical_resource_id = self.name()

    def update(self, before: Properties) -> None:
        """Nothing to change."""

    def delete(self) -> None:
        """Nothing to remove."""
