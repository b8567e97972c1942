"""A moto server as the AWS endpoint: SNS, SQS, S3, DynamoDB and more, kept in memory, large objects in files."""

import sys
from collections.abc import Mapping

from fraudstream.local.ports import LOOPBACK
from fraudstream.local.processes import Command

NAME = "aws"
REGION = "us-east-1"
LARGE_OBJECT = 1_000_000
"""Bytes from which an object of S3 is kept in a temporary file, which goes with the process."""
START_TIMEOUT = 60.0
"""Seconds until the endpoint must listen; about two on an idle machine."""


def aws_command(port: int) -> Command:
    """How to start it. It remembers nothing over a restart."""
    server = (sys.executable, "-P", "-m", "fraudstream.local.aws_server", "-H", LOOPBACK, "-p", str(port))
    return Command(name=NAME, arguments=server, environment={"MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(LARGE_OBJECT)})


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
