"""SNS: one topic that alerts are published to."""

import json
from typing import TYPE_CHECKING

from fraudstream.adapters.aws.calls import mapped, sns_client
from fraudstream.ports.delivery import Notification

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef


class SnsNotifier:
    """`Notifier` on an SNS topic: people's subscriptions get the text, machines' the document."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn
        self._client = sns_client()

    def publish(self, notification: Notification) -> str:
        """See `Notifier.publish`."""
        by_protocol = {"default": notification.text} | dict.fromkeys(
            ("sqs", "lambda", "http", "https", "firehose"), notification.document
        )
        with mapped(f"SNS topic {self._topic_arn}"):
            published = self._client.publish(
                TopicArn=self._topic_arn,
                Subject=notification.subject,
                Message=json.dumps(by_protocol),
                MessageStructure="json",
                MessageAttributes={name: _attribute(value) for name, value in notification.attributes.items()},
            )
        return published["MessageId"]


def _attribute(value: str | float) -> "MessageAttributeValueTypeDef":
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    return {"DataType": "Number", "StringValue": repr(value)}
