"""What AWS refuses is told with the call, who called, and the next step."""

import pytest
from botocore.exceptions import ClientError

from fraudstream.adapters.aws.refusals import refusal
from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable

WHO = "arn:aws:sts::111122223333:assumed-role/scorer/i-1"


@pytest.mark.parametrize(
    ("code", "message", "kind", "told"),
    [
        ("ExpiredToken", "The security token has expired", ConfigurationError, "Get new credentials"),
        ("ExpiredTokenException", "expired", ConfigurationError, "Get new credentials"),
        ("InvalidAccessKeyId", "no such key", ConfigurationError, "Look at the credentials"),
        (
            "AccessDenied",
            f"User: {WHO} is not authorized",
            ConfigurationError,
            rf"called as {WHO}\)\. .*Allow this call",
        ),
        ("NotFound", "Topic does not exist", ConfigurationError, "Look at its name, at AWS_DEFAULT_REGION"),
        ("BucketAlreadyExists", "taken", ConfigurationError, "another account's: choose another name"),
        ("PermanentRedirect", "use another endpoint", ConfigurationError, "in another region: set AWS_DEFAULT_REGION"),
        ("ValidationException", "too long", MalformedEvent, "too long"),
        ("ThrottlingException", "slow down", TemporarilyUnavailable, "slow down"),
    ],
)
def test_each_answer_has_its_sentence(code: str, message: str, kind: type[FraudstreamError], told: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": message}}, "Publish")

    with pytest.raises(kind, match=rf"SNS topic alerts: .*Publish.*{told}"):
        raise refusal("SNS topic alerts", error)
