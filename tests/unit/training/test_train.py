"""A whole training on a small city: what it makes, and that it makes it again."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.training.conftest import CUSTOMERS, SEED, STARTED_AT, SmallCity

from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_NAMES, index_of
from fraudstream.features.events import Floats
from fraudstream.features.replay import LabelArrivals
from fraudstream.models.archive import digest_of, load_model
from fraudstream.models.arrays import Trees
from fraudstream.models.initial_state import load_state
from fraudstream.models.walker import score
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.simulation.scenarios import SCENARIOS
from fraudstream.training.build import BuiltModel, build_model, golden_rows
from fraudstream.training.dataset import History, windows_of
from fraudstream.training.entry import choice_facts
from fraudstream.training.families import Family
from fraudstream.training.parts import (
    CARD_FILE,
    DIGEST_TAG,
    METADATA_FILE,
    MODEL_FILE,
    STATE_DIGEST_TAG,
    STATE_FILE,
)
from fraudstream.training.past import simulated_past
from fraudstream.training.recipes import HISTORY_BOUND, RECIPES, USUAL, Recipe, Trial
from fraudstream.training.train import Trained, run_training


def test_the_registered_file_loads_and_scores_as_the_model_does(trained: Trained) -> None:
    loaded = load_model(trained.run.artefacts[MODEL_FILE], digest=trained.run.tags[DIGEST_TAG])

    golden = trained.model.golden_vectors
    assert len(golden) >= 64
    assert np.array_equal(score(loaded, golden).probability, trained.model.golden_scores)
    assert loaded.threshold == trained.model.threshold


def test_the_model_ranks_fraud_it_has_not_seen(trained: Trained) -> None:
    assert trained.evaluation.auc > 0.85
    assert trained.evaluation.average_precision > 0.35
    assert 0.0 < trained.evaluation.alert_rate < 0.03


def test_probabilities_add_up_to_about_the_frauds(trained: Trained) -> None:
    assert 0.4 < trained.evaluation.predicted_frauds / trained.evaluation.frauds < 1.6


def test_the_same_training_makes_the_same_bytes(trained: Trained, city: SmallCity) -> None:
    again = build_model(
        city.history, city.replay.vectors, windows_of(city.history), seed=SEED, scenario_names={1: "card testing"}
    )

    assert isinstance(again.model.body, Trees)
    assert isinstance(trained.model.body, Trees)
    assert again.model.body.value.tobytes() == trained.model.body.value.tobytes()
    assert again.model.calibration == trained.model.calibration
    assert again.model.threshold == trained.model.threshold


def test_features_that_tell_the_age_of_the_simulation_are_not_split_on(trained: Trained) -> None:
    assert isinstance(trained.model.body, Trees)

    assert not {index_of(name) for name in HISTORY_BOUND} & set(trained.model.body.feature.tolist())


def test_the_truth_is_not_trained_on(trained: Trained, city: SmallCity) -> None:
    """Turning the truth round changes what is measured and nothing that was learnt."""
    turned = (1 - np.minimum(city.history.scenario, 1)).astype(np.int8)
    other = build_model(
        replace(city.history, scenario=turned),
        city.replay.vectors,
        windows_of(city.history),
        seed=SEED,
        scenario_names={1: "anything"},
    )

    assert other.model.golden_scores.tobytes() == trained.model.golden_scores.tobytes()
    assert other.evaluation.auc == pytest.approx(1 - trained.evaluation.auc)


def few_trees() -> tuple[Recipe, ...]:
    """A recipe of each family of trees, with so few trees that their order on two weeks may differ."""
    fewer = {"n_estimators": 5, "max_iter": 5}
    return tuple(
        replace(recipes[0], settings={name: fewer.get(name, value) for name, value in recipes[0].settings.items()})
        for family, recipes in RECIPES.items()
        if family is not Family.LOGISTIC_REGRESSION
    )


def test_of_several_recipes_the_best_before_the_last_week_is_taken(city: SmallCity) -> None:
    told: list[Trial] = []
    built = build_model(
        city.history,
        city.replay.vectors,
        windows_of(city.history),
        seed=SEED,
        scenario_names=SCENARIOS,
        recipes=few_trees(),
        tried=told.append,
    )

    assert [trial.recipe for trial in built.trials] == list(few_trees())
    assert built.recipe == max(built.trials, key=lambda trial: trial.mean).recipe
    assert tuple(told) == built.trials
    facts = choice_facts(built.recipe, built.trials)
    assert facts["model_family"] == built.recipe.family
    assert all(f"{trial.mean:.4f} {trial.recipe.text}" in facts["chosen_from"] for trial in built.trials)


def test_the_week_that_is_measured_plays_no_part_in_the_choice(city: SmallCity) -> None:
    """Payments, labels and truth of that week turned into noise: trials, choice and calibration stay as they are."""
    windows, vectors = windows_of(city.history), city.replay.vectors.copy()
    week = slice(windows.evaluation.start, windows.evaluation.stop)
    vectors[week] = np.random.default_rng(1).permutation(vectors[week])
    scenario, arrivals = city.history.scenario.copy(), city.history.arrivals
    scenario[week] = np.random.default_rng(2).permutation(scenario[week])
    others = arrivals.event_row < week.start
    labels = LabelArrivals(arrivals.event_row[others], arrivals.arrived_at[others], arrivals.is_fraud[others])
    assert not others.all()

    def built(history: History, seen: Floats) -> BuiltModel:
        return build_model(history, seen, windows, seed=SEED, scenario_names=SCENARIOS, recipes=few_trees())

    real, noise = (
        built(city.history, city.replay.vectors),
        built(replace(city.history, arrivals=labels, scenario=scenario), vectors),
    )

    assert noise.trials == real.trials
    assert noise.recipe == real.recipe
    assert (noise.model.calibration, noise.model.threshold) == (real.model.calibration, real.model.threshold)
    assert noise.evaluation.average_precision < 0.5 * real.evaluation.average_precision


def test_the_initial_state_is_registered_with_its_digest(trained: Trained) -> None:
    content = trained.run.artefacts[STATE_FILE]

    assert digest_of(content) == trained.run.tags[STATE_DIGEST_TAG]
    assert len(load_state(content).user_ids) == CUSTOMERS


def test_the_run_says_when_with_what_and_how_well(trained: Trained) -> None:
    run = trained.run

    assert run.started_at == STARTED_AT
    assert run.parameters["seed"] == str(SEED)
    assert run.parameters["window_start"] == "2010-01-01T00:00:00+00:00"
    assert run.parameters["window_end"] == "2010-02-01T00:00:00+00:00"
    assert len(run.parameters["data_sha256"]) == 64
    assert run.parameters["features"].split(",") == list(FEATURE_NAMES)
    assert run.tags["code_version"] == "0.1.0+test"
    assert run.tags["catalogue_version"] == str(CATALOGUE_VERSION)
    assert float(run.tags["threshold"]) == trained.model.threshold
    assert run.parameters["model"] == USUAL[0].text
    assert run.parameters["model_family"] == USUAL[0].family
    assert run.metrics["auc"] == trained.evaluation.auc
    assert all(np.isfinite(value) for value in run.metrics.values())


def test_the_metadata_is_complete_json(trained: Trained) -> None:
    metadata = json.loads(trained.run.artefacts[METADATA_FILE])

    assert metadata["features"] == list(FEATURE_NAMES)
    assert metadata["recipe"]["settings"] == dict(USUAL[0].settings)
    assert [trial["family"] for trial in metadata["trials"]] == [USUAL[0].family]
    assert metadata["calibration"]["slope"] == trained.model.calibration.slope
    assert metadata["evaluation"]["frauds"] == trained.evaluation.frauds
    assert metadata["started_at"].startswith("2026-")


def test_the_card_says_that_a_simulator_proves_nothing_about_real_payments(trained: Trained) -> None:
    card = trained.run.artefacts[CARD_FILE].decode()

    assert "it says nothing about how well\nthis model would find fraud among real payments" in card
    assert "| card testing, then cash-out |" in card
    assert trained.run.tags[DIGEST_TAG] in card
    assert f"- model: {USUAL[0].text}" in card


def test_the_pictures_stand_beside_the_figures(trained: Trained) -> None:
    assert len([name for name in trained.run.artefacts if name.startswith("plots/")]) == 5


def test_progress_is_told_line_by_line(trained: Trained, told: list[str]) -> None:
    assert trained.seconds.keys() == {
        "replay history",
        "fit, calibrate and measure",
        "draw",
        "pack",
    }
    assert [line.split(":")[0] for line in told if "payments" not in line] == list(trained.seconds)


def test_the_golden_set_holds_the_highest_scores_and_some_of_every_rank() -> None:
    log_odds = np.random.default_rng(1).normal(size=5_000)

    rows = golden_rows(log_odds)

    ranks = np.argsort(np.argsort(-log_odds))[rows]
    assert len(set(rows.tolist())) == 128
    assert set(range(64)) <= set(ranks.tolist())
    assert ranks.max() == 4_999


def test_a_city_without_enough_fraud_is_refused() -> None:
    past = simulated_past(CityWorld(1, 60, DEFAULT_START), 24)

    with pytest.raises(ConfigurationError, match=r"labelled frauds to train on.*use more --customers"):
        run_training(past, started_at=STARTED_AT, code_version="0", progress=lambda _: None)
