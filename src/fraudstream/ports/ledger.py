"""The port of verification: what was stored, read back in one snapshot.

`adapters.database.ledger_reader` and `adapters.memory_ledger` implement it. Arrays of ids are (n, 16) bytes; times
are seconds since 1970 UTC.
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Bytes, Codes, Floats, Ints
from fraudstream.features.label_history import LabelHistory, RiskRows
from fraudstream.ports.slices import Deployment

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LedgerSlices:
    """`s` slices of one log, in any order; `committed_at` is when each became visible."""

    slice_id: Ints
    partition: Ints
    first_offset: Ints
    last_offset: Ints
    label_seq: Ints
    deployment_id: Ints
    rows: Ints
    quarantined: Ints
    repeats: Ints
    committed_at: Floats

    def __len__(self) -> int:
        """Number of slices."""
        return len(self.slice_id)

    def take(self, index: Ints | Bools | slice) -> "LedgerSlices":
        """The slices at `index`, in its order."""
        return LedgerSlices(*(getattr(self, column.name)[index] for column in fields(self)))


@dataclass(frozen=True)
class StoredScores:
    """`n` scored rows of one partition, by offset."""

    offset: Ints
    slice_id: Ints
    transaction_id: Bytes
    body_hash: Ints
    user_id: Ints
    event_time: Floats
    amount: Floats
    log_time: Floats
    score: Floats
    alert: Bools


@dataclass(frozen=True)
class StoredVectors:
    """`n` feature vectors of one partition, by offset, (n, FEATURE_COUNT); a vector of another width is all NaN."""

    offset: Ints
    features: Floats


@dataclass(frozen=True)
class StoredQuarantine:
    """`n` quarantined records of one partition, by offset."""

    offset: Ints
    reason: tuple[str, ...]


@dataclass(frozen=True)
class StoredBodies:
    """The stored payments that have the ids asked for: one row for each scored row, in any order."""

    transaction_id: Bytes
    body_hash: Ints


@dataclass(frozen=True)
class LabelSteps:
    """Labels with a turn, and for each the outcome its payment had just before: 0, 1 or `UNLABELLED`, (n,)."""

    labels: LabelHistory
    before: Codes


@dataclass(frozen=True)
class AlertAmounts:
    """Sums of money of scores that say alert, of alerts, and of alerts in the outbox; see `contracts.money.cents`."""

    flagged: int = 0
    rows: int = 0
    published: int = 0


@dataclass(frozen=True)
class AlertFacts:
    """What each stage of the alert path holds.

    `flagged` are the ids of payments whose scored row says alert; `rows` the stored alerts (alert id, transaction
    id); `published` the alert ids of outbox rows, one for each row, `unread` how many outbox rows hold no alert;
    `notified` the alert id of each message the subscriber received. `amounts` are of the same rows.
    """

    flagged: Sequence[uuid.UUID]
    rows: Sequence[tuple[uuid.UUID, uuid.UUID]]
    published: Sequence[uuid.UUID]
    unread: int
    notified: Sequence[uuid.UUID]
    amounts: AlertAmounts = AlertAmounts()


@dataclass(frozen=True)
class Pending:
    """What is still under way: positions of the log, outbox rows that are due, alerts without a notification.

    What is held back is not under way. `now` is the store's own time.
    """

    now: float
    next_offsets: Mapping[int, int]
    unsent: int
    unnotified: int


@dataclass(frozen=True)
class FirstAlert:
    """The first alert among some payments: when it was committed, and the broker's time of its payment."""

    committed_at: float
    log_time: float


class LabelLedger(Protocol):
    """What a replay of labels reads: the rows that the log began with, and the labels since."""

    def initial_customers(self, catalogue_version: int, users: Ints) -> tuple[Floats, RiskRows]:
        """Initial states (U, width) and risk rows of customers (ids ascending); zeros where there are none."""
        ...

    def initial_merchants(self, catalogue_version: int, merchants: Ints | None = None) -> RiskRows:
        """Initial risk rows of some merchants (ids ascending), or of all: those with a row and those with a label."""
        ...

    def labels(self, after: int, upto: int) -> LabelSteps:
        """Labels with `after < label_seq <= upto`, in order."""
        ...

    def past(self, users: Ints, merchants: Ints, *, after: int, upto: int) -> LabelHistory:
        """Labels with `after < label_seq <= upto` of any of these customers or merchants, in order."""
        ...


class LedgerSnapshot(LabelLedger, Protocol):
    """One consistent view of everything stored; a range of offsets is `first <= offset < end`."""

    def positions(self, topic_id: str) -> Mapping[int, int]:
        """The next offset to be scored, for each partition that was ever taken."""
        ...

    def slices(self, topic_id: str) -> LedgerSlices:
        """The slices of one log."""
        ...

    def deployments(self) -> Mapping[int, Deployment]:
        """Every deployment there ever was, by its id."""
        ...

    def active_version(self) -> str:
        """The model version at work; empty before the first promotion."""
        ...

    def artefact(self, digest: str) -> bytes:
        """The scoring artefact with this SHA-256.

        Raises:
            ModelUnavailable: it is not stored.
        """
        ...

    def customers(self, topic_id: str, first_offsets: Mapping[int, int]) -> tuple[Ints, Ints]:
        """Customers all of whose scored rows stand in this log at or behind these offsets, and their row counts."""
        ...

    def scores(self, topic_id: str, partition: int, first: int, end: int | None) -> StoredScores:
        """Scored rows of a range; without an end, everything from `first` on."""
        ...

    def vectors(self, topic_id: str, partition: int, first: int, end: int, users: Ints) -> StoredVectors:
        """Feature vectors of some customers in a range."""
        ...

    def quarantined(self, topic_id: str, partition: int, first: int, end: int | None) -> StoredQuarantine:
        """Quarantined records of a range; without an end, everything from `first` on."""
        ...

    def strangers(self, topic_id: str, partitions: Sequence[int]) -> int:
        """Rows, scored or quarantined, that name this log but none of its partitions."""
        ...

    def bodies(self, ids: Bytes) -> StoredBodies:
        """The payments with these ids that are stored, whatever their log."""
        ...

    def duplicates(self) -> int:
        """Transaction ids that are stored more than once, over all logs."""
        ...

    def label_base(self, catalogue_version: int) -> int:
        """The last label whose effect the initial risk rows contain."""
        ...

    def alerts(self) -> AlertFacts:
        """The alert path at this moment."""
        ...

    def first_alert(self, transactions: Sequence[uuid.UUID]) -> FirstAlert | None:
        """The first alert of any of these payments."""
        ...


class Ledger(Protocol):
    """Everything that was stored."""

    def snapshot(self) -> AbstractContextManager[LedgerSnapshot]:
        """Begin to read; all of it is of one moment.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...

    def pending(self, topic_id: str, *, before: float | None = None) -> Pending:
        """What is under way right now; messages and alerts only if they were made before a moment."""
        ...

    def notified(self) -> Sequence[uuid.UUID]:
        """The alert id of each message the subscriber has received by now."""
        ...

    def held(self) -> Sequence[uuid.UUID]:
        """The alerts that the relay holds back at this moment."""
        ...
