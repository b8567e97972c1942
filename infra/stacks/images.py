"""Repositories of the images that the Dockerfile's stages and the alert function's own file make."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, CfnParameter, RemovalPolicy
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam

from infra.configuration import Configuration

APP, SPARK, ML, ALERT = "app", "spark", "ml", "alert-lambda"
KEPT = 10
"""Images of each kind that are kept for going back."""


def images(stack: Any, configuration: Configuration, key: Any) -> Mapping[str, Any]:
    """Make a repository for each image; a tag that was pushed never changes its meaning."""
    made = {name: _repository(stack, configuration, key, name) for name in (APP, SPARK, ML, ALERT)}
    _may_pull(made[SPARK], "emr-serverless.amazonaws.com", "emr-serverless")
    return made


def image_tag(stack: Any) -> Any:
    """The parameter that says which images a stack runs."""
    return CfnParameter(stack, "ImageTag", type="String", description="tag of the images, as they were pushed")


def _repository(stack: Any, configuration: Configuration, key: Any, name: str) -> Any:
    return ecr.Repository(
        stack,
        "".join(word.capitalize() for word in name.split("-")),
        repository_name=f"{configuration.name}/{name}",
        encryption=ecr.RepositoryEncryption.KMS,
        encryption_key=key,
        image_scan_on_push=True,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        lifecycle_rules=[ecr.LifecycleRule(max_image_count=KEPT)],
        removal_policy=RemovalPolicy.DESTROY,
        empty_on_delete=True,
    )


def _may_pull(repository: Any, service: str, kind: str) -> None:
    """Let a service of AWS load images for what this account runs there."""
    repository.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(service)],
            actions=["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"],
            conditions={"ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:{kind}:{Aws.REGION}:{Aws.ACCOUNT_ID}:*"}},
        )
    )
