"""Scores and contributions of hand-made models, whose every number can be checked by eye."""

import math

import numpy as np
import pytest

from fraudstream.models.arrays import Calibration, Linear, ScoringModel, Trees
from fraudstream.models.walker import NO_FEATURE, score


def trees(**changes: object) -> Trees:
    """Two trees on three features: x0 <= 10 ? (x1 <= 5 ? -1 : 1) : 3, and x2 <= 0.5 ? 0 : 2."""
    parts: dict[str, object] = {
        "root": np.array([0, 5], np.int32),
        "feature": np.array([0, 1, -1, -1, -1, 2, -1, -1], np.int32),
        "threshold": np.array([10.0, 5.0, 0, 0, 0, 0.5, 0, 0]),
        "left": np.array([1, 2, -1, -1, -1, 6, -1, -1], np.int32),
        "right": np.array([4, 3, -1, -1, -1, 7, -1, -1], np.int32),
        "missing_left": np.array([False, True, False, False, False, True, False, False]),
        "value": np.array([0.5, 0.0, -1.0, 1.0, 3.0, 0.25, 0.0, 2.0]),
        "base": -2.0,
        "scale": 1.0,
        "link": "log_odds",
        "float32_inputs": False,
    }
    return Trees(**(parts | changes))  # type: ignore[arg-type]


def linear(weight: tuple[float, ...], **changes: object) -> Linear:
    width = len(weight)
    parts: dict[str, object] = {
        "weight": np.array(weight),
        "mean": np.zeros(width),
        "scale": np.ones(width),
        "intercept": -1.0,
        "transform": "identity",
    }
    return Linear(**(parts | changes))  # type: ignore[arg-type]


def model(body: Trees | Linear, calibration: Calibration | None = None) -> ScoringModel:
    return ScoringModel(
        body=body,
        calibration=calibration or Calibration(),
        threshold=0.5,
        catalogue_version=1,
        feature_names=("x0", "x1", "x2"),
        golden_vectors=np.zeros((0, 3)),
        golden_scores=np.zeros(0),
    )


def sigmoid(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


@pytest.mark.parametrize(
    ("vector", "log_odds"),
    [((10.0, 5.0, 0.0), -3.0), ((10.0, 5.1, 0.0), -1.0), ((10.1, 5.0, 0.0), 1.0), ((10.1, 0.0, 1.0), 3.0)],
)
def test_a_value_equal_to_the_threshold_goes_left(vector: tuple[float, ...], log_odds: float) -> None:
    assert score(model(trees()), np.array([vector])).log_odds[0] == log_odds


def test_a_missing_value_takes_the_direction_of_its_node() -> None:
    scored = score(model(trees()), np.array([[np.nan, 0.0, 0.0], [0.0, np.nan, np.nan]]))

    assert scored.log_odds.tolist() == [1.0, -3.0]


def test_probability_is_calibrated() -> None:
    scored = score(model(trees(), Calibration(slope=0.5, intercept=-0.25)), np.array([[11.0, 0.0, 1.0]]))

    assert scored.probability[0] == pytest.approx(sigmoid(0.5 * 3.0 - 0.25), abs=1e-15)


def test_very_large_log_odds_stay_finite() -> None:
    body = trees(base=-5_000.0)

    assert score(model(body), np.array([[11.0, 0.0, 1.0]])).probability[0] == 0.0


def test_contributions_are_credited_along_the_path_and_sorted() -> None:
    scored = score(model(trees()), np.array([[5.0, 6.0, 1.0]]))

    assert scored.top_feature[0].tolist() == [2, 1, NO_FEATURE, NO_FEATURE]
    assert scored.top_contribution[0].tolist() == [1.75, 1.0, 0.0, 0.0]


def test_what_lowers_the_score_is_no_reason() -> None:
    scored = score(model(trees()), np.array([[5.0, 0.0, 0.0]]))

    assert scored.top_feature[0].tolist() == [NO_FEATURE] * 4


def test_contributions_are_scaled_with_the_calibration() -> None:
    scored = score(model(trees(), Calibration(slope=2.0)), np.array([[5.0, 6.0, 1.0]]))

    assert scored.top_contribution[0].tolist() == [3.5, 2.0, 0.0, 0.0]


def test_the_four_strongest_of_many_are_kept_and_ties_go_to_the_first() -> None:
    scored = score(model(linear((1.0, 3.0, 2.0, 3.0, 5.0, -9.0))), np.ones((1, 6)))

    assert scored.top_feature[0].tolist() == [4, 1, 3, 2]
    assert scored.top_contribution[0].tolist() == [5.0, 3.0, 3.0, 2.0]


def test_a_forest_averages_probabilities_and_its_contributions_add_up_in_log_odds() -> None:
    value = np.array([0.2, 0.1, 0.05, 0.3, 0.9, 0.2, 0.1, 0.6])
    body = trees(base=0.0, scale=0.5, link="probability", float32_inputs=True, value=value)

    scored = score(model(body), np.array([[11.0, 0.0, 1.0]]))

    expected = math.log(0.2 / 0.8)
    assert scored.probability[0] == pytest.approx(0.75, abs=1e-12)
    assert scored.top_contribution[0].sum() == pytest.approx(scored.log_odds[0] - expected, abs=1e-12)


def test_a_forest_that_is_certain_still_has_finite_log_odds() -> None:
    body = trees(base=0.0, scale=0.5, link="probability", value=np.full(8, 1.0))

    assert score(model(body), np.zeros((1, 3))).log_odds[0] == pytest.approx(math.log(1e6), abs=1e-5)


def test_a_forest_compares_in_single_precision() -> None:
    threshold = np.array([float(np.float32(0.1)), 5.0, 0, 0, 0, 0.5, 0, 0])
    just_above = np.array([[float(np.float32(0.1)) + 1e-12, 0.0, 0.0]])

    rounded = score(model(trees(threshold=threshold, float32_inputs=True)), just_above)
    exact = score(model(trees(threshold=threshold)), just_above)

    assert (rounded.log_odds[0], exact.log_odds[0]) == (-3.0, 1.0)


def test_a_linear_model_standardises_and_weighs() -> None:
    body = linear((2.0, -1.0, 0.5), mean=np.array([1.0, 0.0, 0.0]), scale=np.array([2.0, 1.0, 1.0]))

    scored = score(model(body), np.array([[5.0, 1.0, 4.0]]))

    assert scored.log_odds[0] == -1.0 + 4.0 - 1.0 + 2.0
    assert scored.top_feature[0].tolist() == [0, 2, NO_FEATURE, NO_FEATURE]


def test_a_signed_logarithm_keeps_the_sign() -> None:
    scored = score(model(linear((1.0, 1.0, 0.0), transform="signed_log")), np.array([[-9.0, 99.0, 5.0]]))

    assert scored.log_odds[0] == pytest.approx(-1.0 - math.log(10) + math.log(100), abs=1e-14)


def test_a_missing_input_of_a_linear_model_counts_as_the_mean() -> None:
    assert score(model(linear((1.0, 1.0, 1.0))), np.array([[np.nan, 2.0, np.nan]])).log_odds[0] == 1.0


def test_a_row_scores_the_same_alone_and_among_others() -> None:
    vectors = np.random.default_rng(1).normal(5.0, 5.0, (257, 3))
    whole = score(model(trees(), Calibration(0.7, 0.1)), vectors)

    alone = [score(model(trees(), Calibration(0.7, 0.1)), vectors[row : row + 1]) for row in range(257)]

    assert np.array_equal(whole.probability, np.concatenate([one.probability for one in alone]))
    assert np.array_equal(whole.top_contribution, np.concatenate([one.top_contribution for one in alone]))


def test_no_rows_give_no_scores() -> None:
    assert score(model(trees()), np.zeros((0, 3))).top_feature.shape == (0, 4)
