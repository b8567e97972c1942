"""Two models on the same payments, counted batch by batch in memory that does not grow with them.

Scores are counted in bins, fine enough that average precision agrees with the exact one to a thousandth. Customers are
spread over groups, each counted by itself: leaving out one group after the other shows how much of a difference is due
to who happened to pay (the delete-a-group jackknife of survey statistics; P. Kott, Journal of Official Statistics,
2001). A customer's payments stay together, for a fraud seldom comes alone.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from fraudstream.decisions.policy import alerts
from fraudstream.features.events import Floats, Ints
from fraudstream.ports.matured import ScoredPairs

BINS = 1 << 15
FARTHEST = 20.0
"""Log-odds from which on scores are not told apart: two in a thousand million."""
GROUPS = 32

Counted = npt.NDArray[np.int32]


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

    `gain` is the challenger's average precision less the champion's, `error` the standard error of that; infinite where
    there are too few customers to tell. `unusable` is how many scores of the challenger are no probabilities, and
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


def _bins_of_groups() -> Counted:
    return np.zeros((GROUPS, BINS), np.int32)


@dataclass
class _Counts:
    """What is kept of one model's scores: how many fell into each bin for each group, and sums at its threshold."""

    threshold: float
    genuine: Counted = field(default_factory=_bins_of_groups)
    fraud: Counted = field(default_factory=_bins_of_groups)
    predicted: float = 0.0
    alerts: int = 0
    caught: int = 0
    money_caught: float = 0.0
    lowest: float = np.inf
    highest: float = -np.inf

    def add(self, score: Floats, pairs: ScoredPairs, group: Ints) -> None:
        place, fraud = bins(score), pairs.fraud
        np.add.at(self.genuine, (group[~fraud], place[~fraud]), 1)
        np.add.at(self.fraud, (group[fraud], place[fraud]), 1)
        alerted = alerts(score, self.threshold)
        self.predicted += float(score.sum())
        self.alerts += int(alerted.sum())
        self.caught += int((alerted & fraud).sum())
        self.money_caught += float(pairs.amount[alerted & fraud].sum())
        self.lowest, self.highest = min(self.lowest, float(score.min())), max(self.highest, float(score.max()))

    def worth(self, payments: int, money: float) -> Worth:
        frauds = int(self.fraud.sum())
        return Worth(
            average_precision=average_precision(self.fraud.sum(axis=0), self.genuine.sum(axis=0)),
            predicted_frauds=self.predicted,
            alert_rate=self.alerts / max(payments, 1),
            precision=self.caught / max(self.alerts, 1),
            recall=self.caught / max(frauds, 1),
            value_recall=self.money_caught / money if money else 0.0,
        )

    def without_each(self, groups: Ints) -> Floats:
        """Average precision without each of these groups, (len(groups),)."""
        fraud, genuine = self.fraud.sum(axis=0), self.genuine.sum(axis=0)
        return np.array([average_precision(fraud - self.fraud[g], genuine - self.genuine[g]) for g in groups])


class Tally:
    """Takes batches of payments that both models scored.

    Args:
        champion_threshold: probability from which on the champion alerts.
        challenger_threshold: the same for the challenger.
    """

    def __init__(self, champion_threshold: float, challenger_threshold: float) -> None:
        self._champion = _Counts(champion_threshold)
        self._challenger = _Counts(challenger_threshold)
        self._money = 0.0
        self.payments = 0
        self.unusable = 0

    def add(self, pairs: ScoredPairs) -> None:
        """Count a batch; payments for which the challenger has no probability are counted and not compared."""
        self.payments += len(pairs)
        usable = pairs.take((pairs.challenger >= 0.0) & (pairs.challenger <= 1.0))
        self.unusable += len(pairs) - len(usable)
        if len(usable):
            group = groups_of(usable.user_id)
            self._champion.add(usable.champion, usable, group)
            self._challenger.add(usable.challenger, usable, group)
            self._money += float(usable.amount[usable.fraud].sum())

    def result(self) -> Comparison:
        """What was counted so far; without frauds every rate is 0."""
        compared = self.payments - self.unusable
        champion = self._champion.worth(compared, self._money)
        challenger = self._challenger.worth(compared, self._money)
        return Comparison(
            payments=self.payments,
            frauds=int(self._champion.fraud.sum()),
            champion=champion,
            challenger=challenger,
            gain=challenger.average_precision - champion.average_precision,
            error=self._error(),
            unusable=self.unusable,
            constant=compared > 0 and self._challenger.lowest == self._challenger.highest,
        )

    def _error(self) -> float:
        groups = np.flatnonzero(self._champion.fraud.any(axis=1) | self._champion.genuine.any(axis=1))
        if len(groups) < 2:  # noqa: PLR2004 - nothing scatters by itself
            return float("inf")
        gains = self._challenger.without_each(groups) - self._champion.without_each(groups)
        return float(np.sqrt((len(groups) - 1) * gains.var()))


def average_precision(fraud: npt.NDArray[np.integer], genuine: npt.NDArray[np.integer]) -> float:
    """Average precision of counts by bin of score, rising; what shares a bin is a tie; 0 without any fraud."""
    above = np.cumsum(fraud[::-1], dtype=np.int64)
    if above[-1] == 0:
        return 0.0
    taken = np.flatnonzero(fraud[::-1])
    everything = above[taken] + np.cumsum(genuine[::-1], dtype=np.int64)[taken]
    return float((fraud[::-1][taken] * (above[taken] / everything)).sum() / above[-1])


def bins(score: Floats) -> Ints:
    """The bin of each probability (n,), even in log-odds."""
    with np.errstate(divide="ignore"):
        log_odds = np.log(score) - np.log1p(-score)
    place = (np.clip(log_odds, -FARTHEST, FARTHEST) + FARTHEST) * ((BINS - 1) / (2 * FARTHEST))
    found: Ints = place.astype(np.int64)
    return found


def groups_of(user_id: Ints) -> Ints:
    """The group of each customer (n,); neighbouring ids are spread (D. Knuth's multiplicative hashing)."""
    spread = user_id.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    found: Ints = (spread >> np.uint64(59)).astype(np.int64)
    return found
