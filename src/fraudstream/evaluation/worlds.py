"""The three worlds, replayed by the product's kernel, each with its protocol."""

import time
from dataclasses import dataclass

import numpy as np

from fraudstream.evaluation import random_world
from fraudstream.evaluation.city_rounds import city_round
from fraudstream.evaluation.fitting import World
from fraudstream.evaluation.handbook_rounds import TEST, VALIDATION, handbook_history, handbook_rounds
from fraudstream.evaluation.protocol import Round, in_order_of_time, split_of
from fraudstream.evaluation.steps import Steps, Timer
from fraudstream.features.events import Floats
from fraudstream.features.replay import LabelArrivals, replay_history
from fraudstream.simulation import handbook, scenarios
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.dataset import DAY, History, simulate_history


@dataclass(frozen=True)
class Sizes:
    """How large worlds are."""

    cards: int = handbook.CARDS
    terminals: int = handbook.TERMINALS
    customers: int = 4_000
    city_days: int = 110
    payments: int = random_world.PAYMENTS


SMALL = Sizes(cards=300, terminals=600, customers=400, city_days=75, payments=30_000)
"""Enough to see that everything works; no figure of such a world means anything."""


@dataclass(frozen=True, eq=False)
class Replayed:
    """A world that is ready to be measured on, and the seconds of processor time that the kernel took."""

    world: World
    replay_seconds: float


def handbook_world(seed: int, sizes: Sizes, steps: Steps) -> Replayed:
    """The Handbook's cards and terminals, and its four folds.

    Raises:
        ConfigurationError: the seed or a size is out of range.
    """
    with steps.step("simulate the Handbook's cards and terminals"):
        world = handbook.HandbookWorld(seed, cards=sizes.cards, terminals=sizes.terminals)
        history = handbook_history(world)
    vectors, seconds = _vectors(history, steps)
    validation = tuple(split_of(history, fold) for fold in VALIDATION)
    rounds = handbook_rounds(history, TEST)
    return Replayed(World("handbook", seed, history, vectors, handbook.SCENARIOS, validation, rounds), seconds)


def city_world(seed: int, sizes: Sizes, steps: Steps) -> Replayed:
    """The simulated city, and its last two weeks.

    Raises:
        ConfigurationError: the seed or a size is out of range.
    """
    with steps.step("simulate the city"):
        history = simulate_history(CityWorld(seed, sizes.customers, DEFAULT_START), sizes.city_days)
    vectors, seconds = _vectors(history, steps)
    measured = city_round(history)
    world = World("city", seed, history, vectors, scenarios.SCENARIOS, measured.rehearsals, (measured,))
    return Replayed(world, seconds)


def labels_at_random(seed: int, sizes: Sizes, steps: Steps) -> Replayed:
    """Payments drawn at random with labels drawn at random, and their last two weeks.

    Raises:
        ConfigurationError: the seed or a size is out of range.
    """
    with steps.step("draw payments and labels"):
        history = random_world.random_history(seed, payments=sizes.payments)
    vectors, seconds = _vectors(history, steps)
    measured = _random_round(history)
    world = World("random", seed, history, vectors, random_world.SCENARIOS, measured.rehearsals, (measured,))
    return Replayed(world, seconds)


WORLDS = {"handbook": handbook_world, "city": city_world, "random": labels_at_random}


def _random_round(history: History) -> Round:
    """Two weeks of training, one until labels are known, two that are measured; rehearsed one week on earlier ones."""
    begin = history.end - 14 * DAY
    training = begin - 21 * DAY, begin - 7 * DAY
    split = in_order_of_time(history, training=training, test=(begin, history.end), name="test")
    earlier = in_order_of_time(
        history, training=(history.start, begin - 21 * DAY), test=(begin - 14 * DAY, begin - 7 * DAY), name="rehearsal"
    )
    return Round(split, (earlier,))


def _vectors(history: History, steps: Steps, *, timer: Timer = time.thread_time) -> tuple[Floats, float]:
    nothing = LabelArrivals(np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    with steps.step("compile the feature kernel"):
        replay_history(history.events.take(slice(1)), nothing)
    with steps.step("replay through the feature kernel"):
        begun = timer()
        vectors = replay_history(history.events, history.arrivals).vectors
        return vectors, timer() - begun
