"""What the apps use in AWS, created where it is missing; for emulators, on AWS the infrastructure code does this."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fraudstream.adapters.aws.bucket import bucket_exists, ensure_bucket
from fraudstream.adapters.aws.calls import dynamodb_client, mapped, s3_client, sns_client, sqs_client
from fraudstream.errors import ConfigurationError

if TYPE_CHECKING:
    from fraudstream.settings import AlertingSettings

TOPIC = "fraudstream-alerts"
QUEUE = "fraudstream-notifications"
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


@dataclass(frozen=True)
class ResourceNames:
    """Names as they are created; `topic_arn` is what the apps know the topic by, if that is decided already."""

    table: str
    topic: str = TOPIC
    queue: str = QUEUE
    buckets: tuple[str, ...] = ()
    topic_arn: str | None = None

    @classmethod
    def of(cls, settings: "AlertingSettings", buckets: Sequence[str] = ()) -> Self:
        """The names that these settings contain, and the usual ones where they contain none."""
        return cls(
            table=settings.idempotency_table,
            topic=(settings.alerts_topic_arn or TOPIC).rsplit(":", 1)[-1],
            queue=(settings.notifications_queue_url or QUEUE).rsplit("/", 1)[-1],
            buckets=tuple(buckets),
            topic_arn=settings.alerts_topic_arn,
        )

    @property
    def undeliverable(self) -> str:
        """The queue of messages that nobody managed to take."""
        return f"{self.queue}-undeliverable"


def ensure_alerting_resources(
    settings: "AlertingSettings", *, topic: str = TOPIC, queue: str = QUEUE
) -> AlertingResources:
    """Create what is missing of topic, subscribed queue and table; see `AwsResources.ensure`."""
    return AwsResources(ResourceNames(settings.idempotency_table, topic, queue)).ensure()


class AwsResources:
    """Topic, subscribed queue, table and buckets in the AWS that the environment points to.

    Raises:
        ConfigurationError: the environment names no region.
    """

    def __init__(self, names: ResourceNames) -> None:
        self._names = names
        self._sns, self._sqs, self._dynamodb, self._s3 = sns_client(), sqs_client(), dynamodb_client(), s3_client()

    def missing(self) -> Sequence[str]:
        """What is not there, each in words; looks and changes nothing.

        Raises:
            TemporarilyUnavailable: the endpoint did not answer.
            ConfigurationError: we may not look.
        """
        with mapped("looking for resources"):
            return list(self._missing())

    def ensure(self) -> AlertingResources:
        """Create what is missing. Calling it again changes nothing.

        Raises:
            TemporarilyUnavailable: the endpoint did not answer.
            ConfigurationError: we may not create these, or the topic here isn't the one that the apps are told of.
        """
        with mapped("creating resources"):
            topic_arn = self._sns.create_topic(Name=self._names.topic)["TopicArn"]
            if self._names.topic_arn not in {None, topic_arn}:
                raise ConfigurationError(
                    f"ALERTS_TOPIC_ARN is {self._names.topic_arn}, but the topic of that name is {topic_arn} here: "
                    "look at region and account"
                )
            queue_url = self._ensure_queue(topic_arn)
            self._sns.subscribe(
                TopicArn=topic_arn,
                Protocol="sqs",
                Endpoint=self._queue_arn(queue_url),
                Attributes={"RawMessageDelivery": "true"},
            )
            self._ensure_table()
        for bucket in self._names.buckets:
            ensure_bucket(bucket, self._s3)
        return AlertingResources(topic_arn, queue_url, self._names.table)

    def _missing(self) -> Iterator[str]:
        names = self._names
        topic_arn = self._topic_arn()
        if topic_arn is None:
            yield f"SNS topic {names.topic}"
        elif not self._is_subscribed(topic_arn):
            yield f"subscription of {names.queue} to {names.topic}"
        yield from (f"SQS queue {queue}" for queue in (names.queue, names.undeliverable) if not self._has_queue(queue))
        if not self._has_table():
            yield f"DynamoDB table {names.table}"
        yield from (f"S3 bucket {bucket}" for bucket in names.buckets if not bucket_exists(bucket, self._s3))

    def _topic_arn(self) -> str | None:
        pages = self._sns.get_paginator("list_topics").paginate()
        arns = (topic["TopicArn"] for page in pages for topic in page["Topics"])
        wanted = self._names.topic_arn or f":{self._names.topic}"
        return next((arn for arn in arns if arn.endswith(wanted)), None)

    def _is_subscribed(self, topic_arn: str) -> bool:
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
        endpoints = (subscription["Endpoint"] for page in pages for subscription in page["Subscriptions"])
        return any(endpoint.endswith(f":{self._names.queue}") for endpoint in endpoints)

    def _has_queue(self, name: str) -> bool:
        try:
            self._sqs.get_queue_url(QueueName=name)
        except self._sqs.exceptions.QueueDoesNotExist:
            return False
        return True

    def _has_table(self) -> bool:
        try:
            self._dynamodb.describe_table(TableName=self._names.table)
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return False
        return True

    def _ensure_queue(self, topic_arn: str) -> str:
        undeliverable = self._sqs.create_queue(QueueName=self._names.undeliverable)["QueueUrl"]
        queue_url = self._sqs.create_queue(QueueName=self._names.queue)["QueueUrl"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": self._queue_arn(queue_url),
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
                }
            ],
        }
        redrive = {"deadLetterTargetArn": self._queue_arn(undeliverable), "maxReceiveCount": DELIVERIES_OF_A_MESSAGE}
        self._sqs.set_queue_attributes(
            QueueUrl=queue_url,
            Attributes={
                "Policy": json.dumps(policy),
                "RedrivePolicy": json.dumps(redrive),
                "VisibilityTimeout": str(VISIBILITY_TIMEOUT),
            },
        )
        return queue_url

    def _queue_arn(self, queue_url: str) -> str:
        attributes = self._sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]
        return attributes["QueueArn"]

    def _ensure_table(self) -> None:
        dynamodb, name = self._dynamodb, self._names.table
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
