"""Logs of records: appending, reading as a member of a group, looking at topics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fraudstream.errors import TemporarilyUnavailable


class MembershipLost(TemporarilyUnavailable):
    """Forget what was consumed and not committed: it comes again, to this member of the group or to another."""


@dataclass(frozen=True)
class Record:
    """One record of a log as a consumer sees it; `log_time` is the broker's timestamp, seconds since 1970 UTC.

    `stamped_by_broker` is false where a topic keeps the producer's time instead.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    log_time: float
    headers: tuple[tuple[str, bytes | None], ...] = ()
    stamped_by_broker: bool = True


@dataclass(frozen=True)
class Delivery:
    """The fate of one sent record: its place in the log, or the error that kept it out.

    `offset` is -1 where there is an error, and where the broker had the record already and does not say where.
    """

    topic: str
    key: bytes | None
    partition: int
    offset: int
    error: str | None


OnDelivery = Callable[[Delivery], None]


class RecordProducer(Protocol):
    """Appends records to a log, in the order of calls for each key."""

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        """Hand one record over; blocks while the local queue is full.

        `on_delivery` is called exactly once for each record, later, from `send`, `poll` or `flush`. A record
        over the size limit is reported there as an error too; nothing is dropped in silence.
        """
        ...

    def poll(self) -> None:
        """Serve delivery callbacks that are due, without waiting."""
        ...

    def flush(self, timeout: float) -> int:
        """Wait until every record is acknowledged or has failed; returns how many are still open."""
        ...


class RecordConsumer(Protocol):
    """Reads a topic as one member of a group; positions are committed by the caller, never on a timer."""

    def consume(self, max_records: int, timeout: float) -> Sequence[Record]:
        """Up to `max_records` records in log order for each partition; empty after `timeout` seconds."""
        ...

    def commit(self, next_offsets: Mapping[int, int]) -> None:
        """Remember where the group goes on, for each partition (the next offset to read).

        Raises:
            MembershipLost: the group went on without this member, which has joined again.
            TemporarilyUnavailable: nothing is known to be remembered; the same may be committed again.
        """
        ...

    def seek(self, partition: int, offset: int) -> None:
        """Read `partition` again from `offset`."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


@dataclass(frozen=True)
class TopicPartitions:
    """A topic as the broker knows it: `topic_id` is the broker's UUID text; one entry of bounds per partition."""

    topic: str
    topic_id: str
    bounds: Mapping[int, tuple[int, int]]
    """For each partition the first offset kept and the offset after the last one."""


class TopicAdmin(Protocol):
    """Looks at topics and creates them."""

    def ensure_topics(self, partitions: Mapping[str, int], replication_factor: int) -> None:
        """Create the topics that are missing; existing ones are left as they are."""
        ...

    def describe(self, topic: str) -> TopicPartitions:
        """Id and bounds of one topic.

        Raises:
            ConfigurationError: there is no such topic.
        """
        ...

    def topic_id(self, topic: str) -> str:
        """The broker's UUID text of one topic; costs one question, where `describe` asks each partition.

        Raises:
            ConfigurationError: there is no such topic.
        """
        ...


class LogReader(Protocol):
    """Reads any range of a log without a group."""

    def describe(self, topic: str) -> TopicPartitions:
        """See `TopicAdmin.describe`."""
        ...

    def read(self, topic: str, partition: int, first: int, end: int) -> Sequence[Record]:
        """Every record of one partition with `first <= offset < end`, in order.

        Raises:
            TemporarilyUnavailable: the broker stopped answering before the end was reached.
        """
        ...
