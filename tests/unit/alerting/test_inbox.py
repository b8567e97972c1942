"""The inbox records what arrived, then deletes it; what it doesn't understand stays."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.memory_delivery import MemoryAlerts, MemoryNotifier, MemoryQueue
from fraudstream.alerting.inbox import Inbox, alert_id_in
from fraudstream.alerting.message import notification_of
from fraudstream.clock import ManualClock
from fraudstream.errors import MalformedEvent, TemporarilyUnavailable

ENVELOPE = Path(__file__).parents[2] / "events" / "aws" / "sns-envelope.json"


class DeafLog(MemoryAlerts):
    """Takes nothing."""

    def record(self, arrived: Mapping[str, uuid.UUID]) -> None:  # noqa: ARG002
        raise TemporarilyUnavailable("the alerts did not answer")


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
