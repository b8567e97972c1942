"""Tokens for Amazon MSK, signed here with the credentials of this process; nothing is asked over the network for it."""

import boto3

from fraudstream.adapters.aws.calls import mapped
from fraudstream.errors import ConfigurationError

PLACE = "signing a token for Kafka (kafka-cluster:Connect)"
MILLISECONDS = 1_000.0


def msk_token() -> tuple[str, float]:
    """A token and when it expires, in seconds since 1970: after a quarter of an hour.

    Raises:
        ConfigurationError: no region, no credentials, or the signer is not installed.
        TemporarilyUnavailable: whoever hands out the credentials did not answer.
    """
    try:
        from aws_msk_iam_sasl_signer import MSKAuthTokenProvider  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            "KAFKA_SASL_MECHANISM=AWS_MSK_IAM needs the extra `aws`: pip install 'fraudstream[aws]'"
        ) from error
    with mapped(PLACE):
        session = boto3.Session()
        if session.region_name is None or session.get_credentials() is None:
            lacks = "no region" if session.region_name is None else "no credentials"
            raise ConfigurationError(
                f"{PLACE}: {lacks}; set AWS_DEFAULT_REGION and credentials, or give this host a role"
            )
        token, expires = MSKAuthTokenProvider.generate_auth_token(session.region_name)
    return token, expires / MILLISECONDS
