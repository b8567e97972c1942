"""Scores without reasons are, to the last bit, those with reasons."""

import numpy as np
import pytest
from tests.unit.models.test_walker import linear, model, trees

from fraudstream.features.events import Floats
from fraudstream.models.arrays import LEAF, Calibration, ScoringModel, Trees
from fraudstream.models.descent import AT_ONCE, layout_of, leaf_sums
from fraudstream.models.walker import score

WIDTH = 5


def grown(number: int, seed: int = 3) -> Trees:
    """`number` trees of every shape up to 6 levels, their nodes mixed up as far as parents come before children."""
    rng = np.random.default_rng(seed)
    feature, left, right = [LEAF] * number, [LEAF] * number, [LEAF] * number
    open_nodes = [(node, 0) for node in range(number)]
    while open_nodes:
        node, level = open_nodes.pop(int(rng.integers(len(open_nodes))))
        if level < 6 and rng.random() < 0.7:
            feature[node] = int(rng.integers(WIDTH))
            left[node], right[node] = len(feature), len(feature) + 1
            open_nodes += [(len(feature), level + 1), (len(feature) + 1, level + 1)]
            for column in (feature, left, right):
                column += [LEAF, LEAF]
    count = len(feature)
    return trees(
        root=np.arange(number, dtype=np.int32),
        feature=np.array(feature, np.int32),
        threshold=rng.normal(size=count),
        left=np.array(left, np.int32),
        right=np.array(right, np.int32),
        missing_left=rng.random(count) < 0.5,
        value=rng.normal(size=count),
    )


def payments(count: int) -> Floats:
    return np.random.default_rng(8).normal(size=(count, WIDTH))


def same(of: ScoringModel, vectors: Floats) -> bool:
    fast, slow = score(of, vectors, top=0), score(of, vectors)
    return fast.log_odds.tobytes() == slow.log_odds.tobytes() and (
        fast.probability.tobytes() == slow.probability.tobytes()
    )


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 5 * AT_ONCE + 7])
def test_any_number_of_payments_scores_the_same_without_reasons(count: int) -> None:
    assert same(model(grown(40), Calibration(0.8, -0.3)), payments(count))


def test_a_forest_scores_the_same_without_reasons() -> None:
    shares = np.random.default_rng(1).random(len(grown(30).value))
    forest = trees(**(vars(grown(30)) | {"value": shares, "base": 0.0, "scale": 1 / 30, "link": "probability"}))

    assert same(model(forest), payments(500))


def test_a_forest_compares_in_single_precision_without_reasons_too() -> None:
    threshold = np.array([float(np.float32(0.1)), 5.0, 0, 0, 0, 0.5, 0, 0])
    just_above = np.array([[float(np.float32(0.1)) + 1e-12, 0.0, 0.0]])

    assert score(model(trees(threshold=threshold, float32_inputs=True)), just_above, top=0).log_odds[0] == -3.0
    assert score(model(trees(threshold=threshold)), just_above, top=0).log_odds[0] == 1.0


def test_boosting_in_single_precision_scores_the_same_without_reasons() -> None:
    boosted = trees(**(vars(grown(30)) | {"base": -4.0, "scale": 0.06, "float32_inputs": True}))

    assert same(model(boosted, Calibration(0.8, -0.3)), payments(500))


def test_a_missing_value_still_takes_the_direction_of_its_node() -> None:
    vectors = payments(300)
    vectors[::3, 1] = np.nan

    assert same(model(grown(20)), vectors)


def test_a_linear_model_gives_no_reasons_when_none_are_asked_for() -> None:
    scored = score(model(linear((1.0, 2.0, 3.0))), np.ones((2, 3)), top=0)

    assert scored.log_odds.tolist() == [5.0, 5.0]
    assert scored.top_feature.shape == scored.top_contribution.shape == (2, 0)


def test_a_row_scores_the_same_alone_and_among_others() -> None:
    vectors = payments(130)
    together = leaf_sums(grown(25), vectors)

    assert [leaf_sums(grown(25), vectors[row : row + 1])[0] for row in range(130)] == together.tolist()


def test_children_stand_side_by_side_and_leaves_lead_to_themselves() -> None:
    forest = grown(12)
    layout = layout_of(forest)
    child = layout.nodes["child"].astype(np.int64)
    inner = child != np.arange(len(child))

    assert len(child) == len(forest.feature)
    assert sorted(np.concatenate([layout.root, child[inner], child[inner] + 1]).tolist()) == list(range(len(child)))
    assert np.isinf(layout.nodes["threshold"][~inner]).all()
    assert layout.depth.max() == 6


def test_the_layout_of_a_model_is_made_once() -> None:
    forest = grown(3)

    assert layout_of(forest) is layout_of(forest)
