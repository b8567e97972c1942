"""The table that committed scores are copied to, for those who look them up by id."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb

from infra.configuration import Configuration

EXPIRY = "expires_at"
CALLS = ("GetItem", "PutItem", "UpdateItem")
"""What the projector asks for: a transaction of DynamoDB needs the rights of the writes in it."""


@dataclass(frozen=True)
class ScoreTable:
    """The table, and the right to fill it."""

    table: Any
    name: str
    key: Any

    def grant(self, role: Any) -> None:
        """Let a role look up and put items; it deletes none, because they expire."""
        self.table.grant(role, *(f"dynamodb:{call}" for call in CALLS))
        self.key.grant_encrypt_decrypt(role)


def score_table(stack: Any, configuration: Configuration, key: Any) -> ScoreTable:
    """Make the table; it holds copies, so it goes with its stack."""
    name = f"{configuration.name}-scores"
    table = dynamodb.Table(
        stack,
        "Scores",
        table_name=name,
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        time_to_live_attribute=EXPIRY,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        removal_policy=RemovalPolicy.DESTROY,
    )
    return ScoreTable(table, name, key)
