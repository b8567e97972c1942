"""`RecordConsumer` on a broker, as a member of a group."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from fraudstream.adapters.kafka.connection import Refusals, unavailable_if_refused
from fraudstream.adapters.kafka.messages import take
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.records import MembershipLost, Record
from fraudstream.settings import KafkaSettings

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


class KafkaConsumer:
    """`RecordConsumer` of one topic; a group without a position begins at the first record."""

    def __init__(
        self, settings: KafkaSettings, topic: str, *, group: str, longest_processing_ms: int = LONGEST_PROCESSING_MS
    ) -> None:
        self._topic = topic
        self._refusals = Refusals(settings, f"reading topic {topic} as a member of group {group}")
        self._consumer = self._refusals.client(
            Consumer,
            {
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
                "session.timeout.ms": 10_000,
                "max.poll.interval.ms": longest_processing_ms,
            },
        )
        self._consumer.subscribe([topic])

    def consume(self, max_records: int, timeout: float) -> Sequence[Record]:
        """See `RecordConsumer.consume`."""
        taken = take(self._consumer, max_records, timeout, self._refusals)
        if taken:
            self._refusals.passed()
        else:
            self._refusals.check()
        return taken or []

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
        with unavailable_if_refused(f"{self._topic} was not subscribed to again"):
            self._consumer.unsubscribe()
            self._consumer.subscribe([self._topic])

    def seek(self, partition: int, offset: int) -> None:
        """See `RecordConsumer.seek`."""
        with unavailable_if_refused(f"{self._topic}/{partition} is not read here"):
            self._consumer.seek(TopicPartition(self._topic, partition, offset))

    def close(self) -> None:
        """See `RecordConsumer.close`."""
        self._consumer.close()
