"""`ScoredHistory` in memory, on the memory stores of slices and labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fraudstream.adapters.memory_labels import MemoryLabelStore
from fraudstream.adapters.memory_slices import CommittedSlice, MemorySliceStore
from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import uuid_at
from fraudstream.features.label_history import UNLABELLED
from fraudstream.ports.scored_history import Days, ScoredBatch, StoredModel
from fraudstream.ports.slices import Deployment


@dataclass(frozen=True)
class MemoryScoredHistory:
    """`ScoredHistory` and `HistorySnapshot` at once; `deployed` and `tried` are what was here, the newest last."""

    slices: MemorySliceStore
    labels: MemoryLabelStore
    deployed: list[StoredModel] = field(default_factory=list)
    tried: list[StoredModel] = field(default_factory=list)

    @contextmanager
    def snapshot(self) -> Iterator["MemoryScoredHistory"]:
        """See `ScoredHistory.snapshot`."""
        yield self

    def active(self) -> Deployment | None:
        """See `HistorySnapshot.active`."""
        return self.slices.active

    def model(self, version: str) -> StoredModel | None:
        """See `HistorySnapshot.model`."""
        return next((model for model in [*self.deployed[::-1], *self.tried[::-1]] if model.version == version), None)

    def artefact(self, digest: str) -> bytes:
        """See `HistorySnapshot.artefact`."""
        if digest not in self.slices.artefacts:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return self.slices.artefacts[digest]

    def count(self, catalogue_version: int, days: Days) -> int:
        """See `HistorySnapshot.count`."""
        return sum(map(len, self.walk(catalogue_version, days)))

    def walk(self, catalogue_version: int, days: Days) -> Iterator[ScoredBatch]:
        """See `HistorySnapshot.walk`; a slice is a batch."""
        for committed in sorted(self.slices.slices, key=lambda committed: committed.result.slice_id):
            if committed.result.deployment.catalogue_version == catalogue_version:
                batch = self._batch(committed, days)
                if len(batch):
                    yield batch

    def _batch(self, committed: CommittedSlice, days: Days) -> ScoredBatch:
        scored = committed.result.scored
        times = scored.payments.event_time
        rows = np.flatnonzero((times >= days.begin) & (times < days.end))
        ids = [uuid_at(scored.payments.transaction_id, row) for row in rows.tolist()]
        with self.labels.transaction() as transaction:
            known = transaction.outcomes(ids)
        vectors = scored.features[rows] if scored.features.shape[1] == FEATURE_COUNT else None
        return ScoredBatch(
            event_time=times[rows],
            amount=scored.payments.amount[rows],
            features=np.full((len(rows), FEATURE_COUNT), np.nan) if vectors is None else vectors,
            outcome=np.array([known.get(key, UNLABELLED) for key in ids], np.int16),
        )
