"""One contract for `RecordProducer`, `RecordConsumer`, `TopicAdmin` and `LogReader`, in memory and on Kafka."""

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
from confluent_kafka.admin import AdminClient

from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer, connection_options
from fraudstream.adapters.memory import MemoryBroker, MemoryConsumer, MemoryProducer
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.records import Delivery, MembershipLost, Record, RecordConsumer, RecordProducer

if TYPE_CHECKING:
    from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.ports

PATIENCE = 30.0


FORGETFUL_MS = 10_000
"""How long a member may not poll: as long as its session at the least."""


@dataclass
class Log:
    """One fresh topic with two partitions, and how to reach it."""

    admin: MemoryBroker | KafkaAdmin
    producer: RecordProducer
    open_consumer: Callable[[str, str], RecordConsumer]
    forget: Callable[[str, str], None]
    """Have the group of a consumer go on without it."""
    topic: str = field(default_factory=lambda: f"topic-{uuid.uuid4().hex[:12]}")

    def send(self, *values: bytes, key: bytes | None = b"k") -> list[Delivery]:
        reports: list[Delivery] = []
        for value in values:
            self.producer.send(self.topic, key=key, value=value, on_delivery=reports.append)
        assert self.producer.flush(PATIENCE) == 0
        return reports

    def consumer(self, group: str = "readers") -> closing[RecordConsumer]:
        return closing(self.open_consumer(self.topic, f"{group}-{self.topic}"))


@pytest.fixture(params=["memory", "kafka"])
def log(request: pytest.FixtureRequest) -> Log:
    if request.param == "memory":
        broker = MemoryBroker(clock=SystemClock())
        made = Log(
            broker,
            MemoryProducer(broker),
            lambda topic, group: MemoryConsumer(broker, topic, group),
            broker.forget_members,
        )
    else:
        settings: KafkaSettings = request.getfixturevalue("kafka_settings")
        made = Log(
            KafkaAdmin(settings),
            KafkaProducer(settings),
            lambda topic, group: KafkaConsumer(settings, topic, group=group, longest_processing_ms=FORGETFUL_MS),
            lambda _, group: until_forgotten(settings, group),
        )
    made.admin.ensure_topics({made.topic: 2}, 1)
    return made


def until_forgotten(settings: "KafkaSettings", group: str) -> None:
    """Wait until a group has no member: one that does not poll leaves."""
    admin = AdminClient(connection_options(settings))
    deadline = time.monotonic() + PATIENCE
    while admin.describe_consumer_groups([group])[group].result(PATIENCE).members:
        assert time.monotonic() < deadline, "the member is still there"


def read(consumer: RecordConsumer, count: int) -> list[Record]:
    """The next `count` records; fails when they do not come."""
    records: list[Record] = []
    deadline = time.monotonic() + PATIENCE
    while len(records) < count:
        assert time.monotonic() < deadline, f"{len(records)} of {count} records came"
        records += consumer.consume(count - len(records), 0.5)
    return records


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


def next_offsets(records: Sequence[Record]) -> dict[int, int]:
    return {record.partition: record.offset + 1 for record in records}


def test_a_record_is_read_as_it_was_sent(log: Log) -> None:
    before = time.time()
    (delivery,) = log.send(b"value", key=b"key")

    with log.consumer() as consumer:
        (record,) = read(consumer, 1)

    assert (record.topic, record.key, record.value) == (log.topic, b"key", b"value")
    assert (record.partition, record.offset) == (delivery.partition, delivery.offset)
    assert record.headers == ()
    assert record.stamped_by_broker
    assert before - 5 < record.log_time < time.time() + 5


def test_every_record_is_reported_once_with_its_place(log: Log) -> None:
    reports = log.send(b"1", b"2", b"3")

    assert [report.error for report in reports] == [None, None, None]
    assert [report.offset for report in reports] == [0, 1, 2]
    assert {(report.topic, report.key) for report in reports} == {(log.topic, b"k")}


def test_records_of_one_key_keep_their_order_in_one_partition(log: Log) -> None:
    sent = [str(number).encode() for number in range(500)]
    log.send(*sent)

    with log.consumer() as consumer:
        records = read(consumer, 500)

    assert values(records) == sent
    assert {record.partition for record in records} == {crc32(b"k") % 2}


def test_records_without_a_key_are_read_too(log: Log) -> None:
    log.send(b"nobody", key=None)

    with log.consumer() as consumer:
        (record,) = read(consumer, 1)

    assert record.key is None


def test_a_record_over_the_limit_is_reported_and_the_next_one_passes(log: Log) -> None:
    refused, stored = log.send(b"x" * (MAX_MESSAGE_BYTES + 1), b"small")

    assert refused.error is not None
    assert "size too large" in refused.error
    assert (refused.partition, refused.offset) == (-1, -1)
    assert stored.error is None


def test_a_record_over_the_limit_that_nobody_waits_for_is_an_error(log: Log) -> None:
    with pytest.raises(MalformedEvent, match="too_large"):
        log.producer.send(log.topic, key=None, value=b"x" * (MAX_MESSAGE_BYTES + 1))


def test_a_record_just_under_the_limit_passes(log: Log) -> None:
    (report,) = log.send(b"x" * (MAX_MESSAGE_BYTES - 200))

    assert report.error is None


def test_a_new_group_begins_at_the_first_record(log: Log) -> None:
    log.send(b"old")

    with log.consumer("first") as consumer:
        assert values(read(consumer, 1)) == [b"old"]
    with log.consumer("second") as consumer:
        assert values(read(consumer, 1)) == [b"old"]


def test_consuming_returns_as_soon_as_there_is_something(log: Log) -> None:
    log.send(b"warm")
    with log.consumer() as consumer:
        read(consumer, 1)
        log.send(b"lonely")

        began = time.monotonic()
        records = consumer.consume(100, 20.0)

    assert values(records) == [b"lonely"]
    assert time.monotonic() - began < 10


def test_nothing_comes_when_there_is_nothing(log: Log) -> None:
    with log.consumer() as consumer:
        assert consumer.consume(10, 0.2) == []


def test_no_more_records_are_taken_than_asked_for(log: Log) -> None:
    log.send(b"1", b"2", b"3")

    with log.consumer() as consumer:
        assert values(read(consumer, 1)) == [b"1"]
        assert values(read(consumer, 2)) == [b"2", b"3"]


def test_a_group_goes_on_where_it_committed(log: Log) -> None:
    log.send(b"done", b"waiting")
    with log.consumer() as consumer:
        records = read(consumer, 2)
        consumer.commit(next_offsets(records[:1]))

    with log.consumer() as consumer:
        assert values(read(consumer, 1)) == [b"waiting"]


def test_what_was_read_but_not_committed_is_read_again(log: Log) -> None:
    log.send(b"unfinished")
    with log.consumer() as consumer:
        read(consumer, 1)

    with log.consumer() as consumer:
        assert values(read(consumer, 1)) == [b"unfinished"]


def test_a_member_that_its_group_went_on_without_is_told_and_reads_again_from_the_position(log: Log) -> None:
    log.send(b"done", b"doing", b"waiting")
    with log.consumer() as consumer:
        records = read(consumer, 2)
        consumer.commit(next_offsets(records[:1]))
        log.forget(log.topic, f"readers-{log.topic}")

        with pytest.raises(MembershipLost, match=f"positions in {log.topic} were not committed"):
            consumer.commit(next_offsets(records))
        again = read(consumer, 2)
        consumer.commit(next_offsets(again))

    assert values(again) == [b"doing", b"waiting"]


def test_seeking_reads_again_from_an_offset(log: Log) -> None:
    log.send(b"1", b"2", b"3")

    with log.consumer() as consumer:
        first, second, _ = read(consumer, 3)
        consumer.seek(second.partition, second.offset)

        assert values(read(consumer, 2)) == [b"2", b"3"]
    assert first.offset == 0


def test_a_partition_that_is_not_read_here_cannot_be_sought(log: Log) -> None:
    with log.consumer() as consumer, pytest.raises(TemporarilyUnavailable, match="99 is not read here"):
        consumer.seek(99, 0)


def test_committing_nothing_is_nothing(log: Log) -> None:
    with log.consumer() as consumer:
        consumer.commit({})


def test_topics_are_created_once(log: Log) -> None:
    first = log.admin.describe(log.topic)
    log.admin.ensure_topics({log.topic: 5}, 1)

    assert log.admin.describe(log.topic) == first
    assert log.admin.topic_id(log.topic) == first.topic_id
    assert set(first.bounds) == {0, 1}


def test_bounds_follow_the_log(log: Log) -> None:
    log.send(b"1", b"2")
    partition = crc32(b"k") % 2

    bounds = log.admin.describe(log.topic).bounds

    assert bounds == {partition: (0, 2), 1 - partition: (0, 0)}


def test_a_range_of_the_log_is_read_at_once_and_without_a_group(log: Log) -> None:
    log.send(*[str(number).encode() for number in range(20)])
    partition = crc32(b"k") % 2

    began = time.monotonic()
    records = log.admin.read(log.topic, partition, 5, 12)

    assert values(records) == [str(number).encode() for number in range(5, 12)]
    assert time.monotonic() - began < 10


def test_a_range_without_records_is_empty(log: Log) -> None:
    assert log.admin.read(log.topic, 0, 0, 0) == []


def test_topic_ids_are_uuids_of_their_own(log: Log) -> None:
    other = f"{log.topic}-other"
    log.admin.ensure_topics({other: 1}, 1)

    ids = {uuid.UUID(log.admin.describe(topic).topic_id) for topic in (log.topic, other)}

    assert len(ids) == 2


def test_a_missing_topic_is_named(log: Log) -> None:
    for ask in (log.admin.describe, log.admin.topic_id):
        with pytest.raises(ConfigurationError, match="there is no topic no-such-topic"):
            ask("no-such-topic")
