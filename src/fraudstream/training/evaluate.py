"""What a model is worth on payments it has not seen: ranking, alerts, money, and each kind of fraud by itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from fraudstream.decisions.policy import alerts
from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Floats

FALSE_POSITIVE_RATES = (0.001, 0.005, 0.01)
"""Shares of genuine payments that may alert, at which recall is reported."""


@dataclass(frozen=True)
class ScenarioRecall:
    """How many payments of one kind of fraud there were, and what share of them alerted."""

    name: str
    payments: int
    recall: float


@dataclass(frozen=True)
class Evaluation:
    """Figures on `payments` payments, `frauds` of them fraud in truth; all rates are shares between 0 and 1.

    `recall_at` pairs each of `FALSE_POSITIVE_RATES` with the share of frauds ranked above it. `value_recall` is
    the share of the money in frauds that alerted. `predicted_frauds` is the sum of the probabilities.
    """

    payments: int
    frauds: int
    auc: float
    average_precision: float
    recall_at: tuple[tuple[float, float], ...]
    alert_rate: float
    precision: float
    recall: float
    value_recall: float
    predicted_frauds: float
    by_scenario: tuple[ScenarioRecall, ...]

    def metrics(self) -> dict[str, float]:
        """The figures by the names the registry keeps them under."""
        figures = {
            "payments": float(self.payments),
            "frauds": float(self.frauds),
            "auc": self.auc,
            "average_precision": self.average_precision,
            "alert_rate": self.alert_rate,
            "alert_precision": self.precision,
            "alert_recall": self.recall,
            "value_recall": self.value_recall,
            "predicted_to_actual": self.predicted_frauds / self.frauds,
        }
        figures |= {f"recall_at_fpr_{rate:g}": recall for rate, recall in self.recall_at}
        return figures | {f"recall_{_plain(kind.name)}": kind.recall for kind in self.by_scenario}


def evaluate(
    probability: Floats,
    scenario: npt.NDArray[np.int8],
    amount: Floats,
    *,
    threshold: float,
    scenario_names: Mapping[int, str],
) -> Evaluation:
    """Measure scores (n,) against the truth.

    Args:
        probability: calibrated scores.
        scenario: 0 for a genuine payment, otherwise a key of `scenario_names`.
        amount: units of the currency.
        threshold: probability from which on a payment alerts.
        scenario_names: what each kind of fraud is called.

    Raises:
        ConfigurationError: there is no fraud, or nothing else, to measure on.
    """
    fraud = scenario > 0
    if fraud.all() or not fraud.any():
        raise ConfigurationError(
            f"{int(fraud.sum())} of {len(fraud)} payments to measure on are fraud; use more --customers"
        )
    alerted = alerts(probability, threshold)
    caught = alerted & fraud
    return Evaluation(
        payments=len(fraud),
        frauds=int(fraud.sum()),
        auc=float(roc_auc_score(fraud, probability)),
        average_precision=average_precision(probability, fraud),
        recall_at=tuple((rate, recall_at(probability, fraud, rate)) for rate in FALSE_POSITIVE_RATES),
        alert_rate=float(alerted.mean()),
        precision=float(caught.sum() / max(alerted.sum(), 1)),
        recall=float(alerted[fraud].mean()),
        value_recall=float(amount[caught].sum() / max(amount[fraud].sum(), 1e-9)),
        predicted_frauds=float(probability.sum()),
        by_scenario=_by_scenario(alerted, scenario, scenario_names),
    )


def average_precision(score: Floats, fraud: npt.NDArray[np.bool_]) -> float:
    """Precision at each fraud, counted from the highest of the scores (n,), averaged over the frauds."""
    return float(average_precision_score(fraud, score))


def recall_at(probability: Floats, fraud: npt.NDArray[np.bool_], false_positive_rate: float) -> float:
    """Share of frauds ranked above all but `false_positive_rate` of the genuine payments; scores (n,)."""
    genuine = np.sort(probability[~fraud])[::-1]
    allowed = int(false_positive_rate * len(genuine))
    return float((probability[fraud] > genuine[allowed]).mean())


def better(model: Evaluation, baseline: Evaluation) -> Mapping[str, float]:
    """By how much the model's ranking beats the baseline's."""
    return {
        "auc_over_baseline": model.auc - baseline.auc,
        "average_precision_over_baseline": model.average_precision - baseline.average_precision,
    }


def _by_scenario(
    alerted: npt.NDArray[np.bool_], scenario: npt.NDArray[np.int8], names: Mapping[int, str]
) -> tuple[ScenarioRecall, ...]:
    kinds = []
    for code, name in names.items():
        rows = scenario == code
        if rows.any():
            kinds.append(ScenarioRecall(name, int(rows.sum()), float(alerted[rows].mean())))
    return tuple(kinds)


def _plain(name: str) -> str:
    """A name the registry takes: words of small letters and digits, joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
