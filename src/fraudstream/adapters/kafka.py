"""Kafka, through librdkafka: the only module that imports confluent_kafka."""

import base64
import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import stamina
from confluent_kafka import (
    TIMESTAMP_LOG_APPEND_TIME,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic

from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.records import Delivery, MembershipLost, OnDelivery, Record, TopicPartitions
from fraudstream.settings import KafkaSettings

LOG_CRITICAL = 2
"""The syslog level of librdkafka's own lines on standard error: what fails is raised, not printed."""
REQUEST_TIMEOUT = 20.0
"""Seconds an administrative request may take."""
DELIVERY_TIMEOUT_MS = 120_000
"""Milliseconds after which an unacknowledged record is reported as failed."""
LONGEST_PROCESSING_MS = 900_000
"""Milliseconds a consumer may spend on what it consumed before the group gives its partitions away: as long as an
invocation of a Lambda may take. A process that dies is noticed much earlier, by its session."""
LOST_MEMBERSHIP = {
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError._ASSIGNMENT_LOST,  # noqa: SLF001 - the constant's public name
}
"""What a group answers to a member that it has gone on without, after a restart of the broker for example."""
NO_TROUBLE = {
    KafkaError._PARTITION_EOF,  # noqa: SLF001 - the constant's public name
    KafkaError._MAX_POLL_EXCEEDED,  # noqa: SLF001 - the same
}
"""What is no record and needs nobody's attention: a member that was away too long is told so by its next commit."""
TOPIC_CONFIG = {"message.timestamp.type": "LogAppendTime"}
"""The broker stamps every record: `Record.log_time` must not be a producer's clock."""
READ_AT_A_TIME = 10_000
"""Records taken from the client at a time while a range of a log is read."""
QUEUE_FULL_WAIT = 0.1
"""Seconds to serve callbacks for, each time the local queue is full."""


def connection_options(settings: KafkaSettings) -> dict[str, str | int | float | bool]:
    """What every client of this broker is configured with."""
    return {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "socket.timeout.ms": 10_000,
        "log_level": LOG_CRITICAL,
    }


class KafkaProducer:
    """`RecordProducer` with idempotence and `acks=all`."""

    def __init__(self, settings: KafkaSettings, *, linger_ms: float = 2.0) -> None:
        self._producer = Producer(
            connection_options(settings)
            | {
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": linger_ms,
                "compression.type": "lz4",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
                "queue.buffering.max.messages": 100_000,
            }
        )

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        """See `RecordProducer.send`."""

        def delivered(error: KafkaError | None, message: Message) -> None:
            if on_delivery is not None:
                on_delivery(_delivery(error, message))

        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=delivered)
            except BufferError:
                self._producer.poll(QUEUE_FULL_WAIT)
            except KafkaException as error:
                self._refused(error.args[0], Delivery(topic, key, -1, -1, error.args[0].str()), on_delivery)
                return
            else:
                return

    def _refused(self, error: KafkaError, delivery: Delivery, on_delivery: OnDelivery | None) -> None:
        if on_delivery is not None:
            on_delivery(delivery)
        elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            raise MalformedEvent("too_large", f"a record for {delivery.topic} is over {MAX_MESSAGE_BYTES} bytes")
        else:
            raise TemporarilyUnavailable(f"{delivery.topic}: {error.str()}")

    def poll(self) -> None:
        """See `RecordProducer.poll`."""
        self._producer.poll(0)

    def flush(self, timeout: float) -> int:
        """See `RecordProducer.flush`."""
        return int(self._producer.flush(timeout))


class KafkaConsumer:
    """`RecordConsumer` of one topic; a group without a position begins at the first record."""

    def __init__(
        self, settings: KafkaSettings, topic: str, *, group: str, longest_processing_ms: int = LONGEST_PROCESSING_MS
    ) -> None:
        self._topic = topic
        self._consumer = Consumer(
            connection_options(settings)
            | {
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
                "session.timeout.ms": 10_000,
                "max.poll.interval.ms": longest_processing_ms,
            }
        )
        self._consumer.subscribe([topic])

    def consume(self, max_records: int, timeout: float) -> Sequence[Record]:
        """See `RecordConsumer.consume`."""
        return _take(self._consumer, max_records, timeout) or []

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        """See `RecordConsumer.commit`."""
        places = [TopicPartition(self._topic, partition, offset) for partition, offset in next_offsets.items()]
        if places:
            trouble = f"positions in {self._topic} were not committed"
            try:
                self._consumer.commit(offsets=places, asynchronous=False)
            except KafkaException as error:
                if error.args[0].code() not in LOST_MEMBERSHIP:
                    raise TemporarilyUnavailable(f"{trouble}: {error.args[0].str()}") from error
                self._join_again()
                raise MembershipLost(f"{trouble}, the group has given them to others: {error.args[0].str()}") from error

    def _join_again(self) -> None:
        """By ourselves, since librdkafka does so only while it is polled, and from the positions committed last."""
        with _mapped(f"{self._topic} was not subscribed to again"):
            self._consumer.unsubscribe()
            self._consumer.subscribe([self._topic])

    def seek(self, partition: int, offset: int) -> None:
        """See `RecordConsumer.seek`."""
        with _mapped(f"{self._topic}/{partition} is not read here"):
            self._consumer.seek(TopicPartition(self._topic, partition, offset))

    def close(self) -> None:
        """See `RecordConsumer.close`."""
        self._consumer.close()


def _has_no_leader_yet(error: Exception) -> bool:
    """A partition that was made a moment ago has none."""
    return isinstance(error, KafkaException) and error.args[0].code() in {
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
    }


class KafkaAdmin:
    """`TopicAdmin` on a broker; also reads a whole range of a log without a group."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._admin = AdminClient(connection_options(settings))

    def ensure_topics(self, partitions: Mapping[str, int], replication_factor: int) -> None:
        """See `TopicAdmin.ensure_topics`."""
        wanted = [
            NewTopic(name, num_partitions=count, replication_factor=replication_factor, config=TOPIC_CONFIG)
            for name, count in partitions.items()
        ]
        for name, done in self._admin.create_topics(wanted, request_timeout=REQUEST_TIMEOUT).items():
            try:
                done.result(REQUEST_TIMEOUT)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise self._failed(f"topic {name} was not created", error) from error
            except TimeoutError as error:
                raise self._silent() from error
        for name in partitions:
            self._appeared(name)

    @stamina.retry(on=ConfigurationError, attempts=None, timeout=REQUEST_TIMEOUT, wait_initial=0.05, wait_max=1.0)
    def _appeared(self, topic: str) -> None:
        """A topic is created before every broker knows of it."""
        self.describe(topic)

    def describe(self, topic: str) -> TopicPartitions:
        """See `TopicAdmin.describe`."""
        asked = self._admin.describe_topics(TopicCollection([topic]), request_timeout=REQUEST_TIMEOUT)
        try:
            described = asked[topic].result(REQUEST_TIMEOUT)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise ConfigurationError(f"there is no topic {topic}; create it with `fraudstream migrate`") from error
            raise self._failed(f"the broker did not describe {topic}", error) from error
        except TimeoutError as error:
            raise self._silent() from error
        with _mapped(f"the broker did not give the bounds of {topic}"):
            bounds = self._bounds(topic, [part.id for part in described.partitions])
        return TopicPartitions(topic, _uuid_text(str(described.topic_id)), bounds)

    @stamina.retry(on=_has_no_leader_yet, attempts=None, timeout=REQUEST_TIMEOUT, wait_initial=0.05, wait_max=1.0)
    def _bounds(self, topic: str, partitions: Sequence[int]) -> dict[int, tuple[int, int]]:
        with contextlib.closing(self._reader()) as reader:
            return {
                partition: reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=REQUEST_TIMEOUT)
                for partition in partitions
            }

    def read(self, topic: str, partition: int, first: int, end: int) -> list[Record]:
        """Every record of one partition with `first <= offset < end`, in order.

        Raises:
            TemporarilyUnavailable: the broker stopped answering before the end was reached.
        """
        records: list[Record] = []
        if first >= end:
            return records
        with contextlib.closing(self._reader()) as reader:
            place = TopicPartition(topic, partition, first)
            reader.assign([place])
            while reader.position([place])[0].offset < end:
                taken = _take(reader, READ_AT_A_TIME, REQUEST_TIMEOUT)
                if taken is None:
                    raise TemporarilyUnavailable(f"{topic}/{partition}: no answer before offset {end}")
                records += taken
        return [record for record in records if record.offset < end]

    def _failed(self, trouble: str, error: KafkaException) -> TemporarilyUnavailable:
        if error.args[0].code() == KafkaError._TIMED_OUT:  # noqa: SLF001 - the constant's public name
            return self._silent()
        return TemporarilyUnavailable(f"{trouble}: {error.args[0].str()}")

    def _silent(self) -> TemporarilyUnavailable:
        """The future of a request may give up a moment before the request itself."""
        return TemporarilyUnavailable(
            f"no broker at {self._settings.kafka_bootstrap_servers} answered within {REQUEST_TIMEOUT:.0f} seconds"
        )

    def _reader(self) -> Any:  # noqa: ANN401 - confluent_kafka ships no types
        return Consumer(
            connection_options(self._settings)
            | {"group.id": "fraudstream-reader", "enable.auto.commit": False, "auto.offset.reset": "error"}
        )


@contextlib.contextmanager
def _mapped(trouble: str) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise TemporarilyUnavailable(f"{trouble}: {error.args[0].str()}") from error


def _take(consumer: Any, most: int, timeout: float) -> list[Record] | None:  # noqa: ANN401 - confluent_kafka is untyped
    """Up to `most` records as soon as there is one; `None` if nothing at all came within `timeout` seconds.

    `Consumer.consume` alone would sit out its timeout unless `most` records are there.
    """
    first = consumer.poll(timeout)
    if first is None:
        return None
    if not _is_record(first):
        return []
    rest = consumer.consume(most - 1, 0) if most > 1 else []
    # An error behind records must not take them along: librdkafka counts them as read.
    return [_record(message) for message in (first, *rest) if message.error() is None]


def _is_record(message: Message) -> bool:
    error = message.error()
    if error is None:
        return True
    if error.code() in NO_TROUBLE or error.retriable():
        return False
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


def _delivery(error: KafkaError | None, message: Message) -> Delivery:
    failed = error is not None
    return Delivery(
        topic=message.topic(),
        key=message.key(),
        partition=-1 if failed else message.partition(),
        offset=-1 if failed else message.offset(),
        error=error.str() if error is not None else None,
    )


def _uuid_text(kafka_uuid: str) -> str:
    """Kafka prints topic ids as 22 characters of base64url; the database keeps them as UUIDs."""
    return str(uuid.UUID(bytes=base64.urlsafe_b64decode(kafka_uuid + "==")))
