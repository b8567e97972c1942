"""The oracle: whole customers scored again from the log, by the same kernel and walker, without batches or faults."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from fraudstream.decisions.policy import alerts
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.features.events import EventColumns, Floats, Ints
from fraudstream.features.kernel import vectors
from fraudstream.features.label_history import rows_of
from fraudstream.models.archive import load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score
from fraudstream.ports.ledger import Bools, LedgerSnapshot
from fraudstream.ports.slices import Deployment
from fraudstream.recorded.risk_replay import RiskReplay

TARGET_SHARE = 0.1
TARGET_ROWS = 1_000


@dataclass(frozen=True)
class Expected:
    """What `n` payments should have been stored with."""

    features: Floats
    score: Floats
    alert: Bools


def choose_customers(users: Ints, counts: Ints, *, scored: int, seed: int) -> Ints:
    """Whole customers, at random, whose rows are at least a tenth of all scores or 1,000, whichever is more.

    Args:
        users: customers that can be recomputed.
        counts: their numbers of scored rows.
        scored: all scored rows.
        seed: of the choice; the same seed chooses the same customers.

    Returns:
        Ids, ascending; everybody where there are fewer rows than wanted.
    """
    target = max(int(np.ceil(scored * TARGET_SHARE)), TARGET_ROWS)
    order = np.random.default_rng(seed).permutation(len(users))
    enough = int(np.searchsorted(np.cumsum(counts[order]), target)) + 1
    return np.sort(users[order[:enough]])


@dataclass
class Oracle:
    """Chosen customers as they were after everything replayed so far."""

    ledger: LedgerSnapshot
    users: Ints
    state: Floats
    risk: RiskReplay
    deployments: dict[int, Deployment]
    _models: dict[str, ScoringModel] = field(default_factory=dict)

    @classmethod
    def at_the_beginning(cls, ledger: LedgerSnapshot, users: Ints) -> "Oracle":
        """Customers (ids ascending) as the log began."""
        state, risk = ledger.initial_customers(CATALOGUE_VERSION, users)
        beginning = RiskReplay.at_the_beginning(ledger, CATALOGUE_VERSION, risk)
        with_nobody = np.vstack([state, np.zeros((1, state.shape[1]))])
        return cls(ledger, users, with_nobody, beginning, dict(ledger.deployments()))

    def replay(self, events: EventColumns, label_seq: Ints, deployment_id: Ints) -> Expected:
        """Score `n` payments of the chosen customers.

        Args:
            events: in the recorded order of each customer, with `label_seq` never falling.
            label_seq: (n,) the labels each score had seen.
            deployment_id: (n,) the deployment each was scored by.

        Raises:
            ModelUnavailable: an artefact is not stored, or does not fit this program.
        """
        features = np.empty((len(events), FEATURE_COUNT))
        for start, stop in _runs(label_seq):
            self.risk.advance(int(label_seq[start]), horizon=int(label_seq[-1]))
            features[start:stop] = self._vectors(events.take(slice(start, stop)))
        expected = Expected(features, np.empty(len(events)), np.empty(len(events), np.bool_))
        for deployment in np.unique(deployment_id).tolist():
            self._score(expected, deployment_id == deployment, self.deployments[deployment])
        return expected

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

    def _score(self, expected: Expected, which: Bools, deployment: Deployment) -> None:
        model = self._models.get(deployment.digest)
        if model is None:
            model = load_model(self.ledger.artefact(deployment.digest), digest=deployment.digest)
            self._models[deployment.digest] = model
        expected.score[which] = score(model, expected.features[which]).probability
        expected.alert[which] = alerts(expected.score[which], deployment.threshold)


def _runs(values: Ints) -> list[tuple[int, int]]:
    """Start and end of each run of equal values."""
    bounds = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    return [(start, stop) for start, stop in pairwise(bounds) if stop > start]
