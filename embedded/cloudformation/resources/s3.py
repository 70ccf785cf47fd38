"""AWS::S3::Bucket and BucketPolicy."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from moto.s3 import models
from moto.s3.cloud_formation import cfn_to_api_encryption
from moto.s3.exceptions import BucketNotEmpty

from embedded.cloudformation.resource import Place, Properties, Resource, names

_OF_THE_BOOTSTRAP = re.compile(r"cdk-[a-z0-9]+-assets-\d{12}-[a-z0-9-]+")
"""The account comes bootstrapped, without the stack: `cdk bootstrap` takes this over."""


class Bucket(Resource):
    """A bucket."""

    type: ClassVar[str] = "AWS::S3::Bucket"
    understood = names(
        "BucketEncryption BucketName ObjectLockConfiguration.ObjectLockEnabled"
        " ObjectLockConfiguration.Rule.DefaultRetention ObjectLockEnabled"
        " OwnershipControls.Rules PublicAccessBlockConfiguration Tags"
        " VersioningConfiguration.Status"
    )
    attribute_names = names("Arn DomainName RegionalDomainName")
    replaced_by = names("BucketName")
    name_property = "BucketName"
    name_length = 63

    def create(self) -> None:
        backend, name = _backend(self.place), self.name().lower()
        if not (name in backend.buckets and _OF_THE_BOOTSTRAP.fullmatch(name)):
            backend.create_bucket(name, self.place.region)
        self.physical_resource_id = name
        self.attributes = {
            "Arn": f"arn:{self.place.partition}:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{self.place.region}.amazonaws.com",
        }
        self._configure()

    def update(self, before: Properties) -> None:  # noqa: ARG002 - all of it is set anew
        self._configure()

    def delete(self) -> None:
        if _backend(self.place).delete_bucket(self.physical_resource_id) is None:
            raise BucketNotEmpty(bucket=self.physical_resource_id)

    def _configure(self) -> None:
        backend, name, given = _backend(self.place), self.physical_resource_id, self.properties
        status = given.get("VersioningConfiguration", {}).get("Status")
        if status or backend.get_bucket_versioning(name):
            backend.put_bucket_versioning(name, status or "Suspended")
        if "BucketEncryption" in given:
            backend.put_bucket_encryption(name, cfn_to_api_encryption(given["BucketEncryption"]))
        else:
            backend.delete_bucket_encryption(name)
        block = given.get("PublicAccessBlockConfiguration")
        if block:
            backend.put_public_access_block(
                name, {key: str(value).lower() for key, value in block.items()}
            )
        else:
            backend.delete_public_access_block(name)
        backend.put_bucket_tagging(name, self.tags())
        if "OwnershipControls" in given:
            rules = given["OwnershipControls"]["Rules"]
            backend.put_bucket_ownership_controls(name, rules[0]["ObjectOwnership"])
        else:
            backend.delete_bucket_ownership_controls(name)
        self._configure_lock()

    def _configure_lock(self) -> None:
        given = self.properties
        bucket = _backend(self.place).get_bucket(self.physical_resource_id)
        rule = given.get("ObjectLockConfiguration", {}).get("Rule", {})
        retention = rule.get("DefaultRetention", {})
        # Set as it is: the operation refuses buckets that have objects, an update must not.
        bucket.object_lock_enabled = given.get("ObjectLockEnabled", False)
        bucket.default_lock_mode = retention.get("Mode")
        bucket.default_lock_days = retention.get("Days", 0)
        bucket.default_lock_years = retention.get("Years", 0)


class BucketPolicy(Resource):
    """The resource policy of a bucket."""

    type: ClassVar[str] = "AWS::S3::BucketPolicy"
    understood = names("Bucket PolicyDocument")
    replaced_by = names("Bucket")

    def create(self) -> None:
        self.physical_resource_id = self.properties["Bucket"]
        self._put()

    def update(self, before: Properties) -> None:  # noqa: ARG002 - the policy is one document
        self._put()

    def delete(self) -> None:
        _backend(self.place).delete_bucket_policy(self.physical_resource_id)

    def _put(self) -> None:
        policy = json.dumps(self.properties["PolicyDocument"]).encode()
        _backend(self.place).put_bucket_policy(self.physical_resource_id, policy)


def _backend(place: Place) -> Any:
    return models.s3_backends[place.account_id][place.partition]
