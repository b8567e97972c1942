"""The negative control and the features that ablations take away."""

import re

import numpy as np
import pytest
from tests.unit.evaluation.tiny_worlds import START, Paid, history

from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.city_rounds import ABLATIONS, SHORT_VELOCITY, city_round
from fraudstream.evaluation.random_world import random_history
from fraudstream.features.catalogue import FEATURE_NAMES, FEATURES
from fraudstream.training.dataset import DAY

SHORT_WINDOW = re.compile(r"half-life (\d+ minutes|[16] hours?|1 day)")


def test_short_velocity_is_all_that_forgets_within_a_day_and_the_time_since_the_last_payment() -> None:
    short = [one.name for one in FEATURES if SHORT_WINDOW.fullmatch(one.window) or one.name == "hours_since_last"]

    assert sorted(SHORT_VELOCITY) == sorted(short)


def test_ablations_name_features_there_are() -> None:
    assert all(set(names) <= set(FEATURE_NAMES) for names in ABLATIONS.values())


def test_random_payments_are_in_order_and_labelled_a_week_later() -> None:
    world = random_history(1, payments=5_000, days=30)
    keys = list(zip(world.events.event_time, map(bytes, world.events.transaction_id), strict=True))

    assert keys == sorted(keys)
    assert np.array_equal(world.arrivals.arrived_at, world.events.event_time + 7 * DAY)
    assert np.array_equal(world.arrivals.is_fraud, world.scenario > 0)
    assert world.scenario.mean() == pytest.approx(0.02, abs=0.006)
    assert world.start <= world.events.event_time[0] < world.events.event_time[-1] < world.end


def test_a_random_world_is_a_function_of_its_seed() -> None:
    assert random_history(1, payments=500).digest() == random_history(1, payments=500).digest()
    assert random_history(1, payments=500).digest() != random_history(2, payments=500).digest()


def test_a_random_world_without_payments_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="are no world; use more"):
        random_history(1, payments=0)


def test_the_city_is_measured_at_its_end_and_rehearsed_four_weeks_before() -> None:
    world = history([Paid(day, 1) for day in range(70)], days=70)
    round_ = city_round(world)
    (rehearsal,) = round_.rehearsals

    assert (round_.split.training, round_.split.test.tolist()) == (slice(5, 49), list(range(56, 70)))
    assert (rehearsal.training, rehearsal.test.tolist()) == (slice(5, 21), list(range(28, 42)))
    assert (round_.split.cut_off, rehearsal.cut_off) == (START + 56 * DAY, START + 28 * DAY)
