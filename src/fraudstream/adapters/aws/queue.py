"""SQS: one queue of a subscriber."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fraudstream.adapters.aws.calls import mapped, sqs_client
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import QueuedMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs.literals import QueueAttributeFilterType

LONGEST_WAIT = 3
"""Seconds one call may wait for messages, so that a process that shall stop does."""

COUNTS: list["QueueAttributeFilterType"] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
]


class SqsQueue:
    """`MessageQueue` on an SQS queue."""

    def __init__(self, queue_url: str) -> None:
        self._queue_url = queue_url
        self._client = sqs_client()

    def receive(self, most: int, wait: float) -> Sequence[QueuedMessage]:
        """See `MessageQueue.receive`; waits whole seconds, at most `LONGEST_WAIT`."""
        with mapped(f"SQS queue {self._queue_url}"):
            received = self._client.receive_message(
                QueueUrl=self._queue_url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=min(round(wait), LONGEST_WAIT),
            )
        return [
            QueuedMessage(message["MessageId"], message["ReceiptHandle"], message["Body"])
            for message in received.get("Messages", [])
        ]

    def on_the_way(self) -> int:
        """About how many messages wait, are late or are with a receiver that has not deleted them yet.

        Raises:
            TemporarilyUnavailable: AWS did not answer.
        """
        with mapped(f"SQS queue {self._queue_url}"):
            counts = self._client.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=COUNTS)
        return sum(int(count) for count in counts["Attributes"].values())

    def delete(self, messages: Sequence[QueuedMessage]) -> None:
        """See `MessageQueue.delete`."""
        if not messages:
            return
        with mapped(f"SQS queue {self._queue_url}"):
            answer = self._client.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[{"Id": str(n), "ReceiptHandle": message.receipt} for n, message in enumerate(messages)],
            )
        failed = answer.get("Failed", [])
        if failed:
            raise TemporarilyUnavailable(
                f"SQS queue {self._queue_url} kept {len(failed)} of {len(messages)} messages: {failed[0]['Code']}"
            )
