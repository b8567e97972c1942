"""From a fitted scikit-learn estimator to arrays, proved equal to it."""

from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.features.events import Floats
from fraudstream.models.arrays import LEAF, Linear, Link, ScoringModel, Transform, Trees
from fraudstream.models.walker import SMALLEST_PROBABILITY, score

TOLERANCE = 1e-12
"""Largest difference between the arrays' and the estimator's own raw prediction."""


class Classifier(Protocol):
    """What is used of a fitted binary classifier of scikit-learn."""

    classes_: npt.NDArray[np.generic]
    n_features_in_: int

    def fit(self, vectors: Floats, outcomes: npt.NDArray[np.bool_], /) -> object:
        """Learn from vectors (n, F) and outcomes (n,)."""
        ...

    def predict_proba(self, vectors: Floats, /) -> Floats:
        """Probabilities (n, 2) of both classes."""
        ...


_Columns = dict[str, npt.NDArray[Any]]


def signed_log(values: Floats) -> Floats:
    """`sign(x) * log(1 + |x|)`, the transform that `Linear` calls `signed_log`; any shape."""
    return np.sign(values) * np.log1p(np.abs(values))


def export(estimator: Classifier) -> Trees | Linear:
    """The arrays of a fitted binary classifier whose classes are 0 and 1.

    Takes gradient boosting in both forms, extra trees, random forests, logistic regression, and pipelines of an
    optional `FunctionTransformer(signed_log)`, an optional `StandardScaler` and a logistic regression.

    Raises:
        ConfigurationError: another kind of estimator, other classes, splits on categories, or boosting that begins
            from a model of its own.
    """
    if list(estimator.classes_) != [0, 1]:
        raise ConfigurationError(
            f"the estimator's classes are {list(estimator.classes_)}, not 0 and 1; train it on those"
        )
    if isinstance(estimator, HistGradientBoostingClassifier):
        return _histogram_boosting(estimator)
    if isinstance(estimator, GradientBoostingClassifier):
        return _gradient_boosting(estimator)
    if isinstance(estimator, ExtraTreesClassifier | RandomForestClassifier):
        return _forest(estimator)
    if isinstance(estimator, LogisticRegression | Pipeline):
        return _linear(estimator)
    raise ConfigurationError(f"{type(estimator).__name__} has no array form; use boosting, a forest or a linear model")


def check_equal(model: ScoringModel, estimator: Classifier, vectors: Floats) -> float:
    """Compare arrays and estimator on vectors (n, F); returns the largest difference of their raw predictions.

    Raises:
        ModelUnavailable: they differ by more than `TOLERANCE`.
    """
    walked = score(model, vectors).log_odds
    own: Floats
    if isinstance(estimator, ExtraTreesClassifier | RandomForestClassifier):
        own = np.clip(estimator.predict_proba(vectors)[:, 1], SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        walked = 1 / (1 + np.exp(-walked))
    else:
        own = cast("Any", estimator).decision_function(vectors)
    difference = float(np.abs(walked - own).max(initial=0.0))
    if not difference <= TOLERANCE:
        raise ModelUnavailable(
            f"the exported arrays differ from {type(estimator).__name__} by {difference:.3g}; "
            "this release of scikit-learn keeps its trees in another way"
        )
    return difference


def _histogram_boosting(estimator: HistGradientBoostingClassifier) -> Trees:
    # scikit-learn offers no public way to its trees; check_equal guards against a change.
    trees = [stages[0].nodes for stages in estimator._predictors]  # noqa: SLF001
    if any(nodes["is_categorical"].any() for nodes in trees):
        raise ConfigurationError("the boosting splits on categories, which have no array form; pass numbers")
    return _joined(
        [
            {
                "feature": np.where(nodes["is_leaf"] == 1, LEAF, nodes["feature_idx"]),
                "threshold": nodes["num_threshold"],
                "left": nodes["left"].astype(np.int64),
                "right": nodes["right"].astype(np.int64),
                "missing_left": nodes["missing_go_to_left"] == 1,
                "value": nodes["value"],
                "count": nodes["count"],
            }
            for nodes in trees
        ],
        base=float(estimator._baseline_prediction.item()),  # noqa: SLF001
        scale=1.0,
        float32_inputs=False,
    )


def _gradient_boosting(estimator: GradientBoostingClassifier) -> Trees:
    if not isinstance(estimator.init_, DummyClassifier):
        raise ConfigurationError("the boosting begins from another model, which has no array form; leave `init` unset")
    start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), np.float32))  # noqa: SLF001
    return _joined(
        [_columns(member.tree_) | {"value": member.tree_.value[:, 0, 0]} for member in estimator.estimators_[:, 0]],
        base=float(start.item()),
        scale=float(estimator.learning_rate),
        float32_inputs=True,
    )


def _expectations(part: _Columns) -> Floats:
    """Leaf values, and for inner nodes the mean of their leaves weighted by training rows (children come later)."""
    value = part["value"].astype(np.float64)
    count = part["count"].astype(np.float64)
    for node in np.flatnonzero(part["feature"] != LEAF)[::-1]:
        left, right = part["left"][node], part["right"][node]
        value[node] = (value[left] * count[left] + value[right] * count[right]) / (count[left] + count[right])
    return value


def _forest(estimator: ExtraTreesClassifier | RandomForestClassifier) -> Trees:
    parts: list[_Columns] = []
    for member in estimator.estimators_:
        share = member.tree_.value[:, 0, :]
        parts.append(_columns(member.tree_) | {"value": share[:, 1] / share.sum(axis=1)})
    return _joined(parts, base=0.0, scale=1.0 / len(parts), float32_inputs=True, link="probability")


def _columns(tree: Any) -> _Columns:  # noqa: ANN401 - scikit-learn ships no types
    return {
        "feature": np.where(tree.children_left < 0, LEAF, tree.feature),
        "threshold": tree.threshold,
        "left": tree.children_left,
        "right": tree.children_right,
        "missing_left": tree.missing_go_to_left == 1,
        "count": tree.weighted_n_node_samples,
    }


def _joined(
    parts: list[_Columns], *, base: float, scale: float, float32_inputs: bool, link: Link = "log_odds"
) -> Trees:
    root = np.cumsum([0] + [len(part["feature"]) for part in parts[:-1]])
    for offset, part in zip(root, parts, strict=True):
        inner = part["feature"] != LEAF
        part["value"] = _expectations(part)
        part["left"] = np.where(inner, part["left"] + offset, LEAF)
        part["right"] = np.where(inner, part["right"] + offset, LEAF)
        part["threshold"] = np.where(inner, part["threshold"], 0.0)
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Trees(
        root=root.astype(np.int32),
        feature=whole["feature"].astype(np.int32),
        threshold=whole["threshold"].astype(np.float64),
        left=whole["left"].astype(np.int32),
        right=whole["right"].astype(np.int32),
        missing_left=whole["missing_left"].astype(np.bool_),
        value=whole["value"].astype(np.float64),
        base=base,
        scale=scale,
        link=link,
        float32_inputs=float32_inputs,
    )


def _linear(estimator: Any) -> Linear:  # noqa: ANN401 - scikit-learn ships no types
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    transform: Transform = "identity"
    if isinstance(steps[0], FunctionTransformer):
        if steps.pop(0).func is not signed_log:
            raise ConfigurationError("the only function a linear model may apply to its inputs is signed_log")
        transform = "signed_log"
    width = estimator.n_features_in_
    mean, scale = np.zeros(width), np.ones(width)
    if isinstance(steps[0], StandardScaler):
        scaler = steps.pop(0)
        mean = mean if scaler.mean_ is None else scaler.mean_
        scale = scale if scaler.scale_ is None else scaler.scale_
    if len(steps) != 1 or not isinstance(steps[0], LogisticRegression):
        raise ConfigurationError(
            "make a linear pipeline of signed_log, StandardScaler and LogisticRegression, in this order"
        )
    return Linear(
        weight=steps[0].coef_[0].astype(np.float64),
        mean=np.asarray(mean, np.float64),
        scale=np.asarray(scale, np.float64),
        intercept=float(steps[0].intercept_[0]),
        transform=transform,
    )
