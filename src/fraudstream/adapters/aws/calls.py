"""How AWS is called: clients with our timeouts, and the SDK's exceptions turned into ours.

Where AWS is, which region and who we are is read from the standard variables by the SDK itself (`AWS_ENDPOINT_URL`,
`AWS_ENDPOINT_URL_LAMBDA`, `AWS_DEFAULT_REGION`, credentials), so the same code talks to an emulator and to AWS. The
alert function loads this module: nothing heavy may be imported here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from fraudstream.adapters.aws.refusals import refusal
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT = 2.0
"""Seconds one attempt to connect may take."""
READ_TIMEOUT = 5.0
"""Seconds an answer may take; longer than the longest wait for messages."""
ATTEMPTS = 3
"""Tries of one call, the first included; the SDK waits a growing, jittered time in between."""
WITHOUT_IDENTITY = (
    NoRegionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    NoAuthTokenError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
"""What the SDK raises before it calls anybody, and would again."""

_CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT,
    read_timeout=READ_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    tcp_keepalive=True,
)


def dynamodb_client() -> "DynamoDBClient":
    """A client of DynamoDB with our timeouts, for libraries that want one.

    Raises:
        ConfigurationError: the environment names no region, or an impossible endpoint.
    """
    with _made("DynamoDB"):
        return boto3.client("dynamodb", config=_CONFIG)


def sns_client() -> "SNSClient":
    """A client of SNS; raises as `dynamodb_client`."""
    with _made("SNS"):
        return boto3.client("sns", config=_CONFIG)


def sqs_client() -> "SQSClient":
    """A client of SQS; raises as `dynamodb_client`."""
    with _made("SQS"):
        return boto3.client("sqs", config=_CONFIG)


def sts_client() -> Any:  # noqa: ANN401 - no stubs for one call
    """A client of STS; raises as `dynamodb_client`."""
    with _made("STS"):
        return boto3.client("sts", config=_CONFIG)


def s3_client() -> "S3Client":
    """A client of S3; raises as `dynamodb_client`."""
    with _made("S3"):
        return boto3.client("s3", config=_CONFIG)


def sagemaker_client() -> Any:  # noqa: ANN401 - its types are no dependency of ours
    """A client of SageMaker; raises as `dynamodb_client`."""
    with _made("SageMaker"):
        return boto3.session.Session().client("sagemaker", config=_CONFIG)


def emr_client() -> Any:  # noqa: ANN401 - its types are no dependency of ours
    """A client of EMR Serverless; raises as `dynamodb_client`."""
    with _made("EMR Serverless"):
        return boto3.session.Session().client("emr-serverless", config=_CONFIG)


def lambda_client(read_timeout: float) -> "LambdaClient":
    """A client of Lambda that calls once and no more: what did not answer may have run.

    Args:
        read_timeout: seconds an answer may take.

    Raises:
        ConfigurationError: the environment names no region, or an impossible endpoint.
    """
    once = Config(read_timeout=read_timeout, retries={"mode": "standard", "total_max_attempts": 1})
    with _made("Lambda"):
        return boto3.client("lambda", config=_CONFIG.merge(once))


@contextmanager
def mapped(place: str) -> Iterator[None]:
    """Turn the SDK's exceptions into ours.

    Raises:
        ConfigurationError: something at `place` must be created, permitted or configured.
        MalformedEvent: the request will never be accepted.
        TemporarilyUnavailable: anything else.
    """
    try:
        yield
    except ClientError as error:
        raise refusal(place, error) from error
    except WITHOUT_IDENTITY as error:
        raise ConfigurationError(
            f"{place}: {str(error).removesuffix('.')}. Set AWS_REGION, AWS_DEFAULT_REGION and credentials "
            "(AWS_PROFILE, `aws sso login`, or a role of this host)"
        ) from error
    except EndpointConnectionError as error:
        raise TemporarilyUnavailable(
            f"{place} did not answer: {error}. Is there such a region, and does the network let us there?"
        ) from error
    except ParamValidationError as error:
        raise MalformedEvent("refused", f"{place}: {error}") from error
    except (BotoCoreError, ResponseParserError) as error:  # the latter: a gateway answered for the service
        raise TemporarilyUnavailable(f"{place} did not answer: {error}") from error


@contextmanager
def _made(service: str) -> Iterator[None]:
    try:
        with mapped(service):
            yield
    except ValueError as error:
        raise ConfigurationError(
            f"{service}: {error}. Look at AWS_ENDPOINT_URL and AWS_DEFAULT_REGION; a region must not be set to nothing."
        ) from error
