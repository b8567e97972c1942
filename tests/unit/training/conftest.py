"""One small training that the tests of its parts share."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from fraudstream.features.replay import Replay, replay_history
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.dataset import History, simulate_history
from fraudstream.training.past import simulated_past
from fraudstream.training.train import Trained, run_training

SEED, CUSTOMERS, DAYS = 7, 1_000, 31
STARTED_AT = 1_790_000_000.0


@dataclass(frozen=True)
class SmallCity:
    """A world and its history, replayed."""

    world: CityWorld
    history: History
    replay: Replay


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Threads of scikit-learn that share busy cores wait for each other."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="session")
def city() -> SmallCity:
    world = CityWorld(SEED, CUSTOMERS, DEFAULT_START)
    history = simulate_history(world, DAYS)
    return SmallCity(world, history, replay_history(history.events, history.arrivals))


@pytest.fixture(scope="session")
def told() -> list[str]:
    """What the training below said while it ran."""
    return []


@pytest.fixture(scope="session")
def trained(told: list[str]) -> Trained:
    past = simulated_past(CityWorld(SEED, CUSTOMERS, DEFAULT_START), DAYS)
    return run_training(past, started_at=STARTED_AT, code_version="0.1.0+test", progress=told.append)
