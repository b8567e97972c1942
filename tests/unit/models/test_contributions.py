"""A score taken apart: every feature's part, with the hand-made models of the walker's own tests."""

import math

import numpy as np
import pytest
from tests.unit.models.test_walker import linear, model, trees

from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration, ScoringModel
from fraudstream.models.contributions import contributions
from fraudstream.models.walker import NO_FEATURE, score

FOREST = trees(
    base=0.0,
    scale=0.5,
    link="probability",
    float32_inputs=True,
    value=np.array([0.2, 0.1, 0.05, 0.3, 0.9, 0.2, 0.1, 0.6]),
)
CALIBRATION = Calibration(slope=1.5, intercept=-0.25)
MODELS = [
    model(trees(), CALIBRATION),
    model(FOREST, CALIBRATION),
    model(linear((1.0, -3.0, 0.25), transform="signed_log"), CALIBRATION),
]
VECTORS = np.random.default_rng(3).uniform(-1.0, 12.0, (40, 3))


def log_odds(probability: float) -> float:
    return math.log(probability / (1.0 - probability))


def test_what_raised_and_what_lowered_the_score_is_credited() -> None:
    found = contributions(model(trees()), np.array([5.0, 6.0, 0.0]))

    assert found.each.tolist() == [-0.5, 1.0, -0.25]
    assert found.baseline == -2.0 + 0.5 + 0.25


@pytest.mark.parametrize("body", MODELS, ids=["trees", "forest", "linear"])
@pytest.mark.parametrize("vector", VECTORS[:10], ids=str)
def test_baseline_and_contributions_come_to_the_score(body: ScoringModel, vector: Floats) -> None:
    found = contributions(body, vector)

    assert found.baseline + found.each.sum() == pytest.approx(log_odds(found.probability), abs=1e-9)


@pytest.mark.parametrize("body", MODELS, ids=["trees", "forest", "linear"])
def test_score_and_strongest_contributions_are_the_walkers_own_to_the_last_bit(body: ScoringModel) -> None:
    scored = score(body, VECTORS)

    for row, vector in enumerate(VECTORS):
        found = contributions(body, vector)
        named = scored.top_feature[row] != NO_FEATURE
        assert found.probability == scored.probability[row]
        assert found.each[scored.top_feature[row][named]].tolist() == scored.top_contribution[row][named].tolist()
        assert (found.each > 0).sum() == named.sum()


@pytest.mark.parametrize("body", MODELS, ids=["trees", "forest", "linear"])
def test_the_baseline_is_the_same_for_every_payment(body: ScoringModel) -> None:
    baselines = [contributions(body, vector).baseline for vector in VECTORS]

    assert np.ptp(baselines) < 1e-9
