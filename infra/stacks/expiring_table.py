"""Tables of DynamoDB whose items have one id and go by themselves."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb


def expiring_table(stack: Any, logical_id: str, *, name: str, expiry: str, key: Any) -> Any:
    """Make a table encrypted with `key`, whose attribute `expiry` says when an item goes; it goes with its stack."""
    return dynamodb.Table(
        stack,
        logical_id,
        table_name=name,
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        time_to_live_attribute=expiry,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        removal_policy=RemovalPolicy.DESTROY,
    )
