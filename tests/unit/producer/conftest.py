"""A broker in memory with the two topics, and a world small enough to look at."""

import pytest

from fraudstream.adapters.memory import MemoryBroker
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.simulation.city import DEFAULT_START, CityWorld


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.ensure_topics({TRANSACTIONS: 2, LABELS: 1}, 1)
    return made


@pytest.fixture(scope="session")
def world() -> CityWorld:
    return CityWorld(7, 60, DEFAULT_START)
