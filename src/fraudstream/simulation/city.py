"""The city world: an endless, seeded stream of days with payments and the labels that arrive on them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from fraudstream.contracts.transaction import EARLIEST
from fraudstream.errors import ConfigurationError
from fraudstream.features.events import CHANNELS, Bytes, EventColumns
from fraudstream.simulation.labels import LabelCalendar, SimulatedLabels
from fraudstream.simulation.payments import DAY, SECOND, Payments, Scenarios, in_order, joined, no_payments
from fraudstream.simulation.population import FIRST_USER_ID, DeviceNumbers, Population, populate
from fraudstream.simulation.randomness import Stream, generator, key_words
from fraudstream.simulation.scenarios import FraudScenarios
from fraudstream.simulation.spending import Spending
from fraudstream.simulation.stolen_cards import Country
from fraudstream.simulation.transaction_ids import transaction_ids

DEFAULT_START = 1_262_304_000.0
"""2010-01-01 UTC in seconds: so long ago that a fast stream runs for hours before its clock reaches the present."""
MOST_CUSTOMERS = 200_000


@dataclass(frozen=True)
class SimulatedDay:
    """One day of a world.

    `start` is its first moment in seconds since 1970 UTC. `events` are sorted by time, and no two share one;
    `scenario` (n,) is the truth about each: 0 genuine, 1 to 6 as in `scenarios.SCENARIOS`. `labels` are those that
    arrive on this day, mostly of payments of earlier days.
    """

    start: float
    events: EventColumns
    scenario: Scenarios
    labels: SimulatedLabels


class CityWorld:
    """Cardholders of seven cities and what happens to them; a function of its three arguments alone.

    Args:
        seed: at least 0; other seeds, other worlds.
        customers: number of cardholders, 1 to `MOST_CUSTOMERS`.
        start: midnight of the first day, seconds since 1970 UTC.

    Raises:
        ConfigurationError: an argument is out of range.
    """

    def __init__(self, seed: int, customers: int, start: float) -> None:
        if seed < 0:
            raise ConfigurationError(f"seed {seed} is negative; use 0 or more")
        if not 1 <= customers <= MOST_CUSTOMERS:
            raise ConfigurationError(f"{customers} customers cannot be simulated; use 1 to {MOST_CUSTOMERS}")
        if start < EARLIEST.timestamp() or start * SECOND % DAY:
            raise ConfigurationError(f"a world cannot start at {start}; use a midnight in UTC, from 2000 on")
        self.seed, self.customers, self.start = seed, customers, start
        self.population: Population = populate(seed, customers)

    def days(self) -> Iterator[SimulatedDay]:
        """Every day from `start` on; each call begins again at the first."""
        devices = DeviceNumbers(self.customers)
        spending = Spending(self.population, devices)
        fraud = FraudScenarios(Country(self.population, spending, devices))
        labels = LabelCalendar()
        later, number, last = no_payments(), 0, 0
        for day in count():
            first = round(self.start) * SECOND + day * DAY
            genuine = spending.day(first, generator(self.seed, Stream.SPENDING, day))
            drafts = joined([later, fraud.day(first, genuine, generator(self.seed, Stream.SCENARIOS, day))])
            today = drafts.time < first + DAY
            later = drafts.take(~today)
            payments = in_order(drafts.take(today), after=last)
            events = self._events(payments, number)
            number += len(events)
            last = int(payments.time[-1]) if len(payments) else last
            labels.record(events, payments.scenario, generator(self.seed, Stream.LABELS, day))
            yield SimulatedDay(first / SECOND, events, payments.scenario, labels.due((first + DAY) / SECOND))

    def _events(self, payments: Payments, number: int) -> EventColumns:
        key = key_words(self.seed, Stream.TRANSACTION_IDS, self.customers, round(self.start))
        return event_columns(self.population, payments, transaction_ids(key, number, len(payments)))


def event_columns(population: Population, payments: Payments, ids: Bytes) -> EventColumns:
    """Payments as the rest of the system sees them, in their order; `ids` is (n, 16)."""
    merchants = population.merchants
    online = merchants.online[payments.merchant]
    return EventColumns(
        transaction_id=ids,
        user_id=payments.customer + FIRST_USER_ID,
        event_time=payments.time / SECOND,
        amount=payments.amount,
        category=merchants.category[payments.merchant],
        location=payments.location,
        payment_method=payments.payment_method,
        merchant_id=merchants.merchant_id[payments.merchant],
        device_id=payments.device_id,
        channel=np.where(online, CHANNELS.index("online"), CHANNELS.index("card_present")).astype(np.int16),
    )
