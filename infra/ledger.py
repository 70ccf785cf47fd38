"""The ledger: one row per request, the memory that makes a repeated request harmless."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.encryption import customer_key
from infra.settings import Settings

BY_STATE = "byState"
"""The index that lists requests by state and time."""


EXPIRES = "deleteAt"
"""The attribute with the time (epoch seconds) after which a row may be deleted."""


class Ledger(Construct):
    """A DynamoDB table whose rows are `request#<requestId>`, listed by state through `byState`.

    Kept and protected when the stack goes: it alone knows which account came of which request.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: Settings) -> None:
        super().__init__(scope, id_)
        key = customer_key(self, settings)
        self.table = dynamodb.Table(
            self,
            "Table",
            # CloudFormation can import an existing table only under a name in the template.
            table_name=settings.ledger_table_name,
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else None,
            encryption_key=key,
            # Of task tokens always; of requests by the setting, without which no row has the time.
            time_to_live_attribute=EXPIRES,
            # For the audit trail.
            stream=(
                None
                if settings.audit_retention_days is None
                else dynamodb.StreamViewType.NEW_AND_OLD_IMAGES
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.table.add_global_secondary_index(
            index_name=BY_STATE,
            partition_key=dynamodb.Attribute(name="state", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="updatedAt", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.ALL,
        )
