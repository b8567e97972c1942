"""The inbox records what arrived, then deletes it; what it doesn't understand stays."""

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.memory_delivery import MemoryAlerts, MemoryNotifier, MemoryQueue
from fraudstream.alerting.inbox import Inbox, alert_id_in
from fraudstream.alerting.message import notification_of
from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import QueuedMessage
from fraudstream.service import PATIENCE, serve

ENVELOPE = Path(__file__).parents[2] / "events" / "aws" / "sns-envelope.json"


class DeafLog(MemoryAlerts):
    """Takes nothing."""

    def record(self, arrived: Mapping[str, uuid.UUID]) -> None:  # noqa: ARG002
        raise TemporarilyUnavailable("the alerts did not answer")


class ForgottenQueue(MemoryQueue):
    """Does not exist for so many calls."""

    def __init__(self, missing: int) -> None:
        super().__init__(ManualClock())
        self.missing = missing

    def _look(self) -> None:
        self.missing -= 1
        if self.missing >= 0:
            raise ConfigurationError("SQS queue inbox: it does not exist. Does it exist, and may we use it?")

    def receive(self, most: int, wait: float) -> Sequence[QueuedMessage]:
        self._look()
        return super().receive(most, wait)

    def delete(self, messages: Sequence[QueuedMessage]) -> None:
        self._look()
        super().delete(messages)


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue(ManualClock())


def test_a_notification_is_recorded_under_its_message_id_and_deleted(queue: MemoryQueue) -> None:
    log = MemoryAlerts()
    MemoryNotifier(queue).publish(notification_of(an_alert()))
    (message,) = queue.messages

    assert Inbox(queue, log).run_once(1.0) == 1
    assert log.notifications == {message.message_id: an_alert().alert_id}
    assert queue.messages == []


def test_two_messages_about_one_alert_are_two_notifications(queue: MemoryQueue) -> None:
    log = MemoryAlerts()
    for _ in range(2):
        MemoryNotifier(queue).publish(notification_of(an_alert()))

    Inbox(queue, log).run_once(1.0)

    assert list(log.notifications.values()) == [an_alert().alert_id] * 2


def test_an_empty_queue_is_waited_at(queue: MemoryQueue) -> None:
    assert Inbox(queue, MemoryAlerts()).run_once(2.0) == 0
    assert queue.clock.slept == [2.0]  # type: ignore[attr-defined]


def test_a_message_that_was_not_recorded_stays_in_the_queue(queue: MemoryQueue) -> None:
    MemoryNotifier(queue).publish(notification_of(an_alert()))

    with pytest.raises(TemporarilyUnavailable, match="did not answer"):
        Inbox(queue, DeafLog()).run_once(1.0)
    assert len(queue.messages) == 1


def test_a_queue_that_is_gone_for_a_while_is_waited_for() -> None:
    queue, log, clock = ForgottenQueue(missing=PATIENCE), MemoryAlerts(), ManualClock()
    MemoryNotifier(queue).publish(notification_of(an_alert()))
    inbox = Inbox(queue, log)

    serve(lambda: inbox.run_once(1.0), stopping=lambda: queue.messages == [], clock=clock)

    assert list(log.notifications.values()) == [an_alert().alert_id]
    assert sum(clock.slept) > 60


def test_a_queue_that_stays_away_ends_the_inbox_with_its_name() -> None:
    inbox, clock = Inbox(ForgottenQueue(missing=1_000), MemoryAlerts()), ManualClock()

    with pytest.raises(TemporarilyUnavailable, match=r"^SQS queue inbox: it does not exist\. Does it exist"):
        serve(lambda: inbox.run_once(1.0), stopping=lambda: False, clock=clock)
    assert len(clock.slept) == PATIENCE


def test_a_queue_that_is_gone_before_the_deletion_is_waited_for_too() -> None:
    class GoneAfterReceiving(ForgottenQueue):
        def receive(self, most: int, wait: float) -> Sequence[QueuedMessage]:
            return MemoryQueue.receive(self, most, wait)

    queue, log = GoneAfterReceiving(missing=1), MemoryAlerts()
    MemoryNotifier(queue).publish(notification_of(an_alert()))

    with pytest.raises(TemporarilyUnavailable, match="does not exist"):
        Inbox(queue, log).run_once(1.0)
    assert list(log.notifications.values()) == [an_alert().alert_id]


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", "{}", '{"alert_id": 5}', '{"Message": "hello"}', '{"Message": 5}']
)
def test_a_message_about_no_alert_stays_and_does_not_stop_the_others(queue: MemoryQueue, body: str) -> None:
    log = MemoryAlerts()
    queue.put(body)
    MemoryNotifier(queue).publish(notification_of(an_alert()))

    assert Inbox(queue, log).run_once(1.0) == 1
    assert [message.body for message in queue.messages] == [body]


def test_the_envelope_of_sns_is_opened() -> None:
    assert alert_id_in(ENVELOPE.read_text(encoding="utf-8")) == uuid.UUID("5f7a2f0e-7a5c-5a7e-8a43-1c57f2f7a001")


def test_a_raw_document_is_read_as_it_is() -> None:
    assert alert_id_in(notification_of(an_alert()).document) == an_alert().alert_id


def test_a_message_about_no_alert_says_so() -> None:
    with pytest.raises(MalformedEvent, match="not_json"):
        alert_id_in("hello")
    with pytest.raises(MalformedEvent, match="invalid_field"):
        alert_id_in(json.dumps({"Message": json.dumps({"greeting": "hello"})}))
