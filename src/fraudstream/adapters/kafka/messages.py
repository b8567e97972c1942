"""Records, as a client of librdkafka hands them over."""

from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, Message

from fraudstream.adapters.kafka.connection import Refusals
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.records import Record

NO_TROUBLE = {
    KafkaError._PARTITION_EOF,  # noqa: SLF001 - the constant's public name
    KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001 - the same
}
"""What is no record and needs nobody's attention: a member that was away too long is told so by its next commit."""


def take(
    consumer: Any,  # noqa: ANN401 - confluent_kafka is untyped
    most: int,
    timeout: float,
    refusals: Refusals,
) -> list[Record] | None:
    """Up to `most` records as soon as there is one; `None` if nothing at all came within `timeout` seconds.

    `Consumer.consume` alone would sit out its timeout unless `most` records are there.
    """
    first = consumer.poll(timeout)
    if first is None:
        return None
    if not _is_record(first, refusals):
        return []
    rest = consumer.consume(most - 1, 0) if most > 1 else []
    # An error behind records must not take them along: librdkafka counts them as read.
    return [_record(message) for message in (first, *rest) if message.error() is None]


def _is_record(message: Message, refusals: Refusals) -> bool:
    error = message.error()
    if error is None:
        return True
    if error.code() in NO_TROUBLE or error.retriable():
        return False
    if forbidden := refusals.forbidden(f"to read topic {message.topic()}", error):
        raise forbidden
    raise TemporarilyUnavailable(f"{message.topic()}: {error.str()}")


def _record(message: Message) -> Record:
    kind, milliseconds = message.timestamp()
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        log_time=milliseconds / 1_000.0,
        headers=tuple(message.headers() or ()),
        stamped_by_broker=kind == TIMESTAMP_LOG_APPEND_TIME,
    )
