"""One step of the label applier: new labels and released ones take their turns and move risk rows, in one commit."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from fraudstream.features.events import ABSENT, Codes, Ints
from fraudstream.features.label_history import (
    UNLABELLED,
    LabelHistory,
    apply_step,
    contradictions,
    empty_history,
)
from fraudstream.feedback.intake import take_in
from fraudstream.ports.labels import LabelProgress, LabelRow, LabelStore, LabelTransaction, history_of
from fraudstream.ports.records import Record

RELEASED_AT_ONCE = 20_000
"""Waiting labels that one transaction takes at the most, about."""


@dataclass(frozen=True)
class Applied:
    """What one step did, in labels: `redelivered` records had been committed before and changed nothing."""

    turns: int = 0
    waiting: int = 0
    refused: int = 0
    redelivered: int = 0

    def plus(self, other: "Applied") -> "Applied":
        """Both steps together."""
        return Applied(
            self.turns + other.turns,
            self.waiting + other.waiting,
            self.refused + other.refused,
            self.redelivered + other.redelivered,
        )


@dataclass(frozen=True)
class LabelApplier:
    """Applies the label log `topic` of id `topic_id`; see `take_in` for `max_future`."""

    store: LabelStore
    topic: str
    topic_id: str
    max_future: dt.timedelta

    def apply(self, records: Sequence[Record]) -> Applied:
        """Take a batch of records, in the order of the log, in one transaction.

        Records below the stored position were committed before and are passed over, so a batch may be offered
        again after any failure.
        """
        with self.store.transaction() as transaction:
            progress = transaction.progress()
            fresh = _beyond_position(transaction, self.topic_id, records)
            if not fresh:
                return Applied(redelivered=len(records))
            intake = take_in(fresh, self.topic_id, max_future=self.max_future)
            held = transaction.waiting([row.label.transaction_id for row in intake.labels])
            ready, waiting = _joined(transaction, [*held, *intake.labels], progress)
            _take_turns(transaction, ready, progress)
            known = {(row.topic_id, row.partition, row.offset) for row in held}
            transaction.put_labels([r for r in waiting if (r.topic_id, r.partition, r.offset) not in known])
            transaction.refuse(intake.refused, self.topic_id)
            transaction.advance(self.topic, self.topic_id, next_offsets(fresh))
        return Applied(len(ready), len(waiting), len(intake.refused), len(records) - len(fresh))

    def release(self) -> Applied:
        """Let waiting labels whose payment has appeared take their turns, in one transaction."""
        with self.store.transaction() as transaction:
            progress = transaction.progress()
            ready, _ = _joined(transaction, transaction.released(RELEASED_AT_ONCE), progress)
            _take_turns(transaction, ready, progress)
        return Applied(turns=len(ready))


def _beyond_position(transaction: LabelTransaction, topic_id: str, records: Sequence[Record]) -> list[Record]:
    partitions = sorted({record.partition for record in records})
    stands = {partition: transaction.next_offset(topic_id, partition) for partition in partitions}
    return [record for record in records if record.offset >= stands[record.partition]]


def next_offsets(records: Iterable[Record]) -> dict[int, int]:
    """Where reading goes on after these records, for each of their partitions."""
    ends: dict[int, int] = {}
    for record in records:
        ends[record.partition] = max(ends.get(record.partition, 0), record.offset + 1)
    return ends


def _joined(
    transaction: LabelTransaction, candidates: Sequence[LabelRow], progress: LabelProgress
) -> tuple[list[LabelRow], list[LabelRow]]:
    """The labels that can take their turn, with payment and turn, and those that wait."""
    if progress.base is None:
        return [], list(candidates)
    payments = transaction.payments([row.label.transaction_id for row in candidates])
    turns = count(progress.label_seq + 1)
    ready: list[LabelRow] = []
    waiting: list[LabelRow] = []
    for row in candidates:
        payment = payments.get(row.label.transaction_id)
        if payment is None:
            waiting.append(row)
        else:
            ready.append(LabelRow(row.topic_id, row.partition, row.offset, row.label, next(turns), payment))
    return ready, waiting


def _take_turns(transaction: LabelTransaction, ready: Sequence[LabelRow], progress: LabelProgress) -> None:
    if not ready or progress.base is None:
        return
    step = history_of(ready)
    known = transaction.outcomes([row.label.transaction_id for row in ready])
    prior = np.array([known.get(row.label.transaction_id, UNLABELLED) for row in ready], np.int16)
    _move_risk(transaction, step, prior, base=progress.base)
    transaction.put_labels(ready)
    transaction.work_alerts({row.label.transaction_id: row.label.is_fraud for row in ready})
    transaction.take_turns(int(step.label_seq[-1]))


def _move_risk(transaction: LabelTransaction, step: LabelHistory, prior: Codes, *, base: int) -> None:
    customers, merchants = transaction.risk(_distinct(step.user_id), _distinct(step.merchant_id))
    again = contradictions(step, prior)
    past = empty_history()
    if again:
        past = transaction.past(again.users, again.merchants, after=base)
        initial_customers, initial_merchants = transaction.risk(again.users, again.merchants, initial=True)
        customers.put(again.users, initial_customers.rows[:-1])
        merchants.put(again.merchants, initial_merchants.rows[:-1])
    apply_step(step, prior, customers, merchants, again=again, past=past)
    transaction.put_risk(customers, merchants)


def _distinct(ids: Ints) -> Ints:
    return np.unique(ids[ids != ABSENT])
