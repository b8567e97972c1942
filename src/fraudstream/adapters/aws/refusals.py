"""What AWS answers when it says no, and what whoever runs this can do about it."""

import re
from collections.abc import Mapping

import boto3
from botocore.exceptions import ClientError

from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidToken",
                     "InvalidAccessKeyId", "InvalidSignatureException", "AuthFailure"})  # fmt: skip
DENIED = frozenset({"AuthorizationError", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
UNEXPLAINED = frozenset({"403"})
ABSENT = frozenset({"NotFound", "NotFoundException", "ResourceNotFoundException", "QueueDoesNotExist",
                    "AWS.SimpleQueueService.NonExistentQueue", "404"})  # fmt: skip
TAKEN = frozenset({"BucketAlreadyExists"})
ELSEWHERE = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException",
                       "InvalidLocationConstraint", "301"})  # fmt: skip
NEXT_STEPS = (
    (EXPIRED, "Get new credentials (`aws sso login`, or what hands them out here), then start this again"),
    (UNKNOWN, "Look at the credentials (AWS_ACCESS_KEY_ID and its companions, or AWS_PROFILE) and this host's clock"),
    (DENIED, "Does it exist in this account and region, and may we use it? Allow this call to that identity"),
    (UNEXPLAINED, "It is another account's, or that identity may not use it, or nobody knows the key"),
    (ABSENT, "Does it exist, and may we use it? Look at its name, at AWS_DEFAULT_REGION and at the account"),
    (TAKEN, "That bucket is another account's: choose another name"),
    (ELSEWHERE, "It is in another region: set AWS_DEFAULT_REGION to that"),
)  # fmt: skip
"""Codes that say that something must be created, permitted or configured before a retry can succeed, and what to do. A
number is the status of an answer that names no code."""
REQUIRED = frozenset[str]().union(*(codes for codes, _ in NEXT_STEPS))
REFUSED = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException",
                     "InvalidParameterValueException", "BatchRequestTooLong"})  # fmt: skip
"""Codes that say: this very request will never be accepted."""
IDENTITY = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d+:\S+?(?=[\s\"',]|$)")


def refusal(place: str, error: ClientError) -> FraudstreamError:
    """Our error for an answer that says no: the place, the call, who made it, AWS's words, the next step."""
    code = code_of(error)
    for codes, next_step in NEXT_STEPS:
        if code in codes:
            return ConfigurationError(f"{place}: {error} (called as {caller(error)}). {next_step}")
    if code in REFUSED:
        return MalformedEvent("refused", f"{place}: {error}")
    return TemporarilyUnavailable(f"{place}: {error}")


def refusal_of_one(place: str, entry: Mapping[str, object]) -> FraudstreamError:
    """Our error for one of several that were asked together: the place, AWS's code and words for it."""
    code, message = entry.get("Code", "no code"), entry.get("Message", "nothing was said of it")
    said = f"{place}: {message} ({code})"
    for codes, next_step in NEXT_STEPS:
        if code in codes:
            return ConfigurationError(f"{said}. {next_step}")
    return MalformedEvent("refused", said) if code in REFUSED else TemporarilyUnavailable(said)


def code_of(error: ClientError) -> str:
    """The code AWS gave, or the status of an answer without one."""
    return error.response.get("Error", {}).get("Code", "")


def caller(error: ClientError) -> str:
    """Who made a call: as AWS names them in its answer, else by the access key that it was signed with."""
    if found := IDENTITY.search(str(error)):
        return found[0]
    session = boto3.DEFAULT_SESSION
    credentials = session.get_credentials() if session else None
    return f"access key {credentials.access_key}" if credentials else "nobody"
