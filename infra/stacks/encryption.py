"""The key that everything at rest is encrypted with."""

from typing import Any

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from infra.configuration import Configuration


def encryption(stack: Any, configuration: Configuration) -> Any:
    """Make the key; who may use it is granted to roles, and here to services that write for us."""
    key = kms.Key(
        stack,
        "Key",
        alias=f"alias/{configuration.name}",
        description="data of fraudstream at rest",
        enable_key_rotation=True,
        removal_policy=RemovalPolicy.RETAIN if configuration.keep_data else RemovalPolicy.DESTROY,
    )
    _let(key, "logs.amazonaws.com", "kms:EncryptionContext:aws:logs:arn", f"arn:{Aws.PARTITION}:logs:{Aws.REGION}")
    _let(key, "sns.amazonaws.com", "aws:SourceArn", f"arn:{Aws.PARTITION}:sns:{Aws.REGION}")
    _let(key, "cloudwatch.amazonaws.com", "aws:SourceArn", f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}")
    _let(key, "events.amazonaws.com", "aws:SourceArn", f"arn:{Aws.PARTITION}:events:{Aws.REGION}")
    return key


def _let(key: Any, service: str, condition: str, beginning: str) -> None:
    """Let a service of AWS use the key for what this account has there."""
    key.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            principals=[iam.ServicePrincipal(service)],
            resources=["*"],
            conditions={"ArnLike": {condition: f"{beginning}:{Aws.ACCOUNT_ID}:*"}},
        )
    )
