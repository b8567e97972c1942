"""What must be true of a model's arrays before anything walks them."""

from dataclasses import fields

import numpy as np

from fraudstream.errors import ModelUnavailable
from fraudstream.models.arrays import Linear, ScoringModel, Trees

GOLDEN_ROWS = 64
"""Least number of golden vectors a model carries."""

_TREE_TYPES = {
    "root": np.int32,
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "value": np.float64,
}


def check_structure(model: ScoringModel) -> None:
    """Refuse a model that could not be walked: wrong shapes, loops, numbers that are not finite.

    Raises:
        ModelUnavailable: names what is wrong.
    """
    width = len(model.feature_names)
    if isinstance(model.body, Trees):
        _check_trees(model.body, width)
    else:
        _check_linear(model.body, width)
    _require(
        bool(np.isfinite([model.calibration.slope, model.calibration.intercept]).all()) and model.calibration.slope > 0,
        "its calibration turns the ranking round or is not finite",
    )
    _require(0.0 < model.threshold <= 1.0, f"its threshold is {model.threshold}, not a probability")
    rows = len(model.golden_vectors)
    _require(rows >= GOLDEN_ROWS, f"it has {rows} golden vectors, fewer than {GOLDEN_ROWS}")
    _require(
        model.golden_vectors.shape == (rows, width) and model.golden_scores.shape == (rows,),
        "its golden vectors and scores do not fit its features",
    )
    _require(bool(np.isfinite(model.golden_vectors).all()), "a golden vector is not finite")
    _require(bool(np.isfinite(model.golden_scores).all()), "a golden score is not finite")


def _check_trees(trees: Trees, width: int) -> None:
    count = len(trees.feature)
    for name, dtype in _TREE_TYPES.items():
        array = getattr(trees, name)
        _require(
            array.dtype == dtype and array.shape == ((count,) if name != "root" else (len(trees.root),)),
            f"{name} has the wrong type or length",
        )
    _require(
        bool(np.isfinite(trees.value).all() and np.isfinite([trees.base, trees.scale]).all()), "a value is not finite"
    )
    _require(len(trees.root) > 0 and bool(((trees.root >= 0) & (trees.root < count)).all()), "a root is out of range")
    _require(bool((trees.feature < width).all()), "a split asks for a feature that is not there")
    inner = np.flatnonzero(trees.feature >= 0)
    _require(not bool(np.isnan(trees.threshold[inner]).any()), "a threshold is not a number")
    for children in (trees.left[inner], trees.right[inner]):
        _require(bool(((children > inner) & (children < count)).all()), "a node's child does not come after it")


def _check_linear(linear: Linear, width: int) -> None:
    for field in fields(linear):
        value = getattr(linear, field.name)
        if isinstance(value, np.ndarray):
            _require(
                value.shape == (width,) and value.dtype == np.float64, f"{field.name} has the wrong type or length"
            )
            _require(bool(np.isfinite(value).all()), f"{field.name} is not finite")
    _require(bool(np.isfinite(linear.intercept)), "its intercept is not finite")
    _require(bool((linear.scale > 0).all()), "an input is scaled by nothing")


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ModelUnavailable(f"the model cannot be used: {otherwise}; train and register it again")
