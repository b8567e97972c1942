"""An emulator and AWS are never mixed, and real keys never leave for an emulator."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from fraudstream.adapters.aws.target import Target
from fraudstream.cloud.doctor import Addressed, mixed_up

SERVICES = ("sts", "s3", "sns", "sqs", "dynamodb", "lambda")
EMULATOR = Target(
    region="eu-west-1",
    known_region=True,
    access_key="test",
    written_down=True,
    source="env",
    endpoints=dict.fromkeys(SERVICES, "http://localhost:4566"),
)
REAL = "AKIAQWERTYUIOPASDFGH"
AWS = replace(
    EMULATOR,
    access_key=REAL,
    endpoints={service: f"https://{service}.eu-west-1.amazonaws.com" for service in SERVICES},
)
HERE = Addressed("KAFKA_BOOTSTRAP_SERVERS", "localhost", "")
THERE = Addressed("DATABASE_URL", "ours.abc.eu-west-1.rds.amazonaws.com", "", signed=True)
ELSEWHERE = Addressed("MLFLOW_TRACKING_URI", "mlflow.example.org", "")


@pytest.mark.parametrize(
    ("target", "addressed"),
    [(EMULATOR, [HERE, ELSEWHERE]), (AWS, [THERE, ELSEWHERE]), (replace(AWS, access_key="x", written_down=False), [])],
)
def test_what_belongs_together_is_fine(target: Target, addressed: Sequence[Addressed]) -> None:
    assert list(mixed_up(target, addressed)) == []


@pytest.mark.parametrize(
    ("target", "addressed", "subject", "next_step"),
    [
        (replace(EMULATOR, access_key=REAL), [], "credentials", "unset AWS_ENDPOINT_URL"),
        (replace(EMULATOR, written_down=False, source="container-role"), [], "credentials", "unset AWS_ENDPOINT_URL"),
        (replace(AWS, access_key="test"), [], "credentials", "set AWS_ENDPOINT_URL"),
        (replace(AWS, region="eu-west-77", known_region=False), [], "region", "correct AWS_DEFAULT_REGION"),
        (AWS, [HERE], "KAFKA_BOOTSTRAP_SERVERS", "set KAFKA_BOOTSTRAP_SERVERS to the one on AWS"),
        (EMULATOR, [THERE], "DATABASE_URL", "unset AWS_ENDPOINT_URL, or set DATABASE_URL"),
        (replace(AWS, region="us-east-1"), [THERE], "DATABASE_URL", "set AWS_DEFAULT_REGION=eu-west-1"),
        (
            replace(AWS, endpoints={**AWS.endpoints, "s3": "http://localhost:4566"}),
            [],
            "endpoints",
            "unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_",
        ),
    ],
)
def test_a_mix_is_refused_with_the_next_step(
    target: Target, addressed: Sequence[Addressed], subject: str, next_step: str
) -> None:
    (found,) = mixed_up(target, addressed)

    assert found.subject == subject
    assert found.next_step.startswith(next_step)
