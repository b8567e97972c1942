"""A contest on a small world: what is chosen, what is measured, and what nobody may have looked at."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.contest import Contest, Outcome
from fraudstream.evaluation.fitting import Fitter, World, artefact_digest
from fraudstream.evaluation.speed import rows_per_second
from fraudstream.evaluation.steps import Steps
from fraudstream.evaluation.worlds import SMALL, city_world
from fraudstream.features.replay import LabelArrivals, replay_history
from fraudstream.models.archive import load_model, to_bytes
from fraudstream.models.walker import score
from fraudstream.training.dataset import History
from fraudstream.training.families import Family
from fraudstream.training.recipes import BASELINE, Recipe, choose

SEED = 3
LINEAR = Family.LOGISTIC_REGRESSION
BOOSTING = Family.HISTOGRAM_BOOSTING
RECIPES = {
    LINEAR: (BASELINE, Recipe(LINEAR, {"C": 0.001}, 25)),
    BOOSTING: (Recipe(BOOSTING, {"max_iter": 15, "max_leaf_nodes": 4}, 25),),
}


def silent() -> Steps:
    return Steps(console=Console(file=io.StringIO()))


@pytest.fixture(scope="module")
def world() -> World:
    return city_world(SEED, SMALL, silent()).world


@pytest.fixture(scope="module")
def outcome(world: World) -> Outcome:
    return Contest(Fitter(world, seed=0), silent(), serving_rate=0.0, recipes=RECIPES).run([LINEAR, BOOSTING])


def without_what_came_later(history: History, moment: float) -> History:
    """Every label that arrived from `moment` on, and the truth nobody has been told by then, turned round."""
    late = history.arrivals.arrived_at >= moment
    arrivals = LabelArrivals(history.arrivals.event_row, history.arrivals.arrived_at, history.arrivals.is_fraud ^ late)
    known, _ = history.known_at(moment)
    return replace(
        history, arrivals=arrivals, scenario=np.where(known, history.scenario, 1 - history.scenario.clip(0, 1))
    )


def test_labels_that_arrive_after_the_cut_off_and_the_truth_change_nothing(world: World) -> None:
    (round_,) = world.rounds
    turned = without_what_came_later(world.history, round_.split.cut_off)
    other = replace(world, history=turned, vectors=replay_history(turned.events, turned.arrivals).vectors)

    mine, theirs = (Fitter(one, seed=0).proved(BASELINE, round_) for one in (world, other))

    assert not np.array_equal(world.vectors, other.vectors)
    assert all(np.array_equal(vars(mine.body)[name], vars(theirs.body)[name]) for name in vars(mine.body))
    assert (mine.calibration, mine.threshold) == (theirs.calibration, theirs.threshold)


def test_labels_before_the_cut_off_do_change_it(world: World) -> None:
    (round_,) = world.rounds
    turned = without_what_came_later(world.history, round_.split.cut_off - 1e6)
    other = replace(world, history=turned)

    mine, theirs = (Fitter(one, seed=0).fitted(BASELINE, round_.split).model.body for one in (world, other))

    assert not np.array_equal(vars(mine)["weight"], vars(theirs)["weight"])


def test_the_best_is_the_best_where_it_was_chosen(outcome: Outcome) -> None:
    assert outcome.best.trial == choose(outcome.tried)
    assert outcome.candidates[0] == outcome.best
    assert {one.recipe.family for one in outcome.candidates} == {LINEAR, BOOSTING}
    assert len(outcome.tried) > len(outcome.candidates)


def test_all_that_is_fast_enough_may_serve(outcome: Outcome) -> None:
    assert outcome.serving == outcome.best


def test_nothing_serves_if_nothing_is_fast_enough(world: World) -> None:
    found = Contest(Fitter(world, seed=0), silent(), serving_rate=1e12).run([LINEAR])

    assert found.serving is None
    assert found.best.rows_per_second > 0


def test_no_family_is_nothing_to_evaluate(world: World) -> None:
    with pytest.raises(ConfigurationError, match="no family of models was named"):
        Contest(Fitter(world, seed=0), silent()).run([])


def test_the_model_of_a_round_is_one_that_could_be_deployed(world: World) -> None:
    model = Fitter(world, seed=0).proved(BASELINE, world.rounds[0])
    content = to_bytes(model)

    loaded = load_model(content, digest=artefact_digest(model))

    assert np.array_equal(loaded.golden_scores, score(loaded, loaded.golden_vectors).probability)
    assert 0 < loaded.threshold < 1


def test_a_digest_names_a_model(world: World) -> None:
    fitters = [Fitter(world, seed=0), Fitter(world, seed=0), Fitter(world, seed=0, without=("amount",))]
    digests = [artefact_digest(fitter.proved(BASELINE, world.rounds[0])) for fitter in fitters]

    assert digests[0] == digests[1] != digests[2]


def test_the_thinning_of_a_rehearsal_is_not_taken_for_that_of_its_round(world: World) -> None:
    """Odds that are twice as high because half as many genuine payments were kept say the same."""
    (round_,) = world.rounds
    (rehearsal,) = round_.rehearsals
    fitter, twice = Fitter(world, seed=0), np.log(2)
    before = fitter.proved(BASELINE, round_).calibration
    own = fitter.fitted(BASELINE, rehearsal)
    thinner = replace(
        own.model, calibration=replace(own.model.calibration, intercept=own.model.calibration.intercept - twice)
    )
    fitter._fitted[BASELINE.text, rehearsal.name] = replace(own, model=thinner, log_odds=own.log_odds + twice)

    after = fitter.proved(BASELINE, round_).calibration

    assert (after.slope, after.intercept) == pytest.approx((before.slope, before.intercept))


def test_features_that_are_left_out_are_zero_for_the_model(world: World) -> None:
    rows = world.rounds[0].split.test
    without = Fitter(world, seed=0, without=("amount",)).vectors(rows)

    assert not without[:, 0].any()
    assert np.array_equal(without[:, 1:], world.vectors[rows][:, 1:])


def test_speed_is_the_best_of_several(world: World) -> None:
    ticks = iter([0.0, 4.0, 10.0, 12.0, 20.0, 25.0, 30.0, 33.0, 40.0, 48.0])
    model = Fitter(world, seed=0).fitted(BASELINE, world.rounds[0].split).model

    assert rows_per_second(model, world.vectors[:1_000], timer=lambda: next(ticks)) == 500.0
