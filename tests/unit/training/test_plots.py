"""The pictures of a training are drawn for any model with both outcomes, and show what the figures say."""

import numpy as np
import pytest
from tests.unit.scoring.world import a_model

from fraudstream.features.catalogue import FEATURE_COUNT, FEATURES, index_of
from fraudstream.features.events import Floats
from fraudstream.models.walker import score
from fraudstream.training.evaluate import evaluate
from fraudstream.training.plots import Bools, plots
from fraudstream.training.windows_drift import WindowsDrift

PNG = b"\x89PNG\r\n\x1a\n"


def a_window(frauds: int = 30, payments: int = 3_000) -> tuple[Floats, Bools]:
    random = np.random.default_rng(5)
    vectors = random.random((payments, FEATURE_COUNT))
    fraud = np.arange(payments) < frauds
    vectors[:, index_of("amount")] = np.where(fraud, 900.0, 20.0)
    return vectors, fraud


def drawn(vectors: Floats, fraud: Bools) -> dict[str, bytes]:
    model = a_model()
    figures = evaluate(
        score(model, vectors).probability,
        fraud.astype(np.int8),
        vectors[:, index_of("amount")],
        threshold=model.threshold,
        scenario_names={1: "card testing"},
    )
    names = [feature.name for feature in FEATURES if feature.comparable == "yes"]
    drift = {name: number / 100 for number, name in enumerate([*names, "score"])}
    return dict(plots(model, vectors, fraud, figures, WindowsDrift(drift, drift)))


def test_five_pictures_are_drawn() -> None:
    pictures = drawn(*a_window())

    assert sorted(pictures) == [
        "plots/calibration.png",
        "plots/drift.png",
        "plots/feature_importance.png",
        "plots/precision_recall.png",
        "plots/recall_by_scenario.png",
    ]
    assert all(content.startswith(PNG) for content in pictures.values())


@pytest.mark.parametrize("frauds", [1, 2_999])
def test_the_rarest_outcome_is_no_obstacle(frauds: int) -> None:
    assert len(drawn(*a_window(frauds=frauds))) == 5


def test_the_same_training_draws_the_same_pictures() -> None:
    window = a_window()

    assert drawn(*window) == drawn(*window)
