"""Rows of the ledger in memory, as the memory store of slices holds them."""

import uuid
from dataclasses import dataclass

from fraudstream.adapters.memory_slices import CommittedSlice
from fraudstream.features.events import Floats, uuid_at

COMMIT_DELAY = 0.25
"""Seconds from the last record of a slice to its commit, for want of a clock."""


@dataclass
class ScoreRow:
    """One scored row."""

    topic_id: str
    partition: int
    offset: int
    slice_id: int
    transaction_id: uuid.UUID
    body_hash: int
    user_id: int
    event_time: float
    amount: float
    log_time: float
    score: float
    alert: bool
    features: Floats


@dataclass
class QuarantineRow:
    """One quarantined record."""

    topic_id: str
    partition: int
    offset: int
    reason: str


@dataclass
class SliceRow:
    """One slice, with the columns of `LedgerSlices`."""

    topic_id: str
    slice_id: int
    partition: int
    first_offset: int
    last_offset: int
    label_seq: int
    deployment_id: int
    rows: int
    quarantined: int
    repeats: int
    committed_at: float


def score_rows(committed: CommittedSlice) -> list[ScoreRow]:
    """The scored rows of one slice."""
    return [_score_row(committed, row) for row in range(len(committed.result.scored.offset))]


def quarantine_rows(committed: CommittedSlice) -> list[QuarantineRow]:
    """The quarantined records of one slice."""
    part = committed.part
    return [
        QuarantineRow(part.topic_id, part.partition, row.offset, row.reason) for row in committed.result.quarantined
    ]


def slice_row(committed: CommittedSlice) -> SliceRow:
    """The row of one slice."""
    part, result = committed.part, committed.result
    return SliceRow(
        topic_id=part.topic_id,
        slice_id=result.slice_id,
        partition=part.partition,
        first_offset=result.first_offset,
        last_offset=result.last_offset,
        label_seq=result.label_seq,
        deployment_id=result.deployment.deployment_id,
        rows=len(result.scored.offset),
        quarantined=len(result.quarantined),
        repeats=result.repeats,
        committed_at=float(result.scored.log_time.max(initial=0.0)) + COMMIT_DELAY,
    )


def _score_row(committed: CommittedSlice, row: int) -> ScoreRow:
    scored = committed.result.scored
    payments = scored.payments
    return ScoreRow(
        topic_id=committed.part.topic_id,
        partition=committed.part.partition,
        offset=int(scored.offset[row]),
        slice_id=committed.result.slice_id,
        transaction_id=uuid_at(payments.transaction_id, row),
        body_hash=int(scored.body_hash[row]),
        user_id=int(payments.user_id[row]),
        event_time=float(payments.event_time[row]),
        amount=float(payments.amount[row]),
        log_time=float(scored.log_time[row]),
        score=float(scored.score[row]),
        alert=bool(scored.alert[row]),
        features=scored.features[row].copy(),
    )
