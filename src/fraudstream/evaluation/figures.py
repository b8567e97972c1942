"""What scores are worth against the truth: ranking, cards found, each kind of fraud, and whether to believe them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Floats, Ints
from fraudstream.training.dataset import DAY, History, Scenarios
from fraudstream.training.evaluate import evaluate

SCENARIO_RATE = 0.001
"""Share of genuine payments that may alert, at which recall is reported by scenario."""
CARDS_A_DAY = 100
"""Cards that somebody looks at each day."""
BINS = 15

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """`n` payments that are measured, in the order of time; `day` counts from any midnight."""

    day: Ints
    card: Ints
    scenario: Scenarios
    amount: Floats

    @property
    def fraud(self) -> Bools:
        """The truth, (n,)."""
        return self.scenario > 0


@dataclass(frozen=True)
class Figures:
    """Figures on `rows` payments, `frauds` of them fraud; all but the counts and the ratio are between 0 and 1.

    `recall_at_fpr` has the share of frauds ranked above all but that share of genuine payments;
    `per_scenario_recall` the same by kind of fraud, at `SCENARIO_RATE`. `predicted_over_actual` is the sum of the
    probabilities by the number of frauds.
    """

    auc: float
    ap: float
    cp100: float
    recall_at_fpr: Mapping[str, float]
    per_scenario_recall: Mapping[str, float]
    ece: float
    predicted_over_actual: float
    rows: int
    frauds: int


def measured_rows(history: History, rows: Ints) -> Measured:
    """What is known of these rows of a history in truth."""
    day = ((history.events.event_time[rows] - history.start) // DAY).astype(np.int64)
    return Measured(day, history.events.user_id[rows], history.scenario[rows], history.events.amount[rows])


def figures_of(probability: Floats, measured: Measured, names: Mapping[int, str]) -> Figures:
    """Measure scores (n,) against the truth; `names` says what each kind of fraud is called.

    Raises:
        ConfigurationError: there is no fraud, or nothing else, to measure on.
    """
    fraud = measured.fraud
    found = evaluate(probability, measured.scenario, measured.amount, threshold=1.0, scenario_names=names)
    above = probability > _threshold_at(probability, fraud, SCENARIO_RATE)
    return Figures(
        auc=found.auc,
        ap=found.average_precision,
        cp100=card_precision(probability, measured),
        recall_at_fpr={f"{rate:g}": recall for rate, recall in found.recall_at},
        per_scenario_recall={
            name: float(above[measured.scenario == code].mean())
            for code, name in names.items()
            if (measured.scenario == code).any()
        },
        ece=expected_calibration_error(probability, fraud),
        predicted_over_actual=found.predicted_frauds / found.frauds,
        rows=found.payments,
        frauds=found.frauds,
    )


def mean_of(folds: Sequence[Figures]) -> Figures:
    """The mean over folds; rows and frauds are added up. A scenario counts where it occurs."""
    rates, kinds = folds[0].recall_at_fpr, {name: None for fold in folds for name in fold.per_scenario_recall}
    return Figures(
        auc=_mean([fold.auc for fold in folds]),
        ap=_mean([fold.ap for fold in folds]),
        cp100=_mean([fold.cp100 for fold in folds]),
        recall_at_fpr={rate: _mean([fold.recall_at_fpr[rate] for fold in folds]) for rate in rates},
        per_scenario_recall={
            kind: _mean([fold.per_scenario_recall[kind] for fold in folds if kind in fold.per_scenario_recall])
            for kind in kinds
        },
        ece=_mean([fold.ece for fold in folds]),
        predicted_over_actual=_mean([fold.predicted_over_actual for fold in folds]),
        rows=sum(fold.rows for fold in folds),
        frauds=sum(fold.frauds for fold in folds),
    )


def card_precision(probability: Floats, measured: Measured, *, cards: int = CARDS_A_DAY) -> float:
    """Card precision: the share of compromised cards among the `cards` with the highest scores of a day, mean of days.

    A card's score is the highest of its payments of the day, and it is compromised if one of them is fraud. A
    compromised card that was among them is dealt with, and leaves the days after. Days with fewer cards are measured
    as if they had that many. Definition: the Handbook cited in `protocol`, chapter 4.
    """
    precision: list[float] = []
    found = np.empty(0, np.int64)
    for day in np.unique(measured.day):
        rows = np.flatnonzero((measured.day == day) & ~np.isin(measured.card, found))
        names, group = np.unique(measured.card[rows], return_inverse=True)
        highest = np.full(len(names), -np.inf)
        np.maximum.at(highest, group, probability[rows])
        compromised = np.zeros(len(names), np.bool_)
        np.logical_or.at(compromised, group, measured.fraud[rows])
        top = np.argsort(-highest, kind="stable")[:cards]
        caught = names[top[compromised[top]]]
        precision.append(len(caught) / cards)
        found = np.concatenate([found, caught])
    return float(np.mean(precision))


def expected_calibration_error(probability: Floats, fraud: Bools, *, bins: int = BINS) -> float:
    """Mean distance of predicted and actual share of fraud over `bins` equally large groups of ranked scores (n,).

    Source: M. Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", 2015;
    groups of equal size, for with bins of equal width nearly every payment would be in the first.
    """
    groups = np.array_split(np.argsort(probability, kind="stable"), bins)
    gaps = [abs(float(probability[rows].sum()) - float(fraud[rows].sum())) for rows in groups]
    return sum(gaps) / len(probability)


def _threshold_at(probability: Floats, fraud: Bools, rate: float) -> float:
    genuine = np.sort(probability[~fraud])[::-1]
    return float(genuine[int(rate * len(genuine))])


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
