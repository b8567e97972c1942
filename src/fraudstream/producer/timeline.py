"""Payments and labels of a world in the order in which they happen."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from fraudstream.features.events import EventColumns
from fraudstream.producer.outgoing import Outgoing, outgoing_labels, outgoing_payments
from fraudstream.simulation.city import SimulatedDay
from fraudstream.simulation.labels import SimulatedLabels


@dataclass(frozen=True)
class Batch:
    """Records in the order of simulated time, payments and labels; `payments` says how many are payments."""

    records: list[Outgoing]
    payments: int


class Timeline:
    """Takes a world's days apart, from a given day on.

    A label stands before a payment of the same moment: it is known when that payment is made.
    """

    def __init__(self, days: Iterator[SimulatedDay], *, start: float) -> None:
        self._days = days
        self._upcoming: SimulatedDay | None = None
        self.moment = start
        """Simulated time of the last record taken, in seconds since 1970 UTC."""
        self._events: EventColumns
        self._labels: SimulatedLabels
        self._next_day()

    def due(self, most: int, until: float) -> Batch:
        """Take what comes next: at most `most` payments, and nothing that happens after `until`.

        May return less than there is; nothing is returned only when nothing is due.
        """
        if most <= 0:
            return Batch([], 0)
        while self._place == len(self._time):
            if not self._begin_next_day(until):
                return Batch([], 0)
        enough = int(np.searchsorted(self._payments, self._payments_before(self._place) + most, side="left")) + 1
        stop = min(enough, int(np.searchsorted(self._time, until, side="right")))
        if stop <= self._place:
            return Batch([], 0)
        return self._take(stop)

    def add(self, events: EventColumns) -> None:
        """Let more payments happen, from the current moment on; they are ordered by time."""
        rest = slice(self._payments_before(self._place), None)
        labels = self._labels.take(slice(self._place - self._payments_before(self._place), None))
        mine = self._events.take(rest)
        both = EventColumns(
            *(np.concatenate([getattr(mine, field.name), getattr(events, field.name)]) for field in fields(events))
        )
        self._lay_out(both.take(np.argsort(both.event_time, kind="stable")), labels)

    def _begin_next_day(self, until: float) -> bool:
        if self._upcoming is None:
            self._upcoming = next(self._days)
        if self._upcoming.start > until:
            return False
        self._next_day()
        return True

    def _next_day(self) -> None:
        day = self._upcoming or next(self._days)
        self._upcoming = None
        self._lay_out(day.events, day.labels)

    def _lay_out(self, events: EventColumns, labels: SimulatedLabels) -> None:
        time = np.concatenate([labels.arrived_at, events.event_time])
        order = np.argsort(time, kind="stable")
        self._events, self._labels = events, labels
        self._time = time[order]
        self._is_payment = order >= len(labels)
        self._payments = np.cumsum(self._is_payment)
        self._place = 0

    def _payments_before(self, place: int) -> int:
        return int(self._payments[place - 1]) if place else 0

    def _take(self, stop: int) -> Batch:
        start, first, last = self._place, self._payments_before(self._place), self._payments_before(stop)
        payments = iter(outgoing_payments(self._events.take(slice(first, last))))
        labels = iter(outgoing_labels(self._labels.take(slice(start - first, stop - last))))
        records = [next(payments if is_payment else labels) for is_payment in self._is_payment[start:stop].tolist()]
        self._place = stop
        self.moment = float(self._time[stop - 1])
        return Batch(records, last - first)


def a_day_ahead(days: Iterator[SimulatedDay]) -> Iterator[SimulatedDay]:
    """The same days, each made in the background while the one before it is in use."""
    with ThreadPoolExecutor(1, thread_name_prefix="simulation") as background:
        upcoming = background.submit(next, days)
        while True:
            day = upcoming.result()
            upcoming = background.submit(next, days)
            yield day
