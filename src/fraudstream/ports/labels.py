"""Ports of the label path: where labels wait, take their turns and move risk."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fraudstream.contracts.label import Label
from fraudstream.contracts.quarantine import QuarantineReason
from fraudstream.features.events import ABSENT, Ints
from fraudstream.features.label_history import LabelHistory, RiskRows
from fraudstream.ports.records import Record


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

    `base` is empty while no model of this program's feature catalogue is at work: there are no risk rows to move.
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

    def past(self, users: Ints, merchants: Ints, *, after: int) -> LabelHistory:
        """Labels with a turn later than `after` of any of these customers or merchants, in order."""
        ...

    def risk(self, users: Ints, merchants: Ints, *, initial: bool = False) -> tuple[RiskRows, RiskRows]:
        """Risk rows, current or initial, of customers and merchants (ids ascending); zeros where there are none."""
        ...

    def put_risk(self, customers: RiskRows, merchants: RiskRows) -> None:
        """Store the rows of every key."""
        ...

    def put_labels(self, labels: Sequence[LabelRow]) -> None:
        """Store labels, new ones or ones that waited."""
        ...

    def work_alerts(self, outcomes: Mapping[uuid.UUID, bool]) -> None:
        """Set the status of the alerts that these payments raised: confirmed where it is fraud, dismissed elsewhere."""
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


def history_of(rows: Sequence[LabelRow]) -> LabelHistory:
    """Labels that have a turn and a payment, as columns.

    Raises:
        ValueError: a label is still waiting.
    """
    payments = [_payment(row) for row in rows]
    ids = b"".join(row.label.transaction_id.bytes for row in rows)
    return LabelHistory(
        label_seq=np.array([row.label_seq for row in rows], np.int64),
        transaction_id=np.frombuffer(ids, np.uint8).reshape(-1, 16),
        user_id=np.array([payment.user_id for payment in payments], np.int64),
        merchant_id=np.array([ABSENT if p.merchant_id is None else p.merchant_id for p in payments], np.int64),
        arrived_at=np.array([row.label.arrived_at.timestamp() for row in rows], np.float64),
        is_fraud=np.array([row.label.is_fraud for row in rows], np.bool_),
        event_time=np.array([payment.event_time for payment in payments], np.float64),
        amount_ratio=np.array([payment.amount_ratio for payment in payments], np.float64),
    )


def _payment(row: LabelRow) -> LabelledPayment:
    if row.payment is None or row.label_seq is None:
        raise ValueError(f"the label of {row.label.transaction_id} has no turn yet")
    return row.payment
