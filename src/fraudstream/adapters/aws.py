"""AWS, through boto3: the only module that imports it.

Where AWS is, which region and who we are is read from the standard variables by the SDK itself (`AWS_ENDPOINT_URL`,
`AWS_REGION`, credentials), so the same code talks to an emulator and to AWS. The alert function loads this module:
nothing heavy may be imported here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ParamValidationError

from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import Notification, QueuedMessage

if TYPE_CHECKING:  # settings load pydantic, which would double the start of the alert function
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef
    from mypy_boto3_sqs import SQSClient

    from fraudstream.settings import AlertingSettings

CONNECT_TIMEOUT = 2.0
"""Seconds one attempt to connect may take."""
READ_TIMEOUT = 5.0
"""Seconds an answer may take; longer than the longest wait for messages."""
ATTEMPTS = 3
"""Tries of one call, the first included; the SDK waits a growing, jittered time in between."""
LONGEST_WAIT = 3
"""Seconds one call may wait for messages, so that a process that shall stop does."""
VISIBILITY_TIMEOUT = 30
"""Seconds until a message that was received and not deleted comes again."""
DELIVERIES_OF_A_MESSAGE = 5
"""After so many deliveries without a deletion a message moves to the queue of the undeliverable."""
REQUIRED = frozenset({"NotFound", "NotFoundException", "AuthorizationError", "AccessDenied", "AccessDeniedException",
                      "ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
                      "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})  # fmt: skip
"""Codes that say: something must be created or permitted before a retry can succeed."""
REFUSED = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"})
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
        ConfigurationError: the environment names no region.
    """
    with _mapped("DynamoDB"):
        return boto3.client("dynamodb", config=_CONFIG)


def _sns_client() -> "SNSClient":
    with _mapped("SNS"):
        return boto3.client("sns", config=_CONFIG)


def _sqs_client() -> "SQSClient":
    with _mapped("SQS"):
        return boto3.client("sqs", config=_CONFIG)


class SnsNotifier:
    """`Notifier` on an SNS topic: people's subscriptions get the text, machines' the document."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn
        self._client = _sns_client()

    def publish(self, notification: Notification) -> str:
        """See `Notifier.publish`."""
        by_protocol = {"default": notification.text} | dict.fromkeys(
            ("sqs", "lambda", "http", "https", "firehose"), notification.document
        )
        with _mapped(f"SNS topic {self._topic_arn}"):
            published = self._client.publish(
                TopicArn=self._topic_arn,
                Subject=notification.subject,
                Message=json.dumps(by_protocol),
                MessageStructure="json",
                MessageAttributes={name: _attribute(value) for name, value in notification.attributes.items()},
            )
        return published["MessageId"]


class SqsQueue:
    """`MessageQueue` on an SQS queue."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url
        self._client = _sqs_client()

    def receive(self, most: int, wait: float) -> Sequence[QueuedMessage]:
        """See `MessageQueue.receive`; waits whole seconds, at most `LONGEST_WAIT`."""
        with _mapped(f"SQS queue {self._queue_url}"):
            received = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=min(round(wait), LONGEST_WAIT),
            )
        return [
            QueuedMessage(message["MessageId"], message["ReceiptHandle"], message["Body"])
            for message in received.get("Messages", [])
        ]

    def delete(self, messages: Sequence[QueuedMessage]) -> None:
        """See `MessageQueue.delete`."""
        if not messages:
            return
        with _mapped(f"SQS queue {self._queue_url}"):
            answer = self._client.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(messages)],
            )
        failed = answer.get("Failed", [])
        if failed:
            raise TemporarilyUnavailable(
                f"SQS queue {self._queue_url} kept {len(failed)} of {len(messages)} messages: {failed[0]['Code']}"
            )


@dataclass(frozen=True)
class AlertingResources:
    """What the alert path uses in AWS."""

    topic_arn: str
    queue_url: str
    idempotency_table: str

    def environment(self) -> Mapping[str, str]:
        """The variables that `AlertingSettings` reads these names from."""
        return {
            "ALERTS_TOPIC_ARN": self.topic_arn,
            "NOTIFICATIONS_QUEUE_URL": self.queue_url,
            "IDEMPOTENCY_TABLE": self.idempotency_table,
        }


def ensure_alerting_resources(
    settings: "AlertingSettings", *, topic: str = "fraudstream-alerts", queue: str = "fraudstream-notifications"
) -> AlertingResources:
    """Create what is missing of topic, subscribed queue and table, in the AWS that the environment points to.

    For emulators: on AWS the infrastructure code creates these. Calling it again changes nothing.

    Raises:
        TemporarilyUnavailable: the endpoint did not answer.
        ConfigurationError: the environment names no region, or we may not create these.
    """
    sns, sqs = _sns_client(), _sqs_client()
    with _mapped("creating the alerting resources"):
        topic_arn = sns.create_topic(Name=topic)["TopicArn"]
        queue_url = _ensure_queue(sqs, queue, topic_arn)
        sns.subscribe(
            TopicArn=topic_arn,
            Protocol="sqs",
            Endpoint=_queue_arn(sqs, queue_url),
            Attributes={"RawMessageDelivery": "true"},
        )
        _ensure_table(dynamodb_client(), settings.idempotency_table)
    return AlertingResources(topic_arn, queue_url, settings.idempotency_table)


def _ensure_queue(sqs: "SQSClient", name: str, topic_arn: str) -> str:
    undeliverable = sqs.create_queue(QueueName=f"{name}-undeliverable")["QueueUrl"]
    queue_url = sqs.create_queue(QueueName=name)["QueueUrl"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": _queue_arn(sqs, queue_url),
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
            }
        ],
    }
    redrive = {"deadLetterTargetArn": _queue_arn(sqs, undeliverable), "maxReceiveCount": DELIVERIES_OF_A_MESSAGE}
    sqs.set_queue_attributes(
        QueueUrl=queue_url,
        Attributes={
            "Policy": json.dumps(policy),
            "RedrivePolicy": json.dumps(redrive),
            "VisibilityTimeout": str(VISIBILITY_TIMEOUT),
        },
    )
    return queue_url


def _queue_arn(sqs: "SQSClient", queue_url: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _ensure_table(dynamodb: "DynamoDBClient", name: str) -> None:
    with suppress(dynamodb.exceptions.ResourceInUseException):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if expiry.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
        dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expiration"}
        )


def _attribute(value: str | float) -> "MessageAttributeValueTypeDef":
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    return {"DataType": "Number", "StringValue": repr(value)}


@contextmanager
def _mapped(place: str) -> Iterator[None]:
    """Turn the SDK's exceptions into ours."""
    try:
        yield
    except ClientError as error:
        raise _refusal(place, error) from error
    except (NoRegionError, NoCredentialsError) as error:
        raise ConfigurationError(f"{place}: {error} Set AWS_REGION, AWS_DEFAULT_REGION and credentials.") from error
    except ParamValidationError as error:
        raise MalformedEvent("refused", f"{place}: {error}") from error
    except BotoCoreError as error:
        raise TemporarilyUnavailable(f"{place} did not answer: {error}") from error


def _refusal(place: str, error: ClientError) -> FraudstreamError:
    code = error.response.get("Error", {}).get("Code", "")
    if code in REQUIRED:
        return ConfigurationError(f"{place}: {error}. Does it exist, and may we use it?")
    if code in REFUSED:
        return MalformedEvent("refused", f"{place}: {error}")
    return TemporarilyUnavailable(f"{place}: {error}")
