"""Recipes: what is fitted on what, as arrays, and the choice among them."""

from dataclasses import replace
from itertools import chain
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import FEATURE_NAMES, index_of
from fraudstream.features.events import Floats
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.arrays import Trees
from fraudstream.models.walker import score
from fraudstream.training.export import check_equal
from fraudstream.training.families import Family
from fraudstream.training.recipes import (
    BASELINE,
    GENUINE_ROWS,
    HISTORY_BOUND,
    RECIPES,
    USUAL,
    Recipe,
    Trial,
    choose,
    recipes_of,
    thinned,
)
from fraudstream.training.register import TrainingPlan

ALL = tuple(chain.from_iterable(RECIPES.values()))
FEW_TREES = {"n_estimators": 8, "max_iter": 8}


def payments(rows: int = 6_000) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """About 3 % fraud, which a feature that nothing may learn from tells best."""
    rng = np.random.default_rng(12)
    vectors = rng.lognormal(0.0, 1.0, (rows, len(FEATURE_NAMES)))
    fraud = rng.random(rows) < 1 / (1 + np.exp(6.0 - vectors[:, 0] * vectors[:, 1]))
    vectors[:, index_of(HISTORY_BOUND[0])] = fraud
    return vectors, fraud


def small(recipe: Recipe) -> Recipe:
    """The same with a few trees."""
    fewer = {name: FEW_TREES.get(name, value) for name, value in recipe.settings.items()}
    return replace(recipe, settings=MappingProxyType(fewer))


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.text)
def test_every_recipe_scores_as_scikit_learn_does(recipe: Recipe) -> None:
    vectors, fraud = payments()
    estimator = recipe.fit(vectors[:4_000], fraud[:4_000], seed=3)

    assert check_equal(recipe.model(estimator, fraud, slice(0, 4_000)), estimator, vectors[4_000:]) <= 1e-12


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.text)
def test_the_same_seed_makes_the_same_file(recipe: Recipe) -> None:
    vectors, fraud = payments()
    few = small(recipe)

    def digest(seed: int) -> str:
        return digest_of(to_bytes(few.model(few.fit(vectors, fraud, seed=seed), fraud, slice(0, len(fraud)))))

    assert digest(3) == digest(3)
    assert (digest(4) == digest(3)) == (recipe.family is Family.LOGISTIC_REGRESSION)


@pytest.mark.parametrize("recipe", ALL, ids=lambda recipe: recipe.text)
def test_nothing_learns_from_the_age_of_the_simulation(recipe: Recipe) -> None:
    vectors, fraud = payments()
    bound = {index_of(name) for name in HISTORY_BOUND}

    body = small(recipe).model(small(recipe).fit(vectors, fraud, seed=1), fraud, slice(0, len(fraud))).body

    used = set(body.feature.tolist()) if isinstance(body, Trees) else set(np.flatnonzero(body.weight).tolist())
    assert len(used) > 2
    assert not bound & used
    assert vectors[:, index_of(HISTORY_BOUND[0])].any(), "the caller's vectors stay as they are"


def test_a_recipe_keeps_every_fraud_and_so_many_others_for_each() -> None:
    fraud = np.zeros(10_000, np.bool_)
    fraud[100:5_000:500] = True
    recipe = replace(BASELINE, genuine_per_fraud=20)

    rows = recipe.rows(fraud, slice(0, 5_000))

    assert fraud[rows].sum() == 10
    assert 180 <= (~fraud[rows]).sum() <= 200
    assert len(replace(BASELINE, genuine_per_fraud=2_000).rows(fraud, slice(0, 5_000))) == 5_000


def test_whatever_a_recipe_says_the_rows_are_bounded() -> None:
    fraud = np.arange(GENUINE_ROWS * 3) % 4 == 0

    kept = replace(BASELINE, genuine_per_fraud=1_000).rows(fraud, slice(0, len(fraud)))

    assert (~fraud[kept]).sum() <= GENUINE_ROWS


def test_probabilities_before_calibration_are_those_of_all_payments() -> None:
    """Thinning makes fraud ten times as frequent; the correction of the prior takes that back."""
    rng = np.random.default_rng(4)
    vectors = np.zeros((60_000, len(FEATURE_NAMES)))
    vectors[:, 0] = rng.lognormal(0.0, 1.0, len(vectors))
    fraud = rng.random(len(vectors)) < 1 / (1 + np.exp(5.0 - np.log1p(vectors[:, 0])))
    recipe, everything = replace(BASELINE, genuine_per_fraud=6), slice(0, len(fraud))
    rows = recipe.rows(fraud, everything)

    model = recipe.model(recipe.fit(vectors[rows], fraud[rows], seed=1), fraud, everything)

    assert fraud[rows].mean() > 8 * fraud.mean()
    assert score(model, vectors, top=0).probability.sum() == pytest.approx(fraud.sum(), rel=0.05)


def test_the_best_on_average_is_chosen_and_of_equal_ones_the_first() -> None:
    steady, lucky, same = Trial(ALL[0], (0.6, 0.6)), Trial(ALL[1], (0.9, 0.1)), Trial(ALL[2], (0.7, 0.5))

    assert choose([lucky, steady, same]) is steady
    assert choose([same, steady]) is same


def test_of_nothing_nothing_is_chosen() -> None:
    with pytest.raises(ConfigurationError, match="no model was tried"):
        choose([])


def test_a_recipe_says_its_family_and_every_setting() -> None:
    assert BASELINE.text == "logistic regression: C 0.3, genuine_per_fraud 25"
    assert len({recipe.text for recipe in ALL}) == len(ALL)


def test_every_family_has_a_recipe_of_its_own_and_the_usual_is_one_of_them() -> None:
    assert list(RECIPES) == list(Family)
    assert all(recipe.family is family for family, recipes in RECIPES.items() for recipe in recipes)
    assert recipes_of(tuple(Family)) == ALL
    assert len(USUAL) == 1
    assert USUAL[0] in ALL


@pytest.mark.parametrize(
    ("model", "recipes"), [(None, USUAL), ("extra-trees", RECIPES[Family.EXTRA_TREES]), ("best", ALL)]
)
def test_a_plan_names_what_is_tried(model: str | None, recipes: tuple[Recipe, ...]) -> None:
    plan = TrainingPlan(seed=1, customers=1, history_days=45, start=None, model=model)

    assert plan.recipes() == recipes


def test_thinning_keeps_every_fraud_and_spreads_the_others_over_time() -> None:
    fraud = np.zeros(1_000, np.bool_)
    fraud[[3, 200, 201, 999]] = True

    rows = thinned(fraud, slice(100, 1_000), genuine=90)

    assert {200, 201, 999} <= set(rows.tolist())
    assert (np.diff(rows) > 0).all()
    assert len(rows) - 3 <= 90
    assert rows[0] == 100
    assert np.diff(rows).max() <= 13


def test_a_history_with_few_payments_is_not_thinned() -> None:
    assert thinned(np.zeros(50, np.bool_), slice(0, 50), genuine=90).tolist() == list(range(50))
