"""Where the SDK would go from this environment and as whom; asked before anything is called, and of STS."""

from collections.abc import Mapping
from dataclasses import dataclass

import boto3

from fraudstream.adapters.aws import calls
from fraudstream.errors import ConfigurationError

FUNCTION_TIMEOUT = 30.0
KEPT_IN_FILES = frozenset({"env", "shared-credentials-file", "config-file"})
"""Ways of the SDK to keys that somebody wrote down; every other way ends at AWS itself."""


@dataclass(frozen=True)
class Target:
    """What the environment decides.

    `endpoints` are by service, as the SDK's clients have them. `known_region` tells whether AWS has such a region.
    """

    region: str
    known_region: bool
    access_key: str
    written_down: bool
    source: str
    endpoints: Mapping[str, str]


def find_target() -> Target:
    """Read it without a call, but for credentials that a role of this host has.

    Raises:
        ConfigurationError: no region, no credentials, or an impossible endpoint.
        TemporarilyUnavailable: whoever hands out the credentials did not answer.
    """
    clients = {
        "sts": calls.sts_client(),
        "s3": calls.s3_client(),
        "sns": calls.sns_client(),
        "sqs": calls.sqs_client(),
        "dynamodb": calls.dynamodb_client(),
        "lambda": calls.lambda_client(FUNCTION_TIMEOUT),
    }
    with calls.mapped("looking for credentials"):
        session = boto3.Session()
        credentials = session.get_credentials()
        if credentials is None:
            raise ConfigurationError(
                "there are no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give "
                "this host a role; for an emulator any will do, as long as they don't look real"
            )
        access_key = credentials.get_frozen_credentials().access_key or ""
    region = clients["sts"].meta.region_name
    return Target(
        region=region,
        known_region=any(
            region in session.get_available_regions("s3", partition) for partition in session.get_available_partitions()
        ),
        access_key=access_key,
        written_down=credentials.method in KEPT_IN_FILES,
        source=credentials.method,
        endpoints={service: client.meta.endpoint_url for service, client in clients.items()},
    )


def caller_identity() -> tuple[str, str]:
    """ARN and account of whoever calls, as STS names them.

    Raises:
        ConfigurationError: the credentials are none, or have expired.
        TemporarilyUnavailable: STS did not answer.
    """
    with calls.mapped("sts:GetCallerIdentity"):
        answer = calls.sts_client().get_caller_identity()
    return str(answer["Arn"]), str(answer["Account"])


def look_at_topic(arn: str) -> str:
    """A line about an SNS topic; raises `ConfigurationError` if there is none, or we may not look at it."""
    with calls.mapped(f"SNS topic {arn}"):
        calls.sns_client().get_topic_attributes(TopicArn=arn)
    return f"topic {arn} is there"


def look_at_function(name: str) -> str:
    """The same about a Lambda function."""
    with calls.mapped(f"function {name}"):
        calls.lambda_client(FUNCTION_TIMEOUT).get_function_configuration(FunctionName=name)
    return f"function {name} is there"
