"""`LabelStore` in memory, held to the same suite as the one on Postgres."""

import copy
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fraudstream.contracts.alert import CONFIRMED, DISMISSED
from fraudstream.features.events import Floats, Ints
from fraudstream.features.label_history import LabelHistory, RiskRows, customer_rows, merchant_rows
from fraudstream.ports.labels import LabelledPayment, LabelProgress, LabelRow, RefusedRecord, history_of

Place = tuple[str, int, int]


@dataclass
class LabelFacts:
    """Everything the store keeps; `payments` stands for scored and historical ones, alerts go by their payment."""

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
    alert_status: dict[uuid.UUID, str] = field(default_factory=dict)


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
            row.label.transaction_id: row.label.is_fraud
            for row in _turned(self.facts)
            if row.label.transaction_id in wanted
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
        every = stored_history(self.facts)
        wanted = np.isin(every.user_id, users) | np.isin(every.merchant_id, merchants)
        return every.take(wanted & (every.label_seq > after))

    def risk(self, users: Ints, merchants: Ints, *, initial: bool = False) -> tuple[RiskRows, RiskRows]:
        """See `LabelTransaction.risk`."""
        if initial:
            return initial_rows(self.facts, users, merchants)
        customers, shops = customer_rows(users), merchant_rows(merchants)
        _fill(customers, self.facts.customer_risk)
        _fill(shops, self.facts.merchant_risk)
        return customers, shops

    def put_risk(self, customers: RiskRows, merchants: RiskRows) -> None:
        """See `LabelTransaction.put_risk`."""
        self.facts.customer_risk |= dict(zip(customers.keys.tolist(), customers.rows, strict=False))
        self.facts.merchant_risk |= dict(zip(merchants.keys.tolist(), merchants.rows, strict=False))

    def put_labels(self, labels: Sequence[LabelRow]) -> None:
        """See `LabelTransaction.put_labels`."""
        self.facts.labels |= {(row.topic_id, row.partition, row.offset): row for row in labels}

    def work_alerts(self, outcomes: Mapping[uuid.UUID, bool]) -> None:
        """See `LabelTransaction.work_alerts`."""
        alerted = {key: is_fraud for key, is_fraud in outcomes.items() if key in self.facts.alert_status}
        self.facts.alert_status |= {key: CONFIRMED if fraud else DISMISSED for key, fraud in alerted.items()}

    def refuse(self, records: Sequence[RefusedRecord], topic_id: str) -> None:  # noqa: ARG002
        """See `LabelTransaction.refuse`."""
        self.facts.refused += records

    def advance(self, topic: str, topic_id: str, next_offsets: Mapping[int, int]) -> None:  # noqa: ARG002
        """See `LabelTransaction.advance`."""
        self.facts.positions |= {(topic_id, partition): offset for partition, offset in next_offsets.items()}

    def take_turns(self, label_seq: int) -> None:
        """See `LabelTransaction.take_turns`."""
        self.facts.label_seq = label_seq

    def _unturned(self) -> list[LabelRow]:
        rows = [row for row in self.facts.labels.values() if row.label_seq is None]
        return sorted(rows, key=lambda row: (row.partition, row.offset))


def stored_history(facts: LabelFacts) -> LabelHistory:
    """Every label with a turn, in order."""
    return history_of(_turned(facts))


def initial_rows(facts: LabelFacts, users: Ints, merchants: Ints) -> tuple[RiskRows, RiskRows]:
    """Initial risk rows of customers and merchants, ids ascending."""
    customers, shops = customer_rows(users), merchant_rows(merchants)
    _fill(customers, facts.initial_customer_risk)
    _fill(shops, facts.initial_merchant_risk)
    return customers, shops


def _turned(facts: LabelFacts) -> list[LabelRow]:
    rows = [row for row in facts.labels.values() if row.label_seq is not None]
    return sorted(rows, key=lambda row: row.label_seq or 0)


def _fill(rows: RiskRows, stored: Mapping[int, Floats]) -> None:
    for place, key in enumerate(rows.keys.tolist()):
        if key in stored:
            rows.rows[place] = stored[key]
