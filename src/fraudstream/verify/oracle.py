"""The oracle: whole customers scored again from the log, by the same kernel and walker, without batches or faults."""

from dataclasses import dataclass, field

import numpy as np

from fraudstream.decisions.policy import alerts
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.events import EventColumns, Floats, Ints
from fraudstream.models.archive import load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score
from fraudstream.ports.ledger import Bools, LedgerSnapshot
from fraudstream.ports.slices import Deployment
from fraudstream.recorded.customers import RecordedCustomers
from fraudstream.recorded.risk_replay import RiskReplay

TARGET_SHARE = 0.1
TARGET_ROWS = 1_000


@dataclass(frozen=True)
class Expected:
    """What `n` payments should have been stored with.

    What was scored on another feature catalogue moved the customer's state, but is not `known` (n,) here.
    """

    features: Floats
    score: Floats
    alert: Bools
    known: Bools


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
    customers: RecordedCustomers
    deployments: dict[int, Deployment]
    _models: dict[str, ScoringModel] = field(default_factory=dict)

    @classmethod
    def at_the_beginning(cls, ledger: LedgerSnapshot, users: Ints) -> "Oracle":
        """Customers (ids ascending) as the log began."""
        state, risk = ledger.initial_customers(CATALOGUE_VERSION, users)
        base = ledger.label_base(CATALOGUE_VERSION)
        beginning = RiskReplay.at_the_beginning(ledger, CATALOGUE_VERSION, base, risk)
        return cls(ledger, RecordedCustomers.after(users, state, beginning), dict(ledger.deployments()))

    @property
    def users(self) -> Ints:
        """The chosen customers, ascending."""
        return self.customers.users

    def replay(self, events: EventColumns, label_seq: Ints, deployment_id: Ints) -> Expected:
        """Score `n` payments of the chosen customers.

        Args:
            events: in the recorded order of each customer, with `label_seq` never falling.
            label_seq: (n,) the labels each score had seen.
            deployment_id: (n,) the deployment each was scored by.

        Raises:
            ModelUnavailable: an artefact is not stored, or does not fit this program.
        """
        features = self.customers.replay(events, label_seq)
        known = np.zeros(len(events), np.bool_)
        expected = Expected(features, np.empty(len(events)), np.empty(len(events), np.bool_), known)
        for number in np.unique(deployment_id).tolist():
            deployment = self.deployments[number]
            if deployment.catalogue_version == CATALOGUE_VERSION:
                self._score(expected, deployment_id == number, deployment)
        return expected

    def _score(self, expected: Expected, which: Bools, deployment: Deployment) -> None:
        model = self._models.get(deployment.digest)
        if model is None:
            model = load_model(self.ledger.artefact(deployment.digest), digest=deployment.digest)
            self._models[deployment.digest] = model
        expected.known[which] = True
        expected.score[which] = score(model, expected.features[which]).probability
        expected.alert[which] = alerts(expected.score[which], deployment.threshold)
