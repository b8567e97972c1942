"""Which addresses are AWS's, which this machine's, and which keys look real."""

import pytest

from fraudstream.cloud.places import Side, looks_real, region_in, side_of


@pytest.mark.parametrize(
    ("host", "side"),
    [
        ("127.0.0.1", Side.LOCAL),
        ("[::1]", Side.LOCAL),
        ("localhost", Side.LOCAL),
        ("localstack", Side.LOCAL),
        ("s3.localhost.localstack.cloud", Side.LOCAL),
        ("b-1.cluster.abc.c2.kafka.eu-west-1.amazonaws.com", Side.AWS),
        ("sns.cn-north-1.amazonaws.com.cn", Side.AWS),
        ("arn:aws:sagemaker:eu-west-1:111122223333:mlflow-tracking-server/ours", Side.AWS),
        ("kafka.example.org", Side.OTHER),
        ("10.0.0.7", Side.OTHER),
        ("amazonaws.com.example.org", Side.OTHER),
    ],
)
def test_a_host_lies_on_one_side(host: str, side: Side) -> None:
    assert side_of(host) is side


@pytest.mark.parametrize(
    ("key", "real"),
    [
        ("AKIAQWERTYUIOPASDFGH", True),
        ("ASIAQWERTYUIOPASDFGH", True),
        ("AKIAIOSFODNN7EXAMPLE", False),
        ("LKIAQWERTYUIOPASDFGH", False),
        ("test", False),
    ],
)
def test_a_key_looks_real_if_it_could_be_one_of_awss(key: str, real: bool) -> None:  # noqa: FBT001 - an expected value
    assert looks_real(key) is real


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("b-1.cluster.abc.c2.kafka.eu-west-1.amazonaws.com", "eu-west-1"),
        ("ours.abc.us-gov-east-1.rds.amazonaws.com", "us-gov-east-1"),
        ("kafka.eu-west-1.example.org", None),
    ],
)
def test_a_host_of_aws_names_its_region(host: str, region: str | None) -> None:
    assert region_in(host) == region
