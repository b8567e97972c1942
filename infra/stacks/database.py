"""RDS for PostgreSQL: state, results, ledger; roles sign in by IAM, over TLS only."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, CfnParameter, Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_rds as rds

from infra.configuration import Configuration
from infra.stacks.network import Network

ADMINISTRATOR = "postgres"
BACKUP_DAYS = 14
PARAMETERS = {
    "rds.force_ssl": "1",
    "track_commit_timestamp": "1",
    "idle_in_transaction_session_timeout": "60000",
    "log_connections": "1",
    "log_disconnections": "1",
    "log_statement": "ddl",
    "log_min_duration_statement": "1000",
    "timezone": "UTC",
}
"""Of the server; those that compose's server has besides are RDS's own business or only matter in a small memory."""


@dataclass(frozen=True)
class Postgres:
    """The database server."""

    instance: Any

    @property
    def administrator(self) -> Any:
        """The secret of the administrator's password, which nobody chose."""
        return self.instance.secret

    def url(self, role: str, database: str = "fraudstream") -> str:
        """The SQLAlchemy URL of a role; it holds no password."""
        return f"postgresql+psycopg2://{role}@{self.instance.db_instance_endpoint_address}:5432/{database}"

    def grant(self, grantee: Any, role: str) -> None:
        """Let a grantee sign in as one role of the database."""
        self.instance.grant_connect(grantee, role)


def database(stack: Any, configuration: Configuration, net: Network, key: Any) -> Postgres:
    """Make the server."""
    engine = rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_18)
    instance = rds.DatabaseInstance(
        stack,
        "Postgres",
        engine=engine,
        instance_identifier=configuration.name,
        instance_type=ec2.InstanceType(configuration.database_instance_class.removeprefix("db.")),
        vpc=net.vpc,
        vpc_subnets=net.subnets,
        security_groups=[net.database],
        credentials=rds.Credentials.from_generated_secret(ADMINISTRATOR, encryption_key=key),
        parameter_group=rds.ParameterGroup(stack, "Parameters", engine=engine, parameters=PARAMETERS),
        iam_authentication=True,
        publicly_accessible=False,
        multi_az=configuration.multi_az,
        allocated_storage=configuration.database_storage_gib,
        max_allocated_storage=10 * configuration.database_storage_gib,
        storage_type=rds.StorageType.GP3,
        storage_encrypted=True,
        storage_encryption_key=key,
        backup_retention=Duration.days(BACKUP_DAYS),
        copy_tags_to_snapshot=True,
        delete_automated_backups=True,
        auto_minor_version_upgrade=True,
        allow_major_version_upgrade=False,
        ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
        cloudwatch_logs_exports=["postgresql"],
        enable_performance_insights=True,
        performance_insight_encryption_key=key,
        performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
        monitoring_interval=Duration.seconds(60),
        removal_policy=RemovalPolicy.SNAPSHOT if configuration.keep_data else RemovalPolicy.DESTROY,
    )
    _protect(stack, instance)
    server_logs = logs.LogGroup(
        stack,
        "ServerLogs",
        log_group_name=f"/aws/rds/instance/{configuration.name}/postgresql",
        encryption_key=key,
        retention=logs.RetentionDays.THREE_MONTHS,
        removal_policy=RemovalPolicy.DESTROY,
    )
    instance.node.add_dependency(server_logs)  # or RDS makes the group itself, without an end of its logs
    CfnOutput(stack, "Host", value=instance.db_instance_endpoint_address)
    return Postgres(instance)


def _protect(stack: Any, instance: Any) -> None:
    """Nobody deletes the server by deleting a stack, until a parameter says so."""
    protection = CfnParameter(
        stack,
        "DeletionProtection",
        type="String",
        default="true",
        allowed_values=["true", "false"],
        description="false must be deployed before the stack can be deleted",
    )
    instance.node.default_child.add_property_override("DeletionProtection", protection.value_as_string)
