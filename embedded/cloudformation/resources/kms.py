"""AWS::KMS::Key and Alias."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from moto.kms import models

from embedded.cloudformation.resource import Place, Properties, Resource, names

_WAITING_DAYS = 30


class Key(Resource):
    """A key; deleting it schedules its deletion, as CloudFormation does."""

    type: ClassVar[str] = "AWS::KMS::Key"
    understood = names(
        "Description EnableKeyRotation KeyPolicy KeySpec KeyUsage PendingWindowInDays Tags"
    )
    attribute_names = names("Arn KeyId")
    replaced_by = names("KeySpec KeyUsage")

    def create(self) -> None:
        given = self.properties
        key = _backend(self.place).create_key(
            policy=json.dumps(given.get("KeyPolicy", {})) if "KeyPolicy" in given else None,
            key_usage=given.get("KeyUsage", "ENCRYPT_DECRYPT"),
            key_spec=given.get("KeySpec", "SYMMETRIC_DEFAULT"),
            description=given.get("Description", ""),
            tags=[{"TagKey": name, "TagValue": value} for name, value in self.tags().items()],
        )
        self.physical_resource_id = key.id
        self.attributes = {"Arn": key.arn, "KeyId": key.id}
        self._rotate()

    def update(self, before: Properties) -> None:
        backend, key = _backend(self.place), self.physical_resource_id
        if "KeyPolicy" in self.properties:
            backend.put_key_policy(key, json.dumps(self.properties["KeyPolicy"]))
        backend.update_key_description(key, self.properties.get("Description", ""))
        backend.untag_resource(key, [tag["Key"] for tag in before.get("Tags", [])])
        backend.tag_resource(
            key, [{"TagKey": name, "TagValue": value} for name, value in self.tags().items()]
        )
        self._rotate()

    def delete(self) -> None:
        days = int(self.properties.get("PendingWindowInDays", _WAITING_DAYS))
        _backend(self.place).schedule_key_deletion(self.physical_resource_id, days)

    def _rotate(self) -> None:
        backend = _backend(self.place)
        if str(self.properties.get("EnableKeyRotation", False)).lower() == "true":
            backend.enable_key_rotation(self.physical_resource_id)
        else:
            backend.disable_key_rotation(self.physical_resource_id)


class Alias(Resource):
    """Another name of a key."""

    type: ClassVar[str] = "AWS::KMS::Alias"
    understood = names("AliasName TargetKeyId")
    replaced_by = names("AliasName")

    def create(self) -> None:
        self.physical_resource_id = self.properties["AliasName"]
        _backend(self.place).create_alias(self.properties["TargetKeyId"], self.physical_resource_id)

    def update(self, before: Properties) -> None:  # noqa: ARG002 - moto knows what was there
        _backend(self.place).update_alias(self.properties["TargetKeyId"], self.physical_resource_id)

    def delete(self) -> None:
        _backend(self.place).delete_alias(self.physical_resource_id)


def _backend(place: Place) -> Any:
    return models.kms_backends[place.account_id][place.region]
