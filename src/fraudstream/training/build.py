"""From vectors and labels to a scoring model with its calibration, threshold and golden set."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fraudstream.decisions.policy import ALERT_BUDGET, AlertCosts, choose_threshold
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration, ScoringModel
from fraudstream.models.walker import probabilities, score
from fraudstream.training.dataset import DAY, WEEK, History, Windows
from fraudstream.training.evaluate import Evaluation, evaluate
from fraudstream.training.export import Classifier, check_equal, export
from fraudstream.training.fit import fit_baseline, fit_boosting, fit_calibration

HISTORY_BOUND = ("age_days", "payments_known", "payments_30d")
"""Features that tell how long the simulation has run rather than anything of a payment; nothing learns from them.

A history of some weeks ends before they settle, so every payment after it would look like none before.
"""
COST_OF_AN_ALERT = 5.0
"""Units of currency: some minutes of an analyst, and a cardholder who has to answer."""
GENUINE_ROWS = 60_000
"""Genuine payments the model is trained on at the most; frauds are all taken.

Twice as many changed average precision by less than the difference between two seeds. Calibration on a week that
was not thinned corrects the higher share of fraud.
"""
GOLDEN_ROWS = 128
BASELINE_GENUINE_ROWS = 30_000
"""The same for the linear baseline."""

_PLACEHOLDER_THRESHOLD = 1.0


@dataclass(frozen=True)
class BuiltModel:
    """A model, what it is worth, what the baseline is worth, and its largest difference to scikit-learn's own."""

    model: ScoringModel
    evaluation: Evaluation
    baseline: Evaluation
    export_difference: float


def build_model(
    history: History, vectors: Floats, windows: Windows, *, seed: int, scenario_names: Mapping[int, str]
) -> BuiltModel:
    """Fit, export, calibrate, choose the threshold and measure, on the vectors (n, F) of a history.

    Raises:
        ConfigurationError: too few labelled frauds.
        ModelUnavailable: the exported arrays do not give scikit-learn's own predictions.
    """
    _, fraud = history.known_at(windows.cut_off)
    rows = thinned(fraud, windows.training, genuine=GENUINE_ROWS)
    boosting = fit_boosting(learnable(vectors[rows]), fraud[rows], seed=seed)
    model = _calibrated(boosting, history, vectors, windows)
    golden = vectors[windows.evaluation][golden_rows(score(model, vectors[windows.evaluation]).log_odds)]
    difference = check_equal(model, boosting, golden)
    model = replace(model, golden_vectors=golden, golden_scores=score(model, golden).probability)
    fewer = thinned(fraud, windows.training, genuine=BASELINE_GENUINE_ROWS)
    baseline = _calibrated(fit_baseline(learnable(vectors[fewer]), fraud[fewer]), history, vectors, windows)
    return BuiltModel(
        model=model,
        evaluation=_measured(model, history, vectors, windows, scenario_names),
        baseline=_measured(baseline, history, vectors, windows, scenario_names),
        export_difference=difference,
    )


def thinned(fraud: npt.NDArray[np.bool_], rows: slice, *, genuine: int) -> npt.NDArray[np.int64]:
    """The rows with every fraud and at most so many other payments, evenly spread over time; ascending."""
    everything = np.arange(rows.start, rows.stop)
    others = everything[~fraud[rows]]
    step = -(-len(others) // genuine)
    return np.sort(np.concatenate([everything[fraud[rows]], others[:: max(step, 1)]]))


def golden_rows(log_odds: Floats) -> npt.NDArray[np.int64]:
    """Rows of the golden set: half of it the highest scores, half spread evenly over the ranks; ascending."""
    ranked = np.argsort(-log_odds, kind="stable")
    half = GOLDEN_ROWS // 2
    rest = ranked[half:]
    spread = rest[np.linspace(0, len(rest) - 1, GOLDEN_ROWS - half).astype(np.int64)]
    return np.sort(np.concatenate([ranked[:half], spread]))


def learnable(vectors: Floats) -> Floats:
    """A copy of vectors (n, FEATURE_COUNT) with zeros for the `HISTORY_BOUND` features: nothing splits on those."""
    copy = vectors.copy()
    copy[:, [index_of(name) for name in HISTORY_BOUND]] = 0.0
    return copy


def unproved(estimator: Classifier) -> ScoringModel:
    """The estimator as arrays, without calibration, threshold and golden set."""
    return ScoringModel(
        body=export(estimator),
        calibration=Calibration(),
        threshold=_PLACEHOLDER_THRESHOLD,
        catalogue_version=CATALOGUE_VERSION,
        feature_names=FEATURE_NAMES,
        golden_vectors=np.empty((0, len(FEATURE_NAMES))),
        golden_scores=np.empty(0),
    )


def calibrated(
    model: ScoringModel, log_odds: Floats, amount: Floats, fraud: npt.NDArray[np.bool_], *, days: float
) -> ScoringModel:
    """The model with probabilities and a threshold, from payments (n,) of `days` days that it was not trained on.

    Raises:
        ConfigurationError: too few frauds, or scores that do not rank them higher.
    """
    fitted = replace(model, calibration=fit_calibration(log_odds, fraud))
    threshold = choose_threshold(
        probabilities(fitted.calibration, log_odds),
        amount,
        fraud,
        days=days,
        costs=AlertCosts(per_alert=COST_OF_AN_ALERT, per_day=ALERT_BUDGET * len(fraud) / days),
    )
    return replace(fitted, threshold=threshold)


def _calibrated(estimator: Classifier, history: History, vectors: Floats, windows: Windows) -> ScoringModel:
    rows, model = windows.calibration, unproved(estimator)
    _, fraud = history.known_at(history.end)
    log_odds = score(model, vectors[rows]).log_odds
    return calibrated(model, log_odds, history.events.amount[rows], fraud[rows], days=WEEK / DAY)


def _measured(
    model: ScoringModel, history: History, vectors: Floats, windows: Windows, scenario_names: Mapping[int, str]
) -> Evaluation:
    rows = windows.evaluation
    return evaluate(
        score(model, vectors[rows]).probability,
        history.scenario[rows],
        history.events.amount[rows],
        threshold=model.threshold,
        scenario_names=scenario_names,
    )
