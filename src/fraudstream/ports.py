"""What the apps need from outside, where a fake and a real thing both exist.

Each port has an implementation in memory (`adapters.memory`) and a real one, held to the same contract suite in
`tests/ports`.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fraudstream.contracts.label import Label
from fraudstream.contracts.quarantine import QuarantineReason

if TYPE_CHECKING:  # what has arrays in it takes numba along, which the Lambda must not load
    from fraudstream.features.events import Ints
    from fraudstream.features.label_history import LabelHistory, RiskRows


@dataclass(frozen=True)
class Record:
    """One record of a log as a consumer sees it; `log_time` is the broker's timestamp, seconds since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    log_time: float


@dataclass(frozen=True)
class Delivery:
    """The fate of one sent record: its place in the log, or the error that kept it out."""

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
        """Remember where the group goes on, for each partition (the next offset to read)."""
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


@dataclass(frozen=True, slots=True)
class LabelledPayment:
    """What a label needs of its payment; `event_time` is in seconds since 1970 UTC, with whole microseconds."""

    user_id: int
    merchant_id: int | None
    event_time: float
    amount: float
    amount_ratio: float


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A label and its place in the log; without a turn (`label_seq`) and a payment it is waiting."""

    topic_id: str
    partition: int
    offset: int
    label: Label
    label_seq: int | None = None
    payment: LabelledPayment | None = None


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that could not be read, with its reason."""

    record: Record
    reason: QuarantineReason
    detail: str


@dataclass(frozen=True, slots=True)
class LabelProgress:
    """`label_seq` is the last turn taken; `base` the last one that the initial risk rows already contain.

    `base` is empty while no model is deployed: there are no risk rows yet.
    """

    label_seq: int
    base: int | None


class LabelTransaction(Protocol):
    """One transaction of the label applier; nobody sees any of it before all of it is committed."""

    def next_offset(self, topic_id: str, partition: int) -> int:
        """Where the label log stands; locked until the end of the transaction."""
        ...

    def progress(self) -> LabelProgress:
        """The turns taken so far; locked until the end of the transaction, so that turns are given one by one."""
        ...

    def payments(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, LabelledPayment]:
        """Those of the payments that are scored or are known from the history before the log."""
        ...

    def outcomes(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
        """The newest outcome of those payments that have one with a turn."""
        ...

    def waiting(self, ids: Sequence[uuid.UUID]) -> Sequence[LabelRow]:
        """Labels of these payments that wait, in the order of the log."""
        ...

    def released(self, most: int) -> Sequence[LabelRow]:
        """Waiting labels whose payment has appeared, in the order of the log; `most` is approximate."""
        ...

    def past(self, users: "Ints", merchants: "Ints", *, after: int) -> "LabelHistory":
        """Labels with a turn later than `after` of any of these customers or merchants, in order."""
        ...

    def risk(self, users: "Ints", merchants: "Ints", *, initial: bool = False) -> tuple["RiskRows", "RiskRows"]:
        """Risk rows, current or initial, of customers and merchants (ids ascending); zeros where there are none."""
        ...

    def put_risk(self, customers: "RiskRows", merchants: "RiskRows") -> None:
        """Store the rows of every key."""
        ...

    def put_labels(self, labels: Sequence[LabelRow]) -> None:
        """Store labels, new ones or ones that waited."""
        ...

    def refuse(self, records: Sequence[RefusedRecord], topic_id: str) -> None:
        """Quarantine records, and leave word of each in the outbox."""
        ...

    def advance(self, topic: str, topic_id: str, next_offsets: Mapping[int, int]) -> None:
        """Move the positions of the label log."""
        ...

    def take_turns(self, label_seq: int) -> None:
        """Set the last turn taken."""
        ...


class LabelStore(Protocol):
    """Where labels and the risk rows they move are kept."""

    def transaction(self) -> AbstractContextManager[LabelTransaction]:
        """Begin a transaction; it is committed at the end of the block, or rolled back by an exception.

        Raises:
            TemporarilyUnavailable: the store did not answer; whether a commit was done is then unknown, and the
                same records may be offered again.
        """
        ...


CHAMPION = "champion"
"""Alias of the model version that is deployed."""
CHALLENGER = "challenger"
"""Alias of the newest trained model version."""


@dataclass(frozen=True)
class TrainingRun:
    """One finished training, as it goes into the registry.

    `started_at` is in seconds since 1970 UTC; `artefacts` are files by name; `tags` stand on the run and on the
    model version.
    """

    started_at: float
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artefacts: Mapping[str, bytes]


@dataclass(frozen=True)
class ModelVersion:
    """A registered version of the model and the run that made it."""

    name: str
    version: str
    run_id: str
    tags: Mapping[str, str]


class ModelRegistry(Protocol):
    """Keeps trainings, the model versions that came of them, and which one an alias means."""

    def register(self, run: TrainingRun) -> ModelVersion:
        """Record a training with its files and make the next version of it; versions count from 1.

        Raises:
            TemporarilyUnavailable: the registry did not answer; no version was made.
        """
        ...

    def find(self, version: str | None = None) -> ModelVersion:
        """One version, or the newest.

        Raises:
            ModelUnavailable: there is none.
        """
        ...

    def find_alias(self, alias: str) -> ModelVersion:
        """The version an alias means.

        Raises:
            ModelUnavailable: the alias is not set.
        """
        ...

    def set_alias(self, alias: str, version: str) -> None:
        """Let an alias mean this version from now on.

        Raises:
            ModelUnavailable: there is no such version.
        """
        ...

    def artefact(self, version: ModelVersion, name: str) -> bytes:
        """The content of one file of the training behind a version.

        Raises:
            ModelUnavailable: the training left no such file.
        """
        ...
