"""A moto server as the AWS endpoint: SNS, SQS, S3, DynamoDB and more, kept in memory."""

import sys
from collections.abc import Mapping

from fraudstream.local.ports import LOOPBACK
from fraudstream.local.processes import Command

NAME = "aws"
REGION = "us-east-1"
START_TIMEOUT = 60.0
"""Seconds until the endpoint must listen; about two on an idle machine."""


def aws_command(port: int) -> Command:
    """How to start it. It remembers nothing over a restart."""
    return Command(name=NAME, arguments=(sys.executable, "-P", "-m", "moto.server", "-H", LOOPBACK, "-p", str(port)))


def aws_environment(port: int) -> Mapping[str, str]:
    """The standard variables by which AWS's SDKs find this endpoint; the credentials open nothing elsewhere."""
    return {
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
