"""Fitting on rare classes, and calibration."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration
from fraudstream.training.families import Family
from fraudstream.training.fit import fit_calibration, fit_estimator

SOME_FRAUDS = 19


def rare_frauds(rows: int = 20_000) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """About 1 % fraud, depending on the product of two features."""
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(rows, 8))
    return vectors, rng.random(rows) < 1 / (1 + np.exp(7.0 - 2.5 * vectors[:, 0] * vectors[:, 1]))


def sampled(calibration: Calibration, rows: int = 200_000) -> tuple[Floats, npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(11)
    log_odds = rng.normal(-4.0, 2.0, rows)
    probability = 1 / (1 + np.exp(-(calibration.slope * log_odds + calibration.intercept)))
    return log_odds, rng.random(rows) < probability


SMALL: dict[Family, dict[str, float]] = {
    Family.GRADIENT_BOOSTING: {"n_estimators": 40, "max_depth": 3, "subsample": 0.7, "max_features": 0.8},
    Family.HISTOGRAM_BOOSTING: {"max_iter": 60, "max_leaf_nodes": 8, "max_features": 0.8},
    Family.EXTRA_TREES: {"n_estimators": 30, "max_depth": 12, "min_samples_leaf": 2, "max_features": 0.8},
}


@pytest.mark.parametrize("family", SMALL)
def test_trees_rank_rare_frauds_they_have_not_seen(family: Family) -> None:
    vectors, fraud = rare_frauds()

    estimator = fit_estimator(family, SMALL[family], vectors[:15_000], fraud[:15_000], seed=1)

    probability = estimator.predict_proba(vectors[15_000:])[:, 1]
    assert probability[fraud[15_000:]].mean() > 10 * probability[~fraud[15_000:]].mean()


@pytest.mark.parametrize("family", SMALL)
def test_the_same_seed_gives_the_same_model_and_another_one_another(family: Family) -> None:
    vectors, fraud = rare_frauds(5_000)

    first, second, other = (
        fit_estimator(family, SMALL[family], vectors, fraud, seed=seed).predict_proba(vectors) for seed in (1, 1, 2)
    )

    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_the_baseline_is_linear_and_learns_a_linear_world() -> None:
    vectors, _ = rare_frauds()
    fraud = vectors[:, 0] > 2.2

    estimator = fit_estimator(Family.LOGISTIC_REGRESSION, {"C": 0.3}, vectors, fraud, seed=1)

    probability = estimator.predict_proba(vectors)[:, 1]

    assert probability[fraud].min() > np.quantile(probability[~fraud], 0.95)


@pytest.mark.parametrize("truth", [Calibration(0.6, -1.0), Calibration(1.4, 0.5), Calibration(1.0, 0.0)])
def test_calibration_finds_the_sigmoid_that_outcomes_came_from(truth: Calibration) -> None:
    found = fit_calibration(*sampled(truth))

    assert found.slope == pytest.approx(truth.slope, rel=0.05)
    assert found.intercept == pytest.approx(truth.intercept, abs=0.12)


def test_calibrated_probabilities_add_up_to_the_frauds() -> None:
    log_odds, fraud = sampled(Calibration(0.7, -0.4))

    found = fit_calibration(log_odds, fraud)

    total = (1 / (1 + np.exp(-(found.slope * log_odds + found.intercept)))).sum()
    assert total == pytest.approx(fraud.sum(), rel=1e-3)


def test_scores_that_separate_perfectly_are_not_taken_for_certainty() -> None:
    """Platt's smoothed targets: 51 of 52 for 50 frauds, 1 of 952 for 950 genuine payments."""
    fraud = np.arange(1_000) >= 950

    found = fit_calibration(np.where(fraud, 30.0, -30.0), fraud)

    assert 1 / (1 + np.exp(-(found.slope * 30.0 + found.intercept))) == pytest.approx(51 / 52, abs=1e-6)
    assert 1 / (1 + np.exp(found.slope * 30.0 - found.intercept)) == pytest.approx(1 / 952, abs=1e-6)


def test_scores_that_rank_frauds_lowest_are_refused() -> None:
    log_odds, fraud = sampled(Calibration(1.0, 0.0), 20_000)

    with pytest.raises(ConfigurationError, match="does not rank frauds above"):
        fit_calibration(-log_odds, fraud)


@pytest.mark.parametrize(
    ("purpose", "fit"),
    [
        ("train on", lambda vectors, fraud: fit_estimator(Family.EXTRA_TREES, {}, vectors, fraud, seed=1)),
        ("calibrate on", lambda vectors, fraud: fit_calibration(vectors[:, 0], fraud)),
    ],
)
def test_too_few_frauds_are_refused(purpose: str, fit: Callable[..., object]) -> None:
    vectors, _ = rare_frauds(1_000)
    fraud = np.arange(1_000) < SOME_FRAUDS

    with pytest.raises(ConfigurationError, match=f"only {SOME_FRAUDS} labelled frauds to {purpose}"):
        fit(vectors, fraud)
