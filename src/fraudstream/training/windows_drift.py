"""How far the weeks after a training lie from its last: the population stability index of features and score."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fraudstream.features.events import Floats
from fraudstream.features.stability import comparable_columns, stability
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score
from fraudstream.training.dataset import WEEK, History, Windows

SCORE = "score"
SAMPLE = 50_000
"""Payments of each span that are compared, about."""


@dataclass(frozen=True)
class WindowsDrift:
    """The index of each comparable feature and of the score, against the last week that was trained on."""

    calibration: Mapping[str, float]
    evaluation: Mapping[str, float]

    @property
    def text(self) -> str:
        """The week that is measured, in a line."""
        features = {name: index for name, index in self.evaluation.items() if name != SCORE}
        worst = max(features, key=lambda name: features[name])
        return f"score {self.evaluation[SCORE]:.3f}, farthest feature {worst} {features[worst]:.3f}"


def drift_between(model: ScoringModel, history: History, vectors: Floats, windows: Windows) -> WindowsDrift:
    """Compare the vectors (n, F) of a history's windows, as the model sees them.

    Known frauds are left out of the training because more of them than of other payments may have been kept there; it
    is its last week that counts, for in the first ones nobody is known yet.
    """
    _, fraud = history.known_at(windows.cut_off)
    rows = np.arange(windows.training.start, windows.training.stop)
    last = rows[(history.events.event_time[rows] >= history.end - 3 * WEEK) & ~fraud[rows]]
    trained = _columns(model, vectors[last])

    def against(rows: slice) -> Mapping[str, float]:
        return {name: stability(trained[name], values) for name, values in _columns(model, vectors[rows]).items()}

    return WindowsDrift(against(windows.calibration), against(windows.evaluation))


def _columns(model: ScoringModel, vectors: Floats) -> Mapping[str, Floats]:
    some = vectors[:: max(len(vectors) // SAMPLE, 1)]
    return {**comparable_columns(some), SCORE: score(model, some, top=0).probability}
