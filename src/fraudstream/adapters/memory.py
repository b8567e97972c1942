"""In-memory implementations of the ports, for tests and for embedding; held to the same suite as the real ones."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from fraudstream.clock import Clock, ManualClock
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.records import Delivery, MembershipLost, OnDelivery, Record, TopicPartitions


@dataclass
class MemoryBroker:
    """Logs in memory; partitions are chosen by the CRC of the key, as librdkafka does."""

    clock: Clock = field(default_factory=ManualClock)
    logs: dict[tuple[str, int], list[Record]] = field(default_factory=lambda: defaultdict(list))
    partitions: dict[str, int] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    committed: dict[tuple[str, str, int], int] = field(default_factory=dict)
    _without_key: int = 0

    _forgotten: set[tuple[str, str]] = field(default_factory=set)

    def forget_members(self, topic: str, group: str) -> None:
        """Have a group go on without the members it has; the first to commit notices."""
        self._forgotten.add((topic, group))

    def knows_member(self, topic: str, group: str) -> bool:
        """Whether a group still has its member; one that it hasn't is taken as a new one from then on."""
        is_known = (topic, group) not in self._forgotten
        self._forgotten.discard((topic, group))
        return is_known

    def append(self, topic: str, key: bytes | None, value: bytes) -> Record:
        """Append one record and return it."""
        count = self._count(topic)
        if key is None:
            self._without_key += 1
            partition = self._without_key % count
        else:
            partition = crc32(key) % count
        log = self.logs[topic, partition]
        record = Record(topic, partition, len(log), key, value, self.clock.now())
        log.append(record)
        return record

    def ensure_topics(self, partitions: Mapping[str, int], replication_factor: int) -> None:  # noqa: ARG002
        """See `TopicAdmin.ensure_topics`."""
        for name, count in partitions.items():
            self.partitions.setdefault(name, count)
            self.ids.setdefault(name, str(uuid.uuid4()))

    def describe(self, topic: str) -> TopicPartitions:
        """See `TopicAdmin.describe`."""
        count = self._count(topic)
        return TopicPartitions(topic, self.ids[topic], {p: (0, len(self.logs[topic, p])) for p in range(count)})

    def topic_id(self, topic: str) -> str:
        """See `TopicAdmin.topic_id`."""
        self._count(topic)
        return self.ids[topic]

    def read(self, topic: str, partition: int, first: int, end: int) -> Sequence[Record]:
        """See `LogReader.read`."""
        return self.logs[topic, partition][first:end]

    def _count(self, topic: str) -> int:
        if topic not in self.partitions:
            raise ConfigurationError(f"there is no topic {topic}; create it with `fraudstream migrate`")
        return self.partitions[topic]


@dataclass
class MemoryProducer:
    """`RecordProducer` on a `MemoryBroker`; deliveries are reported by `poll` and `flush`."""

    broker: MemoryBroker
    _due: list[tuple[OnDelivery, Delivery]] = field(default_factory=list)

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        """See `RecordProducer.send`."""
        if len(value) > MAX_MESSAGE_BYTES:
            if on_delivery is None:
                raise MalformedEvent("too_large", f"a record for {topic} is over {MAX_MESSAGE_BYTES} bytes")
            delivery = Delivery(topic, key, -1, -1, "Broker: Message size too large")
        else:
            record = self.broker.append(topic, key, value)
            delivery = Delivery(topic, key, record.partition, record.offset, None)
        if on_delivery is not None:
            self._due.append((on_delivery, delivery))

    def poll(self) -> None:
        """See `RecordProducer.poll`."""
        due, self._due = self._due, []
        for callback, delivery in due:
            callback(delivery)

    def flush(self, timeout: float) -> int:  # noqa: ARG002
        """See `RecordProducer.flush`."""
        self.poll()
        return 0


@dataclass
class MemoryConsumer:
    """`RecordConsumer` on a `MemoryBroker`."""

    broker: MemoryBroker
    topic: str
    group: str
    _next: dict[int, int] = field(default_factory=dict)

    def consume(self, max_records: int, timeout: float) -> Sequence[Record]:  # noqa: ARG002
        """See `RecordConsumer.consume`."""
        taken: list[Record] = []
        for partition, (_, end) in self.broker.describe(self.topic).bounds.items():
            start = self._next.get(partition, self.broker.committed.get((self.group, self.topic, partition), 0))
            stop = min(end, start + max_records - len(taken))
            taken += self.broker.logs[self.topic, partition][start:stop]
            self._next[partition] = max(start, stop)
        return taken

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        """See `RecordConsumer.commit`."""
        if next_offsets and not self.broker.knows_member(self.topic, self.group):
            self._next.clear()
            raise MembershipLost(f"positions in {self.topic} were not committed: the group has forgotten this member")
        for partition, offset in next_offsets.items():
            self.broker.committed[self.group, self.topic, partition] = offset

    def seek(self, partition: int, offset: int) -> None:
        """See `RecordConsumer.seek`."""
        if partition not in self.broker.describe(self.topic).bounds:
            raise TemporarilyUnavailable(f"{self.topic}/{partition} is not read here")
        self._next[partition] = offset

    def close(self) -> None:
        """See `RecordConsumer.close`."""
