"""One world of an ordinary size, simulated once."""

from dataclasses import dataclass, fields
from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest

from fraudstream.features.events import EventColumns
from fraudstream.simulation.city import DEFAULT_START, CityWorld, SimulatedDay

DAYS = 45


@dataclass(frozen=True)
class Simulated:
    """A world and all payments of its first days."""

    world: CityWorld
    days: list[SimulatedDay]
    events: EventColumns
    scenario: npt.NDArray[np.int8]


def simulated(seed: int, customers: int, days: int = DAYS) -> Simulated:
    world = CityWorld(seed, customers, DEFAULT_START)
    taken = list(islice(world.days(), days))
    events = EventColumns(
        *(np.concatenate([getattr(day.events, field.name) for day in taken]) for field in fields(EventColumns))
    )
    return Simulated(world, taken, events, np.concatenate([day.scenario for day in taken]))


@pytest.fixture(scope="session")
def city() -> Simulated:
    return simulated(seed=7, customers=2_000)
