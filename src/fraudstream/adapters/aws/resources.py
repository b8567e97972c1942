"""What the alert path uses in AWS, created where it is missing."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fraudstream.adapters.aws.calls import dynamodb_client, mapped, sns_client, sqs_client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from fraudstream.settings import AlertingSettings

VISIBILITY_TIMEOUT = 30
"""Seconds until a message that was received and not deleted comes again."""
DELIVERIES_OF_A_MESSAGE = 5
"""After so many deliveries without a deletion a message moves to the queue of the undeliverable."""


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
    sns, sqs = sns_client(), sqs_client()
    with mapped("creating the alerting resources"):
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
