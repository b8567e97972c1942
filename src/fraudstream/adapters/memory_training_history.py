"""`TrainingHistory` in memory, over what the memory stores hold; held to the same suite as the one on Postgres."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fraudstream.adapters.memory_labels import LabelFacts
from fraudstream.adapters.memory_matured import MemoryMaturedScores, frauds
from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.ports.matured import Window
from fraudstream.ports.training_history import Extent, PastPayments


@dataclass
class MemoryTrainingHistory:
    """One batch for each slice."""

    slices: MemorySliceStore
    labels: LabelFacts

    def as_of(self) -> float | None:
        """See `TrainingHistory.as_of`."""
        return MemoryMaturedScores(self.slices, self.labels).as_of()

    def extent(self, window: Window) -> Extent:
        """See `TrainingHistory.extent`."""
        batches = list(self.payments(window))
        return Extent(sum(map(len, batches)), sum(int(batch.fraud.sum()) for batch in batches))

    def payments(self, window: Window, *, every: int = 1, every_fraud: int = 1) -> Iterator[PastPayments]:
        """See `TrainingHistory.payments`."""
        for result in (committed.result for committed in self.slices.slices):
            rows = result.scored
            times = rows.payments.event_time
            inside = (times >= window.begin) & (times < window.end)
            if result.deployment.catalogue_version != CATALOGUE_VERSION or not inside.any():
                continue
            fraud = frauds(self.labels, rows.payments.transaction_id, window.as_of)
            wanted = inside & (rows.offset % np.where(fraud, every_fraud, every) == 0)
            if wanted.any():
                yield PastPayments(times, rows.payments.amount, rows.features, fraud).take(wanted)
