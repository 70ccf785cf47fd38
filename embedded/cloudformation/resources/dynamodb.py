"""AWS::DynamoDB::Table."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from moto.dynamodb import models

from embedded.cloudformation.resource import Properties, Resource, names


class Table(Resource):
    """A table with its indexes, recovery, protection, encryption, expiry and stream."""

    type: ClassVar[str] = "AWS::DynamoDB::Table"
    understood = names(
        "AttributeDefinitions BillingMode DeletionProtectionEnabled"
        " GlobalSecondaryIndexes.IndexName GlobalSecondaryIndexes.KeySchema"
        " GlobalSecondaryIndexes.Projection GlobalSecondaryIndexes.ProvisionedThroughput"
        " KeySchema LocalSecondaryIndexes ProvisionedThroughput"
        " StreamSpecification.StreamViewType TableName Tags TimeToLiveSpecification.AttributeName"
        " TimeToLiveSpecification.Enabled"
    )
    attribute_names = names("Arn StreamArn")
    replaced_by = names("KeySchema LocalSecondaryIndexes TableName")
    name_property = "TableName"
    name_length = 255

    def create(self) -> None:
        given = copy.deepcopy(self.properties)
        table = self._backend().create_table(
            name=self.name(),
            schema=given["KeySchema"],
            attr=given["AttributeDefinitions"],
            throughput=given.get("ProvisionedThroughput"),
            global_indexes=given.get("GlobalSecondaryIndexes", []),
            indexes=given.get("LocalSecondaryIndexes", []),
            streams=given.get("StreamSpecification"),
            billing_mode=given.get("BillingMode", "PROVISIONED"),
            sse_specification=_encryption(given.get("SSESpecification")),
            tags=given.get("Tags", []),
            deletion_protection_enabled=given.get("DeletionProtectionEnabled", False),
            warm_throughput=None,
        )
        self.physical_resource_id = table.name
        self._describe(table)
        self._set_recovery_and_expiry({})

    def adopt(self) -> bool:
        table = self._backend().tables.get(self.properties.get("TableName"))
        if table is None:
            return False
        self.physical_resource_id = table.name
        self._describe(table)
        return True

    def update(self, before: Properties) -> None:
        given, name = copy.deepcopy(self.properties), self.physical_resource_id
        changed = {key for key in given | before if given.get(key) != before.get(key)}
        table = self._backend().update_table(
            name=name,
            attr_definitions=given["AttributeDefinitions"],
            global_index=_index_updates(
                before.get("GlobalSecondaryIndexes", []), given.get("GlobalSecondaryIndexes", [])
            ),
            throughput=given.get("ProvisionedThroughput"),
            billing_mode=given.get("BillingMode", "PROVISIONED"),
            stream_spec=None,
            deletion_protection_enabled=given.get("DeletionProtectionEnabled", False),
            warm_throughput=None,
        )
        if "StreamSpecification" in changed:
            table.set_stream_specification(given.get("StreamSpecification"))
        if "SSESpecification" in changed:
            encryption = _encryption(given.get("SSESpecification"))
            if encryption and "KMSMasterKeyId" not in encryption:
                place = self.place
                encryption["KMSMasterKeyId"] = table._get_default_encryption_key(
                    place.account_id, place.region
                )
            table.sse_specification = encryption
        table.tags = given.get("Tags", [])
        self._describe(table)
        self._set_recovery_and_expiry(before)

    def delete(self) -> None:
        self._backend().delete_table(self.physical_resource_id)

    def _set_recovery_and_expiry(self, before: Properties) -> None:
        backend, name = self._backend(), self.physical_resource_id
        recovery = self.properties.get("PointInTimeRecoverySpecification")
        if recovery or before.get("PointInTimeRecoverySpecification"):
            backend.update_continuous_backups(
                name, {"PointInTimeRecoveryEnabled": False} | (recovery or {})
            )
        expiry = self.properties.get("TimeToLiveSpecification")
        if expiry:
            backend.update_time_to_live(name, expiry)
        elif former := before.get("TimeToLiveSpecification"):
            backend.update_time_to_live(name, former | {"Enabled": False})

    def _describe(self, table: Any) -> None:
        self.attributes = {"Arn": table.table_arn}
        if table.latest_stream_label:
            self.attributes["StreamArn"] = f"{table.table_arn}/stream/{table.latest_stream_label}"

    def _backend(self) -> Any:
        return models.dynamodb_backends[self.place.account_id][self.place.region]


def _encryption(specification: dict[str, Any] | None) -> dict[str, Any] | None:
    """CreateTable's SSESpecification, whose switch has another name than CloudFormation's."""
    if specification is None:
        return None
    enabled = specification.pop("SSEEnabled")
    return specification | {"Enabled": enabled}


def _index_updates(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    old = {index["IndexName"]: index for index in before}
    new = {index["IndexName"]: index for index in after}
    deleted = [name for name in old if name not in new or new[name] != old[name]]
    created = [index for name, index in new.items() if old.get(name) != index]
    return [
        *({"Delete": {"IndexName": name}} for name in deleted),
        *({"Create": index} for index in created),
    ]
