"""Fitting: constrained boosting, a linear baseline to compare it with, and the calibration of both."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration
from fraudstream.training.export import Classifier, signed_log

Bools = npt.NDArray[np.bool_]

FEWEST_FRAUDS = 20
"""Labelled frauds without which nothing is fitted or calibrated."""
_NEWTON_STEPS = 100
_LONGEST_STEP = 1.0
_SMALLEST_STEP = 1e-12


@dataclass(frozen=True)
class Boosting:
    """Settings of histogram gradient boosting.

    Its defaults fail on rare classes: without these bounds it fits single payments and its ranking turns random.
    Few leaves also keep the whole ensemble in the cache of the core that walks it.
    """

    iterations: int = 150
    leaves: int = 8
    features_per_split: float = 0.3
    learning_rate: float = 0.06
    l2: float = 5.0
    rows_per_leaf: int = 15


def fit_boosting(vectors: Floats, fraud: Bools, *, seed: int, settings: Boosting | None = None) -> Classifier:
    """Fit the model that is registered, on vectors (n, F) and outcomes (n,).

    Raises:
        ConfigurationError: fewer than `FEWEST_FRAUDS` frauds.
    """
    chosen = settings or Boosting()
    _require_frauds(fraud, "train on")
    estimator: Classifier = HistGradientBoostingClassifier(
        max_iter=chosen.iterations,
        max_leaf_nodes=chosen.leaves,
        max_features=chosen.features_per_split,
        learning_rate=chosen.learning_rate,
        l2_regularization=chosen.l2,
        min_samples_leaf=chosen.rows_per_leaf,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(1, user_api="openmp"):  # threads that share busy cores wait for each other, far slower
        estimator.fit(vectors, fraud)
    return estimator


def fit_baseline(vectors: Floats, fraud: Bools) -> Classifier:
    """Fit logistic regression on signed logarithms, the model to beat.

    Raises:
        ConfigurationError: fewer than `FEWEST_FRAUDS` frauds.
    """
    _require_frauds(fraud, "train on")
    estimator: Classifier = make_pipeline(
        FunctionTransformer(signed_log), StandardScaler(), LogisticRegression(C=0.3, max_iter=200, tol=1e-3)
    )
    estimator.fit(vectors, fraud)
    return estimator


def fit_calibration(log_odds: Floats, fraud: Bools) -> Calibration:
    """Fit Platt's sigmoid on scores before calibration (n,) and outcomes (n,), by Newton's method.

    Targets are smoothed as in section 2.2 of J. Platt, "Probabilistic outputs for support vector machines", 1999.

    Raises:
        ConfigurationError: fewer than `FEWEST_FRAUDS` frauds, or scores that do not rank them higher.
    """
    _require_frauds(fraud, "calibrate on")
    frauds = int(fraud.sum())
    target = np.where(fraud, (frauds + 1) / (frauds + 2), 1 / (len(fraud) - frauds + 2))
    design = np.column_stack([log_odds, np.ones(len(log_odds))])
    coefficients = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        probability = 0.5 * (1 + np.tanh(design @ coefficients / 2))  # the sigmoid, without overflow
        weight = probability * (1 - probability)
        curvature = design.T @ (design * weight[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (target - probability))
        coefficients = coefficients + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
        if np.abs(step).max() < _SMALLEST_STEP:
            break
    if not (np.isfinite(coefficients).all() and coefficients[0] > 0):
        raise ConfigurationError("the model does not rank frauds above genuine payments; there is nothing to calibrate")
    return Calibration(slope=float(coefficients[0]), intercept=float(coefficients[1]))


def _require_frauds(fraud: Bools, purpose: str) -> None:
    frauds = int(fraud.sum())
    if frauds < FEWEST_FRAUDS:
        raise ConfigurationError(
            f"only {frauds} labelled frauds to {purpose}, at least {FEWEST_FRAUDS} are needed; "
            "use more --customers or --history-days"
        )
