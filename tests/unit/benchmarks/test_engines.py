"""What peers call instead of the walker is the same model."""

import numpy as np
import pytest
from benchmarks.peers.engines import estimator_of

from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.models.walker import score
from fraudstream.training.families import Family
from fraudstream.training.recipes import recipes_of


def test_an_estimator_made_of_arrays_predicts_what_it_was_exported_from() -> None:
    drawn = np.random.default_rng(3)
    vectors = drawn.normal(size=(2_000, FEATURE_COUNT))
    fraud = vectors[:, 4] + drawn.normal(size=2_000) > 2
    (recipe, *_) = recipes_of((Family.EXTRA_TREES,))
    estimator = recipe.fit(vectors, fraud, seed=3)
    model = recipe.model(estimator, fraud, slice(0, 2_000))

    made = estimator_of(model).predict_proba(vectors)[:, 1]

    assert made == pytest.approx(estimator.predict_proba(vectors)[:, 1], abs=1e-12)
    assert np.corrcoef(made, score(model, vectors).probability)[0, 1] > 0.5


def test_what_is_no_forest_is_refused() -> None:
    drawn = np.random.default_rng(3)
    vectors = drawn.normal(size=(500, FEATURE_COUNT))
    fraud = vectors[:, 4] > 1
    (recipe, *_) = recipes_of((Family.LOGISTIC_REGRESSION,))
    model = recipe.model(recipe.fit(vectors, fraud, seed=3), fraud, slice(0, 500))

    with pytest.raises(TypeError, match="only a forest"):
        estimator_of(model)
