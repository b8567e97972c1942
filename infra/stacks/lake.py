"""Buckets: the archive with its raw and processed zones, the files of model versions, and work in progress."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3

from infra.configuration import Configuration

RAW, PROCESSED = "raw/", "processed/"


@dataclass(frozen=True)
class Lake:
    """The buckets."""

    archive: Any
    models: Any
    work: Any
    """Checkpoints, logs of the scorer, records of failed invocations: whatever may be lost."""


def lake(stack: Any, configuration: Configuration, key: Any) -> Lake:
    """Make the buckets: private, encrypted, over TLS only, with old versions thrown away."""
    cold = s3.Transition(storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=Duration.days(30))
    zones = [s3.LifecycleRule(prefix=zone, transitions=[cold]) for zone in (RAW, PROCESSED)]
    archive = _bucket(stack, configuration, key, "Archive", zones)
    models = _bucket(stack, configuration, key, "Models", [])
    work = _bucket(stack, configuration, key, "Work", [s3.LifecycleRule(expiration=Duration.days(30))])
    for name, bucket in (("ArchiveBucket", archive), ("ModelsBucket", models), ("WorkBucket", work)):
        CfnOutput(stack, f"{name}Name", value=bucket.bucket_name)
    return Lake(archive, models, work)


def _bucket(stack: Any, configuration: Configuration, key: Any, name: str, rules: list[Any]) -> Any:
    keep = configuration.keep_data and name != "Work"
    return s3.Bucket(
        stack,
        name,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        bucket_key_enabled=True,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                abort_incomplete_multipart_upload_after=Duration.days(2),
                noncurrent_version_expiration=Duration.days(30),
            ),
            *rules,
        ],
        removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY,
    )
