"""The weeks after a training are compared with it, feature by feature and in the score."""

import numpy as np
from tests.unit.training.conftest import SmallCity

from fraudstream.features.catalogue import FEATURES, index_of
from fraudstream.features.stability import CHANGED, SHIFTED
from fraudstream.training.dataset import windows_of
from fraudstream.training.train import Trained
from fraudstream.training.windows_drift import SCORE, drift_between


def test_a_city_that_stays_the_same_shows_no_drift_but_of_what_still_fills(city: SmallCity, trained: Trained) -> None:
    drift = drift_between(trained.model, city.history, city.replay.vectors, windows_of(city.history))

    compared = {SCORE, *(feature.name for feature in FEATURES if feature.comparable == "yes")}
    assert drift.calibration.keys() == drift.evaluation.keys() == compared
    assert max(drift.evaluation[name] for name in (SCORE, "amount", "hour", "payments_1d", "online")) < SHIFTED


def test_a_week_of_dearer_payments_is_named(city: SmallCity, trained: Trained) -> None:
    windows, vectors = windows_of(city.history), city.replay.vectors.copy()
    vectors[windows.evaluation, index_of("amount")] *= 20

    drift = drift_between(trained.model, city.history, vectors, windows)

    assert drift.evaluation["amount"] > CHANGED > drift.calibration["amount"]
    assert "farthest feature amount" in drift.text


def test_how_many_frauds_were_kept_for_the_training_plays_no_part(city: SmallCity, trained: Trained) -> None:
    windows, vectors = windows_of(city.history), city.replay.vectors.copy()
    _, fraud = city.history.known_at(windows.cut_off)
    expected = drift_between(trained.model, city.history, vectors, windows)
    vectors[np.flatnonzero(fraud[windows.training]) + windows.training.start] = 1e6

    assert drift_between(trained.model, city.history, vectors, windows) == expected
