"""What a model is here: flat numeric arrays and the few facts that make its scores meaningful."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Floats

Indices = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Kind = Literal["trees", "linear"]
Link = Literal["log_odds", "probability"]
Transform = Literal["identity", "signed_log"]

LEAF = -1
"""Stands in `Trees.feature` for a node without children."""
TOP = 4
"""Contributions reported for each score."""


@dataclass(frozen=True, eq=False)
class Trees:
    """An ensemble of `T` binary trees with `N` nodes altogether, parents before their children.

    `root` is (T,); every other array is (N,). A node sends x left if `x <= threshold`, and a missing x (NaN)
    left if `missing_left`. `value` is the expectation of what the trees below a node predict, weighted by the
    training rows, so that a leaf holds its prediction; the raw prediction is `base + scale * sum of leaves`.
    """

    root: Indices
    feature: Indices
    threshold: Floats
    left: Indices
    right: Indices
    missing_left: Flags
    value: Floats
    base: float
    scale: float
    link: Link
    """Unit of the raw prediction: boosted trees add log-odds, forests average probabilities."""
    float32_inputs: bool
    """Whether inputs are rounded to single precision before they are compared, as scikit-learn's forests do."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear model of the log-odds on `F` standardised inputs: `intercept + weight @ ((f(x) - mean) / scale)`.

    `f` is the identity or `sign(x) * log(1 + |x|)`. A missing input (NaN) counts as the mean.
    """

    weight: Floats
    mean: Floats
    scale: Floats
    intercept: float
    transform: Transform


@dataclass(frozen=True)
class Calibration:
    """Platt's sigmoid: `probability = 1 / (1 + exp(-(slope * log_odds + intercept)))`.

    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, eq=False)
class ScoringModel:
    """Everything that scoring needs of a model; nothing in it is code.

    `feature_names` is the order of the columns of a vector. `golden_vectors` (G, F) are real vectors and
    `golden_scores` (G,) the probabilities that the model gave them when it was trained. `threshold` is the
    probability from which on a payment raises an alert. `metadata` is for people.
    """

    body: Trees | Linear
    calibration: Calibration
    threshold: float
    catalogue_version: int
    feature_names: tuple[str, ...]
    golden_vectors: Floats
    golden_scores: Floats
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """`trees` or `linear`."""
        return "trees" if isinstance(self.body, Trees) else "linear"
