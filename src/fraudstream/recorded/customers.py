"""Customers taken through the recorded past by the kernel, each payment with the labels that its score had seen."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import EventColumns, Floats, Ints
from fraudstream.features.kernel import vectors
from fraudstream.features.label_history import rows_of
from fraudstream.recorded.risk_replay import RiskReplay


@dataclass
class RecordedCustomers:
    """`users` (U,), ascending, after everything replayed so far; `state` is (U + 1, width), the last row nobody's."""

    users: Ints
    state: Floats
    risk: RiskReplay

    @classmethod
    def after(cls, users: Ints, state: Floats, risk: RiskReplay) -> "RecordedCustomers":
        """Customers with their states (U, width); `risk` holds the same customers."""
        return cls(users, np.vstack([state, np.zeros((1, state.shape[1]))]), risk)

    def replay(self, events: EventColumns, label_seq: Ints) -> Floats:
        """Take `n` payments of these customers; returns their vectors (n, FEATURE_COUNT).

        Args:
            events: in the recorded order of each customer, with `label_seq` never falling.
            label_seq: (n,) the labels each score had seen.
        """
        features = np.empty((len(events), FEATURE_COUNT))
        for start, stop in _runs(label_seq):
            self.risk.advance(int(label_seq[start]), horizon=int(label_seq[-1]))
            features[start:stop] = self._vectors(events.take(slice(start, stop)))
        return features

    def _vectors(self, events: EventColumns) -> Floats:
        customers, merchants = self.risk.customers, self.risk.merchants
        return vectors(
            events,
            self.state,
            rows_of(self.users, events.user_id),
            customers.rows,
            merchants.rows,
            merchants.row_of(events.merchant_id),
        )


def _runs(values: Ints) -> list[tuple[int, int]]:
    """Start and end of each run of equal values."""
    bounds = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return [(start, stop) for start, stop in pairwise(bounds) if stop > start]
