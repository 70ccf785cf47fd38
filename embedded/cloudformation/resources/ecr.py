"""AWS::ECR::Repository."""

from __future__ import annotations

import contextlib
import json
from typing import Any, ClassVar

from moto.ecr import exceptions, models

from embedded.cloudformation.resource import Properties, Resource, names


class Repository(Resource):
    """A repository of container images."""

    type: ClassVar[str] = "AWS::ECR::Repository"
    understood = names(
        "EmptyOnDelete ImageTagMutability LifecyclePolicy.LifecyclePolicyText RepositoryName"
        " RepositoryPolicyText Tags"
    )
    attribute_names = names("Arn RepositoryUri")
    replaced_by = names("RepositoryName")
    name_property = "RepositoryName"
    name_length = 256

    def create(self) -> None:
        repository = self._backend().create_repository(
            repository_name=self.name().lower(),
            registry_id=None,
            encryption_config={"encryptionType": "AES256"},
            image_scan_config={"scanOnPush": False},
            image_tag_mutability=self._mutability(),
            tags=self.properties.get("Tags", []),
        )
        self.physical_resource_id = repository.name
        self.attributes = {"Arn": repository.arn, "RepositoryUri": repository.uri}
        self._put_policies({})

    def update(self, before: Properties) -> None:
        backend = self._backend()
        backend.put_image_tag_mutability(
            self.place.account_id, self.physical_resource_id, self._mutability()
        )
        arn = self.attributes["Arn"]
        backend.untag_resource(arn, [tag["Key"] for tag in before.get("Tags", [])])
        backend.tag_resource(arn, self.properties.get("Tags", []))
        self._put_policies(before)

    def delete(self) -> None:
        force = str(self.properties.get("EmptyOnDelete", False)).lower() == "true"
        self._backend().delete_repository(self.physical_resource_id, force=force)

    def _mutability(self) -> str:
        return str(self.properties.get("ImageTagMutability", "MUTABLE"))

    def _put_policies(self, before: Properties) -> None:
        backend, registry, name = self._backend(), self.place.account_id, self.physical_resource_id
        policy = self.properties.get("RepositoryPolicyText")
        if policy is not None:
            text = policy if isinstance(policy, str) else json.dumps(policy)
            backend.set_repository_policy(registry, name, text)
        elif "RepositoryPolicyText" in before:
            with contextlib.suppress(exceptions.RepositoryPolicyNotFoundException):
                backend.delete_repository_policy(registry, name)
        rules = self.properties.get("LifecyclePolicy", {}).get("LifecyclePolicyText")
        if rules is not None:
            backend.put_lifecycle_policy(registry, name, rules)
        elif "LifecyclePolicy" in before:
            with contextlib.suppress(exceptions.LifecyclePolicyNotFoundException):
                backend.delete_lifecycle_policy(registry, name)

    def _backend(self) -> Any:
        return models.ecr_backends[self.place.account_id][self.place.region]
