"""MLflow as SageMaker runs it, and the role that trainings and promotions have."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker

from infra.configuration import Configuration
from infra.stacks.database import Postgres
from infra.stacks.images import ML
from infra.stacks.lake import Lake

ROLE = "fraudstream_promoter"
ARTIFACTS = "artifacts"
OUTPUT = "training"
"""Folder of the bucket of work that a training job puts its output in."""
NETWORK_CALLS = ("CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface",
                 "DeleteNetworkInterfacePermission", "DescribeNetworkInterfaces", "DescribeVpcs",
                 "DescribeDhcpOptions", "DescribeSubnets", "DescribeSecurityGroups")  # fmt: skip
"""What SageMaker needs to run a job inside a VPC."""


def mlops(
    stack: Any,
    configuration: Configuration,
    postgres: Postgres,
    buckets: Lake,
    repositories: Mapping[str, Any],
    key: Any,
) -> None:
    """Make the app that keeps experiments and model versions, and the role of whatever trains."""
    keeper = iam.Role(stack, "MlflowRole", assumed_by=_sagemaker(), description="MLflow's way to its bucket")
    buckets.models.grant_read_write(keeper)
    key.grant_encrypt_decrypt(keeper)
    app = sagemaker.CfnMlflowApp(
        stack,
        "Mlflow",
        name=configuration.name,
        artifact_store_uri=buckets.models.s3_url_for_object(ARTIFACTS),
        role_arn=keeper.role_arn,
        model_registration_mode="AutoModelRegistrationDisabled",
    )
    app.node.add_dependency(keeper.node.find_child("DefaultPolicy"))
    trainer = iam.Role(stack, "TrainingRole", assumed_by=_sagemaker(), description="trainings and promotions")
    buckets.archive.grant_read(trainer)
    buckets.models.grant_read_write(trainer, f"{ARTIFACTS}/*")
    buckets.work.grant_read_write(trainer, f"{OUTPUT}/*")
    key.grant_encrypt_decrypt(trainer)
    postgres.grant(trainer, ROLE)
    repositories[ML].grant_pull(trainer)
    iam.Grant.add_to_principal(grantee=trainer, actions=["sagemaker-mlflow:*"], resource_arns=[app.attr_arn])
    trainer.add_to_policy(iam.PolicyStatement(actions=[f"ec2:{call}" for call in NETWORK_CALLS], resources=["*"]))
    trainer.add_to_policy(
        iam.PolicyStatement(
            actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            resources=[f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/sagemaker/*"],
        )
    )
    CfnOutput(stack, "MlflowTrackingUri", value=app.attr_arn)
    CfnOutput(stack, "TrainingRoleArn", value=trainer.role_arn)


def _sagemaker() -> Any:
    return iam.ServicePrincipal(
        "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    )
