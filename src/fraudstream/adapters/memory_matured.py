"""`MaturedScores` and `KnownFrauds` in memory, over what the memory stores hold; held to the real ones' suites."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fraudstream.adapters.memory_labels import LabelFacts
from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.features.events import Bytes, uuid_at
from fraudstream.ports.matured import Bools, ScoredPairs, Window

LATEST_SLICES = 20
"""Slices whose payments tell the time."""


@dataclass
class MemoryMaturedScores:
    """One batch for each slice."""

    slices: MemorySliceStore
    labels: LabelFacts

    def as_of(self) -> float | None:
        """See `MaturedScores.as_of`."""
        scored = [committed.result.scored for committed in self.slices.slices if len(committed.result.scored.offset)]
        times = [rows.payments.event_time for rows in scored[-LATEST_SLICES:]]
        return float(np.quantile(np.concatenate(times), 0.5, method="inverted_cdf")) if times else None

    def pairs(self, champion: str, challenger: str, window: Window) -> Iterator[ScoredPairs]:
        """See `MaturedScores.pairs`."""
        for result in (committed.result for committed in self.slices.slices):
            shadow, payments = result.shadow, result.scored.payments
            if shadow is None or shadow.digest != challenger or result.deployment.digest != champion:
                continue
            inside = (payments.event_time >= window.begin) & (payments.event_time < window.end)
            if inside.any():
                yield ScoredPairs(
                    champion=result.scored.score[inside],
                    challenger=shadow.score[inside],
                    fraud=frauds(self.labels, payments.transaction_id[inside], window.as_of),
                    user_id=payments.user_id[inside],
                    amount=payments.amount[inside],
                )


@dataclass
class MemoryKnownFrauds:
    """`KnownFrauds` over what a memory store holds."""

    labels: LabelFacts

    def frauds(self, transaction_ids: Bytes, as_of: float) -> Bools:
        """See `KnownFrauds.frauds`."""
        return frauds(self.labels, transaction_ids, as_of)


def frauds(labels: LabelFacts, ids: Bytes, as_of: float) -> Bools:
    """What the newest label says that had arrived by `as_of`, for ids of (n, 16) bytes; (n,)."""
    turned = [row for row in labels.labels.values() if row.label_seq is not None]
    arrived = [row for row in turned if row.label.arrived_at.timestamp() <= as_of]
    newest = {
        row.label.transaction_id: row.label.is_fraud for row in sorted(arrived, key=lambda row: row.label_seq or 0)
    }
    return np.array([newest.get(uuid_at(ids, row), False) for row in range(len(ids))], np.bool_)
