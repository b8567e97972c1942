"""Scoring with a model's arrays: probability and strongest contributions in one compiled pass.

Contributions follow the path of a payment through each tree: every split moves the expectation, and the move is
credited to the feature that was asked (A. Saabas, "Interpreting random forests", 2014). They are in log-odds of
the calibrated probability; together with the expectation at the roots they add up to the score. Each row is
computed by itself, so its numbers do not depend on the rows it is scored with.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from fraudstream.features.events import Codes, Floats
from fraudstream.models.arrays import TOP, Calibration, Flags, Indices, ScoringModel, Trees
from fraudstream.models.descent import leaf_sums

NO_FEATURE = -1
"""Stands in `Scored.top_feature` where nothing more raised the score."""
SMALLEST_PROBABILITY = 1e-6
"""A forest's probability is kept this far from 0 and 1 before it becomes log-odds."""


@dataclass(frozen=True)
class Scored:
    """Scores of `n` payments.

    `probability` (n,) is calibrated. `top_feature` (n, top) are the columns of the features that raised the score
    most, strongest first, `NO_FEATURE` where there are fewer; `top_contribution` (n, top) says by how much, in
    log-odds (always positive, 0 beside `NO_FEATURE`). `log_odds` (n,) is the score before calibration.
    """

    probability: Floats
    top_feature: Codes
    top_contribution: Floats
    log_odds: Floats


class _Nodes(NamedTuple):
    root: Indices
    feature: Indices
    threshold: Floats
    left: Indices
    right: Indices
    missing_left: Flags
    value: Floats


class _Scale(NamedTuple):
    base: float
    scale: float
    is_probability: bool
    float32_inputs: bool
    slope: float
    intercept: float


class _Weights(NamedTuple):
    weight: Floats
    mean: Floats
    scale: Floats
    intercept: float
    signed_log: bool


class _Output(NamedTuple):
    probability: Floats
    top_feature: Codes
    top_contribution: Floats
    log_odds: Floats


def score(model: ScoringModel, vectors: Floats, *, top: int = TOP) -> Scored:
    """Score vectors of shape (n, F), whose columns are `model.feature_names`, and keep the `top` contributions.

    With a `top` of 0 trees are walked without contributions, several times as fast and to the same last bit.
    """
    count = len(vectors)
    output = _Output(np.empty(count), np.empty((count, top), np.int16), np.empty((count, top)), np.empty(count))
    rows = np.ascontiguousarray(vectors, np.float64)
    body, calibration = model.body, model.calibration
    if isinstance(body, Trees) and not top and not np.isnan(rows).any():
        inputs = rows.astype(np.float32).astype(np.float64) if body.float32_inputs else rows
        sums = leaf_sums(body, inputs)
        _from_sums(sums, body.base, body.scale, body.link == "probability", output.log_odds)
        output.probability[:] = probabilities(calibration, output.log_odds)
    elif isinstance(body, Trees):
        nodes = _Nodes(body.root, body.feature, body.threshold, body.left, body.right, body.missing_left, body.value)
        probability_link = body.link == "probability"
        scale = _Scale(
            body.base, body.scale, probability_link, body.float32_inputs, calibration.slope, calibration.intercept
        )
        _walk_trees(nodes, scale, rows, output)
    else:
        weights = _Weights(body.weight, body.mean, body.scale, body.intercept, body.transform == "signed_log")
        _weigh(weights, calibration.slope, calibration.intercept, rows, output)
    return Scored(*output)


def probabilities(calibration: Calibration, log_odds: Floats) -> Floats:
    """What `score` makes of log-odds (n,) before calibration, to the last bit."""
    found = np.empty(len(log_odds))
    _calibrate(calibration.slope, calibration.intercept, np.ascontiguousarray(log_odds, np.float64), found)
    return found


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _calibrate(slope: float, intercept: float, log_odds: Floats, probability: Floats) -> None:
    for row in range(len(log_odds)):
        probability[row] = _sigmoid(slope * log_odds[row] + intercept)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _from_sums(sums: Floats, base: float, scale: float, is_probability: bool, log_odds: Floats) -> None:  # noqa: FBT001 - compiled
    for row in range(len(sums)):
        raw = base + scale * sums[row]
        log_odds[row] = _log_odds(raw) if is_probability else raw


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _walk_trees(nodes: _Nodes, scale: _Scale, vectors: Floats, output: _Output) -> None:
    # Unsigned indices spare the compiled code a check for negative ones: a third of the time.
    inputs, moved = np.empty(vectors.shape[1]), np.empty(vectors.shape[1])
    for row in range(vectors.shape[0]):
        _take_inputs(vectors[row], scale.float32_inputs, inputs)
        moved[:] = 0.0
        expected = 0.0
        reached = 0.0
        for root in nodes.root:
            node = np.uint64(root)
            here = nodes.value[node]
            expected += here
            asked = nodes.feature[node]
            while asked >= 0:
                feature = np.uint64(asked)
                x = inputs[feature]
                goes_left = x <= nodes.threshold[node] or (math.isnan(x) and nodes.missing_left[node])
                node = np.uint64(nodes.left[node]) if goes_left else np.uint64(nodes.right[node])
                moved[feature] += nodes.value[node] - here
                here = nodes.value[node]
                asked = nodes.feature[node]
            reached += here
        raw = scale.base + scale.scale * reached
        unit = scale.scale
        if scale.is_probability:
            unit *= _log_odds_per_probability(raw, scale.base + scale.scale * expected)
            raw = _log_odds(raw)
        output.log_odds[row] = raw
        output.probability[row] = _sigmoid(scale.slope * raw + scale.intercept)
        _keep_top(moved, scale.slope * unit, output.top_feature[row], output.top_contribution[row])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _take_inputs(vector: Floats, float32_inputs: bool, inputs: Floats) -> None:  # noqa: FBT001 - compiled
    if float32_inputs:
        for feature in range(len(vector)):
            inputs[feature] = np.float64(np.float32(vector[feature]))
    else:
        inputs[:] = vector


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _weigh(weights: _Weights, slope: float, intercept: float, vectors: Floats, output: _Output) -> None:
    moved = np.empty(vectors.shape[1])
    for row in range(vectors.shape[0]):
        raw = weights.intercept
        for feature in range(vectors.shape[1]):
            x = vectors[row, feature]
            if weights.signed_log:
                x = math.copysign(math.log1p(abs(x)), x)
            move = 0.0
            if not math.isnan(x):
                move = weights.weight[feature] * ((x - weights.mean[feature]) / weights.scale[feature])
            moved[feature] = move
            raw += move
        output.log_odds[row] = raw
        output.probability[row] = _sigmoid(slope * raw + intercept)
        _keep_top(moved, slope, output.top_feature[row], output.top_contribution[row])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _keep_top(moved: Floats, unit: float, top_feature: Codes, top_contribution: Floats) -> None:
    top_feature[:] = NO_FEATURE
    top_contribution[:] = 0.0
    last = len(top_feature) - 1
    if last < 0:
        return
    for feature in range(len(moved)):
        contribution = unit * moved[feature]
        if contribution <= top_contribution[last]:
            continue
        place = last
        while place > 0 and contribution > top_contribution[place - 1]:
            top_feature[place] = top_feature[place - 1]
            top_contribution[place] = top_contribution[place - 1]
            place -= 1
        top_feature[place] = feature
        top_contribution[place] = contribution


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _log_odds_per_probability(reached: float, expected: float) -> float:
    """What one unit of probability moved is worth in log-odds, so that the moves still add up to the score."""
    distance = reached - expected
    if abs(distance) < SMALLEST_PROBABILITY:
        kept = min(max(reached, SMALLEST_PROBABILITY), 1.0 - SMALLEST_PROBABILITY)
        return 1.0 / (kept * (1.0 - kept))
    moved: float = _log_odds(reached) - _log_odds(expected)
    return moved / distance


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _log_odds(probability: float) -> float:
    kept = min(max(probability, SMALLEST_PROBABILITY), 1.0 - SMALLEST_PROBABILITY)
    return math.log(kept / (1.0 - kept))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sigmoid(log_odds: float) -> float:
    if log_odds >= 0.0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    grown = math.exp(log_odds)
    return grown / (1.0 + grown)
