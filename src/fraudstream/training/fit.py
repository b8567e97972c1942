"""Fitting: one estimator of any family, and the calibration of its scores."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration
from fraudstream.training.export import Classifier, signed_log
from fraudstream.training.families import Family

Bools = npt.NDArray[np.bool_]

FEWEST_FRAUDS = 20
"""Labelled frauds without which nothing is fitted or calibrated."""
_NEWTON_STEPS = 100
_LONGEST_STEP = 1.0
_SMALLEST_STEP = 1e-12


def fit_estimator(
    family: Family, settings: Mapping[str, float], vectors: Floats, fraud: Bools, *, seed: int
) -> Classifier:
    """Fit a family with `settings`, on vectors (n, F) and outcomes (n,).

    The defaults of scikit-learn's boosting fail on rare classes: without bounds it fits single payments and its ranking
    turns random. Few leaves also keep a whole ensemble in the cache of the core that walks it.

    Raises:
        ConfigurationError: fewer than `FEWEST_FRAUDS` frauds.
    """
    _require_frauds(fraud, "train on")
    estimator = _estimator(family, settings, seed)
    with threadpool_limits(1):  # threads that share busy cores wait for each other, far slower
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
        raise ConfigurationError(
            "the model does not rank frauds above genuine payments, so there is nothing to calibrate; give it a longer "
            "history, or look at its labels"
        )
    return Calibration(slope=float(coefficients[0]), intercept=float(coefficients[1]))


def _estimator(family: Family, settings: Mapping[str, float], seed: int) -> Classifier:
    chosen: Classifier
    if family is Family.LOGISTIC_REGRESSION:
        linear = LogisticRegression(**settings, max_iter=200, tol=1e-3)
        chosen = make_pipeline(FunctionTransformer(signed_log), StandardScaler(), linear)
    elif family is Family.GRADIENT_BOOSTING:
        chosen = GradientBoostingClassifier(**settings, random_state=seed)
    elif family is Family.HISTOGRAM_BOOSTING:
        chosen = HistGradientBoostingClassifier(**settings, early_stopping=False, random_state=seed)
    else:
        chosen = ExtraTreesClassifier(**settings, n_jobs=1, random_state=seed)
    return chosen


def _require_frauds(fraud: Bools, purpose: str) -> None:
    frauds = int(fraud.sum())
    if frauds < FEWEST_FRAUDS:
        raise ConfigurationError(
            f"only {frauds} labelled frauds to {purpose}, at least {FEWEST_FRAUDS} are needed; "
            "use more --customers or --history-days"
        )
