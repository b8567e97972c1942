"""S3: buckets, created private where they are missing."""

from contextlib import suppress
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from fraudstream.adapters.aws.calls import mapped, s3_client
from fraudstream.adapters.aws.refusals import code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType

DEFAULT_REGION = "us-east-1"
"""The one region that must not be named when a bucket is made in it."""
NOT_SUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed"})
"""Codes of an emulator that cannot close a bucket to the public; on AWS a new bucket is closed anyway."""


def ensure_bucket(name: str, s3: "S3Client | None" = None) -> None:
    """Create a bucket in the region of the environment, closed to the public; one that exists is left as it is.

    Raises:
        TemporarilyUnavailable: the endpoint did not answer.
        ConfigurationError: the name belongs to somebody else, or we may not create it.
    """
    client = s3 or s3_client()
    if bucket_exists(name, client):
        return
    region = client.meta.region_name
    with mapped(f"S3 bucket {name}"):
        with suppress(client.exceptions.BucketAlreadyOwnedByYou):
            if region == DEFAULT_REGION:
                client.create_bucket(Bucket=name)
            else:
                place = cast("BucketLocationConstraintType", region)
                client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": place})
        _close_to_the_public(client, name)


def bucket_exists(name: str, s3: "S3Client") -> bool:
    """Whether there is a bucket that we may use.

    Raises:
        TemporarilyUnavailable: the endpoint did not answer.
        ConfigurationError: the bucket is somebody else's.
    """
    with mapped(f"S3 bucket {name}"):
        try:
            s3.head_bucket(Bucket=name)
        except ClientError as error:
            if code_of(error) not in {"404", "NoSuchBucket"}:
                raise
            return False
    return True


def _close_to_the_public(s3: "S3Client", name: str) -> None:
    try:
        s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
    except ClientError as error:
        if code_of(error) not in NOT_SUPPORTED:
            raise
