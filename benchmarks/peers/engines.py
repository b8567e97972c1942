"""The engine of a process, made once whichever task asks first; and one that calls scikit-learn, not the walker."""

from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.peers.given import OneCustomer, given
from fraudstream.features.events import Floats
from fraudstream.models.arrays import LEAF, ScoringModel, Trees
from fraudstream.models.walker import SMALLEST_PROBABILITY, probabilities

LIBRARY = "--library"
"""Asks for scikit-learn's own prediction, as the documentation of every engine here shows it."""


MOST_AT_ONCE = 10_000


def batch_size() -> int:
    """How many payments are stored at once: a tenth of a short log, so that its rate can be told."""
    return max(min(MOST_AT_ONCE, given().payments // 10), 1)


@lru_cache(maxsize=2)
def engine(*, library: bool = False) -> OneCustomer:
    """What scores in this process."""
    return LibraryCustomer() if library else OneCustomer()


class LibraryCustomer(OneCustomer):
    """The same, but the model is scikit-learn's estimator."""

    def __init__(self) -> None:
        super().__init__()
        self._estimator = estimator_of(self.model)

    def score(self, features: Floats) -> Floats:
        """See `OneCustomer.score`; equal to it but for rounding."""
        share = self._estimator.predict_proba(features)[:, 1]
        share = np.clip(share, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
        return probabilities(self.model.calibration, np.log(share / (1 - share)))


def estimator_of(model: ScoringModel) -> Any:
    """The extra trees that a model was exported from: an estimator of as many, each with its own nodes put in.

    Raises:
        TypeError: the model is no forest.
    """
    from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415 - a second that the others need not wait for

    body = model.body
    if not isinstance(body, Trees) or body.link != "probability":
        raise TypeError("only a forest can be made again from its arrays")
    width = len(model.feature_names)
    forest = ExtraTreesClassifier(len(body.root), max_depth=1, n_jobs=1, random_state=0)
    forest.fit(np.random.default_rng(0).normal(size=(8, width)), np.arange(8) % 2)
    ends = [*body.root[1:].tolist(), len(body.feature)]
    for member, begin, end in zip(forest.estimators_, body.root.tolist(), ends, strict=True):
        member.tree_ = _tree(member.tree_, body, slice(begin, end), width)
    return forest


def _tree(pattern: Any, body: Trees, nodes: slice, width: int) -> Any:
    """One tree in the form that scikit-learn pickles."""
    inner = body.feature[nodes] != LEAF
    count = len(inner)
    filled = np.zeros(count, pattern.__getstate__()["nodes"].dtype)
    filled["left_child"] = np.where(inner, body.left[nodes] - nodes.start, -1)
    filled["right_child"] = np.where(inner, body.right[nodes] - nodes.start, -1)
    filled["feature"] = np.where(inner, body.feature[nodes], -2)
    filled["threshold"] = np.where(inner, body.threshold[nodes], -2.0)
    filled["missing_go_to_left"] = body.missing_left[nodes]
    values = np.ascontiguousarray(np.stack([1 - body.value[nodes], body.value[nodes]], axis=1)[:, np.newaxis, :])
    tree = type(pattern)(width, np.array([2], np.intp), 1)
    tree.__setstate__(
        {"max_depth": count, "node_count": count, "nodes": filled, "values": np.ascontiguousarray(values)}
    )
    return tree
