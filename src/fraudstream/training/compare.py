"""Two models on the same payments, counted batch by batch in memory that does not grow with them.

Only frauds are kept one by one, for they are rare. What the other payments do to the ranking is kept as a histogram of
scores, fine enough that average precision agrees with the exact one to a thousandth.
"""

from dataclasses import dataclass, field

import numpy as np

from fraudstream.decisions.policy import Bools, alerts
from fraudstream.features.events import Floats, Ints
from fraudstream.ports.matured import ScoredPairs

BINS = 1 << 16
FARTHEST = 20.0
"""Log-odds from which on scores are not told apart: two in a thousand million."""


@dataclass(frozen=True)
class Worth:
    """What one model was worth; rates are shares between 0 and 1.

    `predicted_frauds` is the sum of the probabilities; `recall` and `value_recall` are the shares of frauds, and of
    the money in them, that its threshold would have caught; `precision` the share of its alerts that were fraud.
    """

    average_precision: float
    predicted_frauds: float
    alert_rate: float
    precision: float
    recall: float
    value_recall: float


@dataclass(frozen=True)
class Comparison:
    """Both models on `payments` payments, `frauds` of them fraud.

    `gain` is the challenger's average precision less the champion's, `error` the standard error of that, counting each
    customer's frauds as one observation. `unusable` is how many scores of the challenger are no probabilities, and
    `constant` whether it gives every payment the same.
    """

    payments: int
    frauds: int
    champion: Worth
    challenger: Worth
    gain: float
    error: float
    unusable: int
    constant: bool


@dataclass
class _Counts:
    """What is kept of one model's scores."""

    threshold: float
    genuine: Ints = field(default_factory=lambda: np.zeros(BINS, np.int64))
    frauds: list[Floats] = field(default_factory=list)
    predicted: float = 0.0
    alerts: int = 0
    lowest: float = np.inf
    highest: float = -np.inf

    def add(self, score: Floats, fraud: Bools) -> None:
        self.genuine += np.bincount(bins(score[~fraud]), minlength=BINS)
        self.frauds.append(score[fraud])
        self.predicted += float(score.sum())
        self.alerts += int(alerts(score, self.threshold).sum())
        self.lowest, self.highest = min(self.lowest, float(score.min())), max(self.highest, float(score.max()))

    def precision_at_frauds(self) -> Floats:
        """For each fraud, the share of frauds among the payments that score at least as high; (frauds,)."""
        place = bins(np.concatenate(self.frauds))
        fraud = np.cumsum(np.bincount(place, minlength=BINS)[::-1])[::-1]
        everything = fraud + np.cumsum(self.genuine[::-1])[::-1]
        precision: Floats = fraud[place] / everything[place]
        return precision


class Tally:
    """Takes batches of payments that both models scored.

    Args:
        champion_threshold: probability from which on the champion alerts.
        challenger_threshold: the same for the challenger.
    """

    def __init__(self, champion_threshold: float, challenger_threshold: float) -> None:
        self._champion = _Counts(champion_threshold)
        self._challenger = _Counts(challenger_threshold)
        self._users: list[Ints] = []
        self._amounts: list[Floats] = []
        self.payments = 0
        self.unusable = 0

    def add(self, pairs: ScoredPairs) -> None:
        """Count a batch; payments for which the challenger has no probability are counted and not compared."""
        self.payments += len(pairs)
        usable = (pairs.challenger >= 0.0) & (pairs.challenger <= 1.0)
        self.unusable += int(len(pairs) - usable.sum())
        if usable.any():
            fraud = pairs.fraud[usable]
            self._champion.add(pairs.champion[usable], fraud)
            self._challenger.add(pairs.challenger[usable], fraud)
            self._users.append(pairs.user_id[usable][fraud])
            self._amounts.append(pairs.amount[usable][fraud])

    def result(self) -> Comparison:
        """What was counted so far; without frauds every rate is 0."""
        users = np.concatenate([np.empty(0, np.int64), *self._users])
        compared = self.payments - self.unusable
        champion, challenger = (
            (counts.precision_at_frauds() if len(users) else np.empty(0))
            for counts in (self._champion, self._challenger)
        )
        gain, error = _paired(challenger - champion, users)
        amounts = np.concatenate([np.empty(0), *self._amounts])
        return Comparison(
            payments=self.payments,
            frauds=len(users),
            champion=_worth(self._champion, champion, amounts, compared),
            challenger=_worth(self._challenger, challenger, amounts, compared),
            gain=gain,
            error=error,
            unusable=self.unusable,
            constant=compared > 0 and self._challenger.lowest == self._challenger.highest,
        )


def bins(score: Floats) -> Ints:
    """The bin of each probability (n,), even in log-odds."""
    with np.errstate(divide="ignore"):
        log_odds = np.log(score) - np.log1p(-score)
    place = (np.clip(log_odds, -FARTHEST, FARTHEST) + FARTHEST) * ((BINS - 1) / (2 * FARTHEST))
    found: Ints = place.astype(np.int64)
    return found


def _paired(difference: Floats, users: Ints) -> tuple[float, float]:
    """Mean of differences (frauds,) and its standard error, with one observation for each customer."""
    if not len(difference):
        return 0.0, 0.0
    mean = float(difference.mean())
    _, customer = np.unique(users, return_inverse=True)
    sums = np.bincount(customer, difference - mean)
    return mean, float(np.sqrt(np.square(sums).sum()) / len(difference))


def _worth(counts: _Counts, precision: Floats, amounts: Floats, compared: int) -> Worth:
    caught = alerts(np.concatenate([np.empty(0), *counts.frauds]), counts.threshold)
    frauds = len(caught)
    return Worth(
        average_precision=float(precision.mean()) if frauds else 0.0,
        predicted_frauds=counts.predicted,
        alert_rate=counts.alerts / max(compared, 1),
        precision=int(caught.sum()) / max(counts.alerts, 1),
        recall=float(caught.mean()) if frauds else 0.0,
        value_recall=float(amounts[caught].sum() / max(amounts.sum(), 1e-9)),
    )
