"""Where a history comes from: part by part, in the order of time, so that no more than a part need be in memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import EventColumns
from fraudstream.features.replay import LabelArrivals
from fraudstream.simulation.city import CityWorld
from fraudstream.simulation.scenarios import SCENARIOS
from fraudstream.training.card import SIMULATED, Origin
from fraudstream.training.dataset import DAY, require_enough


@dataclass(frozen=True)
class PastPart:
    """`n` payments, sorted by (event_time, transaction_id), and the labels that arrive up to the last of them or later.

    `event_row` of a label counts from the first payment of the first part. `scenario` (n,) is what is measured against:
    0 genuine, otherwise the kind of fraud; every payment that a label will ever call fraud has one. `until`, in
    seconds since 1970 UTC, is how far the part reaches.
    """

    events: EventColumns
    arrivals: LabelArrivals
    scenario: npt.NDArray[np.int8]
    until: float


@dataclass(frozen=True)
class Past:
    """A history; `start` and `end` are in seconds since 1970 UTC.

    `parts` begins again at the first part with every call. `facts` are what is recorded of it, `seed` is that of the
    fit, `scenario_names` says what each kind of fraud is called, `origin` what the card must not be taken for.
    """

    start: float
    end: float
    parts: Callable[[], Iterator[PastPart]]
    facts: Mapping[str, str]
    seed: int
    scenario_names: Mapping[int, str]
    origin: Origin


def simulated_past(world: CityWorld, days: int) -> Past:
    """The first `days` days of a city, with the labels that arrive in them; a part is a day.

    Raises:
        ConfigurationError: fewer days than `SHORTEST_HISTORY`.
    """
    require_enough(days)

    def parts() -> Iterator[PastPart]:
        for day in islice(world.days(), days):
            arrivals = LabelArrivals(day.labels.payment, day.labels.arrived_at, day.labels.is_fraud)
            yield PastPart(day.events, arrivals, day.scenario, day.start + DAY)

    facts = {"world": "city", "customers": str(world.customers), "history_days": str(days)}
    return Past(world.start, world.start + days * DAY, parts, facts, world.seed, SCENARIOS, SIMULATED)
