"""The traffic of every measurement: a city's payments as they stand in the log, the same bytes for everybody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from fraudstream.features.events import EventColumns
from fraudstream.producer.outgoing import Outgoing, key_of, outgoing_payments
from fraudstream.simulation.city import CityWorld

PAYMENTS_A_DAY = 2.0
"""A low estimate of a simulated customer's payments in a day."""
DAY = 86_400.0
SMALL: Mapping[str, int] = {"customers": 2_000, "history_days": 45}
"""A city for what takes as long in a larger one: answers and pages."""


@dataclass(frozen=True)
class City:
    """A simulated city: its history trains the model, the days behind it are the traffic.

    `start` is midnight UTC of the first day, in seconds since 1970.
    """

    seed: int
    customers: int
    history_days: int
    start: float

    def days(self) -> Iterator[EventColumns]:
        """The payments of each day after the history, without an end."""
        for day in islice(CityWorld(self.seed, self.customers, self.start).days(), self.history_days, None):
            yield day.events

    def outgoing(self) -> Iterator[Outgoing]:
        """The payments after the history as a producer sends them, without an end."""
        return (payment for day in self.days() for payment in outgoing_payments(day))

    def records(self, count: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        """The first `count` payments after the history, or all of them without an end: key and value of each."""
        for payment in islice(self.outgoing(), count):
            yield key_of(payment.user_id or 0), payment.value


def city_for(payments: int, *, now: float, seed: int = 7, customers: int = 20_000, history_days: int = 28) -> City:
    """A city whose first `payments` payments after the history lie in the past, as a payment's time must."""
    days = history_days + payments / (customers * PAYMENTS_A_DAY) + 30
    return City(seed, customers, history_days, (now - days * DAY) // DAY * DAY)
