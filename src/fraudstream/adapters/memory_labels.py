"""`LabelStore` in memory, held to the same suite as the one on Postgres."""

import copy
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fraudstream.features.events import ABSENT, Floats, Ints
from fraudstream.features.label_history import LabelHistory, RiskRows, customer_rows, merchant_rows
from fraudstream.labelling import LabelledPayment, LabelProgress, LabelRow, RefusedRecord

Place = tuple[str, int, int]


@dataclass
class LabelFacts:
    """Everything the store keeps; `payments` stands for scored and historical ones."""

    base: int | None = 0
    label_seq: int = 0
    positions: dict[tuple[str, int], int] = field(default_factory=dict)
    payments: dict[uuid.UUID, LabelledPayment] = field(default_factory=dict)
    labels: dict[Place, LabelRow] = field(default_factory=dict)
    refused: list[RefusedRecord] = field(default_factory=list)
    customer_risk: dict[int, Floats] = field(default_factory=dict)
    merchant_risk: dict[int, Floats] = field(default_factory=dict)
    initial_customer_risk: dict[int, Floats] = field(default_factory=dict)
    initial_merchant_risk: dict[int, Floats] = field(default_factory=dict)


@dataclass
class MemoryLabelStore:
    """Holds one set of facts; a transaction works on a copy that replaces them at its end."""

    facts: LabelFacts = field(default_factory=LabelFacts)

    @contextmanager
    def transaction(self) -> Iterator["MemoryLabelTransaction"]:
        """See `LabelStore.transaction`."""
        transaction = MemoryLabelTransaction(copy.deepcopy(self.facts))
        yield transaction
        self.facts = transaction.facts


@dataclass
class MemoryLabelTransaction:
    """`LabelTransaction` on a copy of the facts."""

    facts: LabelFacts

    def next_offset(self, topic_id: str, partition: int) -> int:
        """See `LabelTransaction.next_offset`."""
        return self.facts.positions.get((topic_id, partition), 0)

    def progress(self) -> LabelProgress:
        """See `LabelTransaction.progress`."""
        return LabelProgress(self.facts.label_seq, self.facts.base)

    def payments(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, LabelledPayment]:
        """See `LabelTransaction.payments`."""
        return {key: self.facts.payments[key] for key in ids if key in self.facts.payments}

    def outcomes(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
        """See `LabelTransaction.outcomes`."""
        wanted = set(ids)
        return {
            row.label.transaction_id: row.label.is_fraud for row in self._turned() if row.label.transaction_id in wanted
        }

    def waiting(self, ids: Sequence[uuid.UUID]) -> Sequence[LabelRow]:
        """See `LabelTransaction.waiting`."""
        wanted = set(ids)
        return [row for row in self._unturned() if row.label.transaction_id in wanted]

    def released(self, most: int) -> Sequence[LabelRow]:
        """See `LabelTransaction.released`."""
        return [row for row in self._unturned() if row.label.transaction_id in self.facts.payments][:most]

    def past(self, users: Ints, merchants: Ints, *, after: int) -> LabelHistory:
        """See `LabelTransaction.past`."""
        rows = [(row, row.payment) for row in self._turned() if row.payment is not None]
        wanted = [
            (row, payment)
            for row, payment in rows
            if (row.label_seq or 0) > after and (payment.user_id in users or payment.merchant_id in merchants)
        ]
        return LabelHistory(
            label_seq=np.array([row.label_seq for row, _ in wanted], np.int64),
            transaction_id=np.array([list(row.label.transaction_id.bytes) for row, _ in wanted], np.uint8).reshape(
                -1, 16
            ),
            user_id=np.array([payment.user_id for _, payment in wanted], np.int64),
            merchant_id=np.array([_merchant(payment) for _, payment in wanted], np.int64),
            arrived_at=np.array([row.label.arrived_at.timestamp() for row, _ in wanted], np.float64),
            is_fraud=np.array([row.label.is_fraud for row, _ in wanted], np.bool_),
            event_time=np.array([payment.event_time for _, payment in wanted], np.float64),
            amount_ratio=np.array([payment.amount_ratio for _, payment in wanted], np.float64),
        )

    def risk(self, users: Ints, merchants: Ints, *, initial: bool = False) -> tuple[RiskRows, RiskRows]:
        """See `LabelTransaction.risk`."""
        facts = self.facts
        customers, shops = customer_rows(users), merchant_rows(merchants)
        _fill(customers, facts.initial_customer_risk if initial else facts.customer_risk)
        _fill(shops, facts.initial_merchant_risk if initial else facts.merchant_risk)
        return customers, shops

    def put_risk(self, customers: RiskRows, merchants: RiskRows) -> None:
        """See `LabelTransaction.put_risk`."""
        self.facts.customer_risk |= dict(zip(customers.keys.tolist(), customers.rows, strict=False))
        self.facts.merchant_risk |= dict(zip(merchants.keys.tolist(), merchants.rows, strict=False))

    def put_labels(self, labels: Sequence[LabelRow]) -> None:
        """See `LabelTransaction.put_labels`."""
        self.facts.labels |= {(row.topic_id, row.partition, row.offset): row for row in labels}

    def refuse(self, records: Sequence[RefusedRecord], topic_id: str) -> None:  # noqa: ARG002
        """See `LabelTransaction.refuse`."""
        self.facts.refused += records

    def advance(self, topic: str, topic_id: str, next_offsets: Mapping[int, int]) -> None:  # noqa: ARG002
        """See `LabelTransaction.advance`."""
        self.facts.positions |= {(topic_id, partition): offset for partition, offset in next_offsets.items()}

    def take_turns(self, label_seq: int) -> None:
        """See `LabelTransaction.take_turns`."""
        self.facts.label_seq = label_seq

    def _turned(self) -> list[LabelRow]:
        rows = [row for row in self.facts.labels.values() if row.label_seq is not None]
        return sorted(rows, key=lambda row: row.label_seq or 0)

    def _unturned(self) -> list[LabelRow]:
        rows = [row for row in self.facts.labels.values() if row.label_seq is None]
        return sorted(rows, key=lambda row: (row.partition, row.offset))


def _fill(rows: RiskRows, stored: Mapping[int, Floats]) -> None:
    for place, key in enumerate(rows.keys.tolist()):
        if key in stored:
            rows.rows[place] = stored[key]


def _merchant(payment: LabelledPayment) -> int:
    return ABSENT if payment.merchant_id is None else payment.merchant_id
