"""Scored payments and labels for `QualityStore`, put into memory and into Postgres alike."""

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np

from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory_quality import AppliedLabel, MemoryQuality, ScoredPayment
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.ports.quality import QualityStore

TOPIC_ID = str(uuid.UUID(int=7))
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = NOON.date()

SLICE = """
INSERT INTO slices (slice_id, topic_id, partition, first_offset, last_offset, epoch, label_seq, deployment_id,
                    model_version, catalogue_version, rows, quarantined, repeats)
OVERRIDING SYSTEM VALUE VALUES (%s, %s, 0, %s, %s, 1, 0, 1, %s, %s, 1, 0, 0)
ON CONFLICT (slice_id) DO UPDATE SET last_offset = excluded.last_offset, rows = slices.rows + 1
"""
SCORED = """
INSERT INTO scored_transactions (topic_id, partition, "offset", log_time, slice_id, transaction_id, body_hash, user_id,
    event_time, amount, merchant_category, location, payment_method, score, alert, features)
VALUES (%s, 0, %s, %s, %s, %s, %s, 1, %s, %s, 0, 0, 0, %s, %s, %s)
"""
KNOWN = 'INSERT INTO transaction_ids (id, body_hash, topic_id, partition, "offset") VALUES (%s, %s, %s, 0, %s)'
POSITION = """
INSERT INTO positions (topic_id, partition, topic, next_offset, epoch) VALUES (%s, 0, 'payments', %s, 1)
ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
LABEL = """
INSERT INTO labels (topic_id, partition, "offset", label_seq, transaction_id, is_fraud, source, arrived_at, user_id,
                    event_time)
VALUES (%s, 1, %s, %s, %s, %s, 'bank', %s, 1, %s)
"""


def day(later: int) -> dt.date:
    """So many days after the first."""
    return DAY + dt.timedelta(days=later)


@dataclass
class World:
    """A store, and what was put into it; `paid` and `labelled` commit one row each."""

    store: QualityStore
    commit_payment: Callable[[ScoredPayment], None]
    commit_label: Callable[[AppliedLabel, dt.datetime | None], None]
    payments: list[ScoredPayment] = field(default_factory=list)

    def paid(
        self,
        *,
        at: dt.datetime = NOON,
        amount: float = 10.0,
        alert: bool = False,
        version: str = "1",
        slice_id: int | None = None,
        score: float = 0.25,
        body_hash: int | None = None,
    ) -> int:
        """Score one payment; returns its number."""
        number = len(self.payments)
        self.payments.append(
            ScoredPayment(
                transaction=number,
                slice_id=number + 1 if slice_id is None else slice_id,
                model_version=version,
                event_time=at,
                amount=amount,
                alert=alert,
                score=score,
                features=np.arange(FEATURE_COUNT, dtype=np.float64) + number / 4,
                body_hash=number if body_hash is None else body_hash,
            )
        )
        self.commit_payment(self.payments[-1])
        return number

    def labelled(self, number: int, *, is_fraud: bool, after: float, known: bool = True) -> None:
        """Let a label arrive so many days after noon of the first day; or one whose payment nobody has scored."""
        arrived = NOON + dt.timedelta(days=after)
        paid_at = self.payments[number].event_time if known else None
        self.commit_label(AppliedLabel(number, is_fraud, arrived), paid_at)


def memory_world() -> World:
    """Everything in memory."""
    store = MemoryQuality()

    def label(row: AppliedLabel, paid_at: dt.datetime | None) -> None:
        if paid_at is not None:
            store.labels.append(row)

    return World(store, store.scored.append, label)


def postgres_world(url: str, store: PostgresQuality) -> World:
    """Everything in a database."""
    turns = iter(range(1, 1_000_000))
    offsets = iter(range(1_000_000))

    def execute(*statements: tuple[str, tuple[object, ...]]) -> None:
        with closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
            for statement, values in statements:
                cursor.execute(statement, values)

    def payment(row: ScoredPayment) -> None:
        offset = row.transaction
        scored = (
            TOPIC_ID,
            offset,
            row.event_time,
            row.slice_id,
            str(uuid.UUID(int=row.transaction)),
            row.body_hash,
            row.event_time,
            row.amount,
            row.score,
            row.alert,
            row.features.astype("<f8").tobytes(),
        )
        execute(
            (SLICE, (row.slice_id, TOPIC_ID, offset, offset, row.model_version, CATALOGUE_VERSION)),
            (SCORED, scored),
            (KNOWN, (str(uuid.UUID(int=row.transaction)), row.body_hash, TOPIC_ID, offset)),
            (POSITION, (TOPIC_ID, offset + 1)),
        )

    def label(row: AppliedLabel, paid_at: dt.datetime | None) -> None:
        turn = None if paid_at is None else next(turns)
        key = str(uuid.UUID(int=row.transaction))
        execute((LABEL, (TOPIC_ID, next(offsets), turn, key, row.is_fraud, row.arrived_at, paid_at)))

    return World(store, payment, label)
