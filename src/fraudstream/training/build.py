"""From vectors and labels to a scoring model with its calibration, threshold and golden set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fraudstream.decisions.policy import ALERT_BUDGET, AlertCosts, choose_threshold
from fraudstream.features.events import Floats
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import probabilities, score
from fraudstream.training.dataset import DAY, WEEK, History, Windows
from fraudstream.training.evaluate import Evaluation, average_precision, evaluate
from fraudstream.training.export import Classifier, check_equal
from fraudstream.training.fit import fit_calibration
from fraudstream.training.recipes import BASELINE, USUAL, Recipe, Trial, choose

COST_OF_AN_ALERT = 5.0
"""Units of currency: some minutes of an analyst, and a cardholder who has to answer."""
GOLDEN_ROWS = 128


@dataclass(frozen=True)
class Fitted:
    """An estimator by a recipe, and the same as arrays with its prior corrected."""

    recipe: Recipe
    estimator: Classifier
    model: ScoringModel


@dataclass(frozen=True)
class BuiltModel:
    """A model, what it is worth, what the baseline is worth, and its largest difference to scikit-learn's own.

    `trials` are the recipes that were tried, `recipe` is the one chosen among them.
    """

    model: ScoringModel
    evaluation: Evaluation
    baseline: Evaluation
    export_difference: float
    recipe: Recipe
    trials: tuple[Trial, ...]


def build_model(
    history: History,
    vectors: Floats,
    windows: Windows,
    *,
    seed: int,
    scenario_names: Mapping[int, str],
    recipes: Sequence[Recipe] = USUAL,
    tried: Callable[[Trial], None] | None = None,
) -> BuiltModel:
    """Fit, choose, export, calibrate, choose the threshold and measure, on the vectors (n, F) of a history.

    Of several `recipes` the one that ranks the calibration week best is taken; nothing is chosen on what is measured.
    `tried` is told each trial.

    Raises:
        ConfigurationError: no recipe, or too few labelled frauds.
        ModelUnavailable: the exported arrays do not give scikit-learn's own predictions.
    """
    fitted, trials = [], []
    for recipe in recipes:
        fitted.append(_fitted(recipe, history, vectors, windows, seed))
        trials.append(_tried(fitted[-1], history, vectors, windows))
        if tried is not None:
            tried(trials[-1])
    chosen = fitted[trials.index(choose(trials))]
    model = _calibrated(chosen.model, history, vectors, windows)
    golden = vectors[windows.evaluation][golden_rows(score(model, vectors[windows.evaluation], top=0).log_odds)]
    difference = check_equal(model, chosen.estimator, golden)
    model = replace(model, golden_vectors=golden, golden_scores=score(model, golden).probability)
    baseline = _calibrated(_fitted(BASELINE, history, vectors, windows, seed).model, history, vectors, windows)
    return BuiltModel(
        model=model,
        evaluation=_measured(model, history, vectors, windows, scenario_names),
        baseline=_measured(baseline, history, vectors, windows, scenario_names),
        export_difference=difference,
        recipe=chosen.recipe,
        trials=tuple(trials),
    )


def golden_rows(log_odds: Floats) -> npt.NDArray[np.int64]:
    """Rows of the golden set: half of it the highest scores, half spread evenly over the ranks; ascending."""
    ranked = np.argsort(-log_odds, kind="stable")
    half = GOLDEN_ROWS // 2
    rest = ranked[half:]
    spread = rest[np.linspace(0, len(rest) - 1, GOLDEN_ROWS - half).astype(np.int64)]
    return np.sort(np.concatenate([ranked[:half], spread]))


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


def _fitted(recipe: Recipe, history: History, vectors: Floats, windows: Windows, seed: int) -> Fitted:
    _, fraud = history.known_at(windows.cut_off)
    rows = recipe.rows(fraud, windows.training)
    estimator = recipe.fit(vectors[rows], fraud[rows], seed=seed)
    return Fitted(recipe, estimator, recipe.model(estimator, fraud, windows.training))


def _tried(fitted: Fitted, history: History, vectors: Floats, windows: Windows) -> Trial:
    _, fraud = history.known_at(history.end)
    log_odds = score(fitted.model, vectors[windows.calibration], top=0).log_odds
    return Trial(fitted.recipe, (average_precision(log_odds, fraud[windows.calibration]),))


def _calibrated(model: ScoringModel, history: History, vectors: Floats, windows: Windows) -> ScoringModel:
    rows = windows.calibration
    _, fraud = history.known_at(history.end)
    log_odds = score(model, vectors[rows], top=0).log_odds
    return calibrated(model, log_odds, history.events.amount[rows], fraud[rows], days=WEEK / DAY)


def _measured(
    model: ScoringModel, history: History, vectors: Floats, windows: Windows, scenario_names: Mapping[int, str]
) -> Evaluation:
    rows = windows.evaluation
    return evaluate(
        score(model, vectors[rows], top=0).probability,
        history.scenario[rows],
        history.events.amount[rows],
        threshold=model.threshold,
        scenario_names=scenario_names,
    )
