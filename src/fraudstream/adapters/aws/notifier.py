"""SNS: one topic that alerts are published to."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fraudstream.adapters.aws.calls import mapped, sns_client
from fraudstream.adapters.aws.refusals import refusal_of_one
from fraudstream.errors import FraudstreamError
from fraudstream.ports.delivery import Notification

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

MACHINES = ("sqs", "lambda", "http", "https", "firehose")
"""Protocols of subscriptions that get the document."""


class SnsNotifier:
    """`Notifier` and `BatchNotifier` on an SNS topic: people's subscriptions get the text, machines' the document."""

    def __init__(self, topic_arn: str) -> None:
        self._topic_arn = topic_arn
        self._client = sns_client()

    def publish(self, notification: Notification) -> str:
        """See `Notifier.publish`."""
        with mapped(self._place):
            published = self._client.publish(
                TopicArn=self._topic_arn,
                Subject=notification.subject,
                Message=_message(notification),
                MessageStructure="json",
                MessageAttributes=_attributes(notification),
            )
        return published["MessageId"]

    def publish_all(self, notifications: Sequence[Notification]) -> Sequence[str | FraudstreamError]:
        """See `BatchNotifier.publish_all`."""
        with mapped(self._place):
            answer = self._client.publish_batch(
                TopicArn=self._topic_arn,
                PublishBatchRequestEntries=[
                    {
                        "Id": str(number),
                        "Subject": notification.subject,
                        "Message": _message(notification),
                        "MessageStructure": "json",
                        "MessageAttributes": _attributes(notification),
                    }
                    for number, notification in enumerate(notifications)
                ],
            )
        taken = {entry["Id"]: entry["MessageId"] for entry in answer.get("Successful", [])}
        refused = {entry["Id"]: entry for entry in answer.get("Failed", [])}
        return [
            taken[each] if each in taken else refusal_of_one(self._place, refused.get(each, {}))
            for each in map(str, range(len(notifications)))
        ]

    @property
    def _place(self) -> str:
        return f"SNS topic {self._topic_arn}"


def _message(notification: Notification) -> str:
    return json.dumps({"default": notification.text} | dict.fromkeys(MACHINES, notification.document))


def _attributes(notification: Notification) -> "dict[str, MessageAttributeValueTypeDef]":
    return {name: _attribute(value) for name, value in notification.attributes.items()}


def _attribute(value: str | float) -> "MessageAttributeValueTypeDef":
    if isinstance(value, str):
        return {"DataType": "String", "StringValue": value}
    return {"DataType": "Number", "StringValue": repr(value)}
