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
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError

from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable

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
REQUIRED = frozenset({"NotFound", "NotFoundException", "AuthorizationError", "AccessDenied", "AccessDeniedException",
                      "ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
                      "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
                      "BucketAlreadyExists", "403", "404"})  # fmt: skip
"""Codes that say: something must be created or permitted before a retry can succeed. A number is the status of an
answer that names no code."""
REFUSED = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException",
                     "InvalidParameterValueException"})  # fmt: skip
"""Codes that say: this very request will never be accepted."""

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
    except (NoRegionError, NoCredentialsError, ProfileNotFound) as error:
        raise ConfigurationError(f"{place}: {error} Set AWS_REGION, AWS_DEFAULT_REGION and credentials.") from error
    except ParamValidationError as error:
        raise MalformedEvent("refused", f"{place}: {error}") from error
    except (BotoCoreError, ResponseParserError) as error:  # the latter: a gateway answered for the service
        raise TemporarilyUnavailable(f"{place} did not answer: {error}") from error


def refusal(place: str, error: ClientError) -> FraudstreamError:
    """Our error for an answer that says no."""
    code = code_of(error)
    if code in REQUIRED:
        return ConfigurationError(f"{place}: {error}. Does it exist, and may we use it?")
    if code in REFUSED:
        return MalformedEvent("refused", f"{place}: {error}")
    return TemporarilyUnavailable(f"{place}: {error}")


def code_of(error: ClientError) -> str:
    """The code AWS gave, or the status of an answer without one."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def _made(service: str) -> Iterator[None]:
    try:
        with mapped(service):
            yield
    except ValueError as error:
        raise ConfigurationError(
            f"{service}: {error}. Look at AWS_ENDPOINT_URL and AWS_DEFAULT_REGION; a region must not be set to nothing."
        ) from error
