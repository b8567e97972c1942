"""Arrays and scikit-learn give the same raw predictions."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fraudstream.errors import ConfigurationError, ModelUnavailable
from fraudstream.features.events import Floats
from fraudstream.models.arrays import Calibration, ScoringModel, Trees
from fraudstream.models.walker import score
from fraudstream.training.export import Classifier, check_equal, export, signed_log

WIDTH = 6


def a_history(rows: int = 3_000) -> tuple[Floats, npt.NDArray[np.bool_]]:
    rng = np.random.default_rng(7)
    vectors = np.concatenate([rng.normal(size=(rows, 3)), rng.lognormal(2.0, 2.0, (rows, 3))], axis=1)
    outcomes = vectors[:, 0] * vectors[:, 1] + np.log(vectors[:, 4]) / 3 + rng.normal(size=rows) > 2.5
    return vectors, outcomes


def wrapped(estimator: Classifier) -> ScoringModel:
    return ScoringModel(
        body=export(estimator),
        calibration=Calibration(),
        threshold=0.5,
        catalogue_version=1,
        feature_names=tuple(f"x{i}" for i in range(WIDTH)),
        golden_vectors=np.zeros((0, WIDTH)),
        golden_scores=np.zeros(0),
    )


ESTIMATORS = {
    "boosting": HistGradientBoostingClassifier(max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=1),
    "gradient boosting": GradientBoostingClassifier(
        n_estimators=40, learning_rate=0.06, max_depth=3, max_features=0.5, subsample=0.7, random_state=1
    ),
    "extra trees": ExtraTreesClassifier(20, max_depth=8, min_samples_leaf=2, random_state=1),
    "forest": RandomForestClassifier(20, max_depth=8, min_samples_leaf=2, random_state=1),
    "weighted forest": RandomForestClassifier(10, max_depth=5, class_weight="balanced", random_state=1),
    "logistic": LogisticRegression(max_iter=5_000),
    "scaled": make_pipeline(StandardScaler(), LogisticRegression()),
    "signed logs": make_pipeline(FunctionTransformer(signed_log), StandardScaler(), LogisticRegression()),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_arrays_predict_what_scikit_learn_predicts(name: str) -> None:
    vectors, outcomes = a_history()
    estimator: Classifier = ESTIMATORS[name]
    estimator.fit(vectors, outcomes)

    assert check_equal(wrapped(estimator), estimator, vectors * 1.37) <= 1e-12


def test_missing_values_go_where_boosting_learned_to_send_them() -> None:
    vectors, outcomes = a_history()
    vectors[::5, 0] = np.nan
    vectors[::7, 4] = np.nan
    estimator = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=1)
    estimator.fit(vectors, outcomes)

    assert check_equal(wrapped(estimator), estimator, vectors) <= 1e-12


def test_a_forest_decides_right_beside_its_thresholds_too() -> None:
    """scikit-learn rounds a forest's inputs to single precision: the next double above a threshold goes left."""
    vectors, outcomes = a_history(1_000)
    estimator = ExtraTreesClassifier(5, max_depth=4, random_state=1).fit(vectors, outcomes)
    splits = [
        (f, t)
        for tree in estimator.estimators_
        for f, t in zip(tree.tree_.feature, tree.tree_.threshold, strict=True)
        if f >= 0
    ]
    beside = np.repeat(np.median(vectors, axis=0)[None], len(splits), axis=0)
    beside[np.arange(len(splits)), [f for f, _ in splits]] = [np.nextafter(t, np.inf) for _, t in splits]

    assert check_equal(wrapped(estimator), estimator, beside) <= 1e-12


def test_values_never_seen_missing_are_sent_somewhere_too() -> None:
    vectors, outcomes = a_history()
    estimator = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=1)
    estimator.fit(vectors, outcomes)

    assert check_equal(wrapped(estimator), estimator, np.full((1, WIDTH), np.nan)) <= 1e-12


def test_contributions_and_expectation_add_up_to_the_score() -> None:
    """Boosting on two features: all contributions fit among the four, those that lower the score excepted."""
    vectors, outcomes = a_history()
    estimator = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=1)
    estimator.fit(vectors[:, :2], outcomes)
    body = export(estimator)
    assert isinstance(body, Trees)

    scored = score(dataclasses.replace(wrapped(estimator), body=body), np.ascontiguousarray(vectors[:, :2]))

    expected = body.base + body.value[body.root].sum()
    both_raise = (scored.top_feature[:, 1] >= 0) & (scored.log_odds > expected)
    assert both_raise.sum() > 50
    total = expected + scored.top_contribution[both_raise].sum(axis=1)
    assert np.abs(total - scored.log_odds[both_raise]).max() < 1e-12


def test_the_expectation_at_the_root_is_the_mean_over_training_rows() -> None:
    vectors, outcomes = a_history()
    estimator = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, early_stopping=False, random_state=1)
    estimator.fit(vectors, outcomes)
    body = export(estimator)
    assert isinstance(body, Trees)

    assert body.base + body.value[body.root].sum() == pytest.approx(
        estimator.decision_function(vectors).mean(), abs=1e-9
    )


def test_a_difference_to_scikit_learn_is_refused() -> None:
    vectors, outcomes = a_history()
    estimator = HistGradientBoostingClassifier(max_iter=5, early_stopping=False, random_state=1).fit(vectors, outcomes)
    model = wrapped(estimator)
    assert isinstance(model.body, Trees)
    moved = dataclasses.replace(model, body=dataclasses.replace(model.body, base=model.body.base + 1e-9))

    with pytest.raises(ModelUnavailable, match=r"differ from HistGradientBoostingClassifier by 1e-09"):
        check_equal(moved, estimator, vectors)


def test_an_estimator_without_array_form_is_refused() -> None:
    vectors, outcomes = a_history(300)

    with pytest.raises(ConfigurationError, match="AdaBoostClassifier has no array form"):
        export(AdaBoostClassifier(n_estimators=2).fit(vectors, outcomes))


def test_boosting_that_begins_from_another_model_is_refused() -> None:
    vectors, outcomes = a_history(300)

    with pytest.raises(ConfigurationError, match="leave `init` unset"):
        export(GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()).fit(vectors / 1e3, outcomes))


def test_splits_on_categories_are_refused() -> None:
    vectors, outcomes = a_history(500)
    vectors[:, 0] = np.arange(500) % 5
    outcomes = vectors[:, 0] == 2

    with pytest.raises(ConfigurationError, match="splits on categories"):
        export(HistGradientBoostingClassifier(categorical_features=[0]).fit(vectors, outcomes))


def test_another_function_before_a_linear_model_is_refused() -> None:
    vectors, outcomes = a_history(300)
    pipeline = make_pipeline(FunctionTransformer(np.tanh), LogisticRegression()).fit(vectors, outcomes)

    with pytest.raises(ConfigurationError, match="signed_log"):
        export(pipeline)


def test_other_classes_are_refused() -> None:
    vectors, outcomes = a_history(300)

    with pytest.raises(ConfigurationError, match="not 0 and 1"):
        export(LogisticRegression(max_iter=5_000).fit(vectors, np.where(outcomes, 3, 1)))
