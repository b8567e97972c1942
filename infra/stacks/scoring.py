"""The EMR Serverless application that the scorer's streaming job runs in, and the role of the job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, CfnOutput, RemovalPolicy
from aws_cdk import aws_emrserverless as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from fraudstream.contracts.topics import TRANSACTIONS
from infra.configuration import Configuration
from infra.stacks.database import Postgres
from infra.stacks.images import SPARK, image_tag
from infra.stacks.lake import Lake
from infra.stacks.network import Network
from infra.stacks.stream import Stream

ROLE = "fraudstream_scorer"
CHECKPOINTS = "checkpoints"
GROUPS = ("fraudstream-reader", "spark-kafka-source-*")
"""Consumer groups: one of our own administrative reads, and those that Spark makes up for each query."""
IDLE_MINUTES = 15
MEMORY_PER_VCPU_GB = 4


@dataclass(frozen=True)
class Scoring:
    """The application and its role."""

    application_id: str
    role: Any
    log_group: Any


def scoring(
    stack: Any,
    configuration: Configuration,
    net: Network,
    kafka: Stream,
    postgres: Postgres,
    buckets: Lake,
    repositories: Mapping[str, Any],
    key: Any,
) -> Scoring:
    """Make the application; a job is submitted to it afterwards and runs until it is cancelled."""
    tag = image_tag(stack)
    log_group = logs.LogGroup(
        stack,
        "Logs",
        log_group_name=f"/{configuration.name}/scorer",
        encryption_key=key,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    application = emr.CfnApplication(
        stack,
        "Application",
        name=f"{configuration.name}-scorer",
        type="Spark",
        release_label=configuration.emr_release,
        architecture="X86_64",
        image_configuration=emr.CfnApplication.ImageConfigurationInputProperty(
            image_uri=repositories[SPARK].repository_uri_for_tag(tag.value_as_string)
        ),
        network_configuration=emr.CfnApplication.NetworkConfigurationProperty(
            subnet_ids=net.subnet_ids, security_group_ids=[net.clients.security_group_id]
        ),
        maximum_capacity=emr.CfnApplication.MaximumAllowedResourcesProperty(
            cpu=f"{configuration.scorer_vcpus} vCPU",
            memory=f"{MEMORY_PER_VCPU_GB * configuration.scorer_vcpus} GB",
        ),
        auto_start_configuration=emr.CfnApplication.AutoStartConfigurationProperty(enabled=True),
        auto_stop_configuration=emr.CfnApplication.AutoStopConfigurationProperty(
            enabled=True, idle_timeout_minutes=IDLE_MINUTES
        ),
    )
    role = _role(stack, kafka, postgres, buckets, key)
    log_group.grant_write(role)
    role.add_to_policy(_may_list_log_groups())
    CfnOutput(stack, "ApplicationId", value=application.attr_application_id)
    CfnOutput(stack, "JobRole", value=role.role_arn)
    CfnOutput(stack, "LogGroup", value=log_group.log_group_name)
    return Scoring(application.attr_application_id, role, log_group)


def _role(stack: Any, kafka: Stream, postgres: Postgres, buckets: Lake, key: Any) -> Any:
    role = iam.Role(
        stack,
        "Role",
        assumed_by=iam.ServicePrincipal(
            "emr-serverless.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
        ),
        description="the scorer's job",
    )
    kafka.grant(role, reads=[TRANSACTIONS], groups=GROUPS)
    postgres.grant(role, ROLE)
    buckets.work.grant_read_write(role, f"{CHECKPOINTS}/*")
    key.grant_encrypt_decrypt(role)
    return role


def _may_list_log_groups() -> Any:
    """EMR looks the group up before it writes to it; the call knows no resources."""
    return iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=["*"])
