"""The witness: reads the queue that is subscribed to the notifications and records what arrived."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import structlog

from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import MessageQueue, NotificationLog, QueuedMessage

MOST = 10
"""Messages taken at a time; SQS gives no more."""

log = structlog.get_logger()


class _Document(msgspec.Struct):
    alert_id: uuid.UUID


class _Envelope(msgspec.Struct, rename="pascal"):
    """What SNS wraps a message in where a subscription doesn't ask for raw delivery."""

    message: str


_document = msgspec.json.Decoder(_Document)
_envelope = msgspec.json.Decoder(_Envelope)


def alert_id_in(body: str) -> uuid.UUID:
    """The alert a message is about, delivered raw or in SNS's envelope.

    Raises:
        MalformedEvent: the message is about no alert.
    """
    try:
        with suppress(msgspec.ValidationError):
            body = _envelope.decode(body).message
        return _document.decode(body).alert_id
    except msgspec.ValidationError as error:
        raise MalformedEvent("invalid_field", str(error)) from error
    except msgspec.DecodeError as error:
        raise MalformedEvent("not_json", str(error)) from error


class Inbox:
    """Moves messages from a queue into the log of notifications."""

    def __init__(self, queue: MessageQueue, notifications: NotificationLog) -> None:
        self._queue = queue
        self._notifications = notifications

    def run_once(self, wait: float) -> int:
        """Take what is there, waiting up to `wait` seconds for it; returns how many messages were recorded.

        A message is deleted after it is recorded, so a crash repeats it under its own id. One that is about no
        alert stays, and the queue itself puts it aside after a few deliveries.

        Raises:
            TemporarilyUnavailable: queue or log did not answer, or there is no such queue at the moment; messages
                come again.
        """
        with _queue_may_come_back():
            received = self._queue.receive(MOST, wait)
        about = {message: _told(message) for message in received}
        arrived = {message: alert_id for message, alert_id in about.items() if alert_id is not None}
        if arrived:
            self._notifications.record({message.message_id: alert_id for message, alert_id in arrived.items()})
            with _queue_may_come_back():
                self._queue.delete(list(arrived))
        return len(arrived)


@contextmanager
def _queue_may_come_back() -> Iterator[None]:
    """An emulator forgets its queues when it restarts, and gets them back within moments."""
    try:
        yield
    except ConfigurationError as error:
        raise TemporarilyUnavailable(str(error)) from error


def _told(message: QueuedMessage) -> uuid.UUID | None:
    try:
        return alert_id_in(message.body)
    except MalformedEvent as error:
        log.warning("message is about no alert", message_id=message.message_id, detail=str(error))
        return None
