"""One contract for both kinds of notifier and the `MessageQueue` behind them, in memory and on SNS and SQS."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.resources import ensure_alerting_resources
from fraudstream.adapters.memory_delivery import MemoryNotifier, MemoryQueue
from fraudstream.errors import MalformedEvent
from fraudstream.ports.delivery import MOST_AT_ONCE, BatchNotifier, MessageQueue, Notification, QueuedMessage
from fraudstream.settings import AlertingSettings

pytestmark = pytest.mark.ports

PATIENCE = 30.0
HELLO = Notification(
    "Fraud alert", "for people: ü", '{"alert_id": "1", "text": "ü"}', {"score": 0.9, "place": "Chicago"}
)


@dataclass
class Line:
    """A notifier and the queue of a subscriber."""

    notifier: MemoryNotifier | SnsNotifier
    queue: MessageQueue


@pytest.fixture(params=["memory", "aws"])
def line(request: pytest.FixtureRequest, unique_name: Callable[[str], str]) -> Line:
    if request.param == "memory":
        queue = MemoryQueue()
        return Line(MemoryNotifier(queue), queue)
    request.getfixturevalue("aws_environment")
    made = ensure_alerting_resources(
        AlertingSettings(idempotency_table=unique_name("sent")), topic=unique_name("alerts"), queue=unique_name("inbox")
    )
    return Line(SnsNotifier(made.topic_arn), SqsQueue(made.queue_url))


def receive(queue: MessageQueue, count: int) -> list[QueuedMessage]:
    """The next `count` messages; fails when they do not come."""
    messages: list[QueuedMessage] = []
    deadline = time.monotonic() + PATIENCE
    while len(messages) < count:
        assert time.monotonic() < deadline, f"{len(messages)} of {count} messages came"
        messages += queue.receive(min(count - len(messages), 10), 1.0)
    return messages


def test_the_subscriber_gets_the_document_as_it_was_published(line: Line) -> None:
    assert line.notifier.publish(HELLO)

    (message,) = receive(line.queue, 1)

    assert message.body == HELLO.document


def test_publishing_twice_makes_two_messages_with_ids_of_their_own(line: Line) -> None:
    first, second = line.notifier.publish(HELLO), line.notifier.publish(HELLO)

    messages = receive(line.queue, 2)

    assert first != second
    assert len({message.message_id for message in messages}) == 2


def test_what_is_published_together_arrives_each_with_an_id_of_its_own(line: Line) -> None:
    notifier: BatchNotifier = line.notifier
    documents = [f'{{"alert_id": "{number}"}}' for number in range(MOST_AT_ONCE)]

    published = notifier.publish_all([replace(HELLO, document=document) for document in documents])

    assert sorted(message.body for message in receive(line.queue, MOST_AT_ONCE)) == sorted(documents)
    assert len(set(map(str, published))) == MOST_AT_ONCE
    assert all(isinstance(message_id, str) for message_id in published)


def test_an_empty_queue_gives_nothing(line: Line) -> None:
    assert list(line.queue.receive(10, 0.0)) == []


def test_no_more_messages_come_than_asked_for(line: Line) -> None:
    for _ in range(3):
        line.notifier.publish(HELLO)

    assert len(receive(line.queue, 1)) == 1
    assert len(receive(line.queue, 2)) == 2


def test_a_received_message_is_hidden_until_it_is_due_again(line: Line) -> None:
    line.notifier.publish(HELLO)
    receive(line.queue, 1)

    assert list(line.queue.receive(10, 0.0)) == []


def test_deleting_takes_what_was_received_and_nothing_else(line: Line) -> None:
    line.notifier.publish(HELLO)
    line.queue.delete(receive(line.queue, 1))
    line.notifier.publish(replace(HELLO, document='{"alert_id": "2"}'))

    (message,) = receive(line.queue, 1)

    assert message.body == '{"alert_id": "2"}'


def test_deleting_nothing_is_nothing(line: Line) -> None:
    line.queue.delete([])


def test_a_subject_of_a_hundred_characters_passes(line: Line) -> None:
    line.notifier.publish(replace(HELLO, subject="s" * 100))

    assert len(receive(line.queue, 1)) == 1


@pytest.mark.parametrize("subject", ["", "s" * 101, "two\nlines", "für"])
def test_a_subject_that_sns_would_refuse_is_refused_here(subject: str) -> None:
    with pytest.raises(MalformedEvent, match="is not 1 to 100 printable ASCII"):
        replace(HELLO, subject=subject)
