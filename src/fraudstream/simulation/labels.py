"""When the truth becomes known: reports after days, silence after a month."""

from collections import deque
from dataclasses import dataclass, fields
from typing import Self, get_args

import numpy as np

from fraudstream.contracts.label import LabelSource
from fraudstream.features.events import Bytes, Codes, EventColumns, Floats, Ints
from fraudstream.simulation.payments import DAY, SECOND, Bools, Scenarios

LABEL_SOURCES: tuple[str, ...] = get_args(LabelSource)
"""`SimulatedLabels.source` indexes these."""

MEDIAN_REPORT_DAYS, REPORT_SPREAD = 4.0, 0.8
"""Reports come after a lognormal delay: its median, and the standard deviation of its logarithm."""
REPORT_DAYS = (0.1, 29.5)
"""No report is sooner or later; so a payment has one label in all, and a late one is not taken for genuine first."""
NEVER_REPORTED = 0.03
MATURITY_DAYS = 30.0
"""A payment nobody has reported by then counts as genuine, rightly or not."""

_BANK, _MATURED = LABEL_SOURCES.index("bank"), LABEL_SOURCES.index("matured")


@dataclass(frozen=True)
class SimulatedLabels:
    """`m` labels by arrival; at most one for each payment.

    `transaction_id` is (m, 16) bytes; `payment` (m,) its number among the payments of its world, from 0; `arrived_at`
    seconds since 1970 UTC; `source` indexes `LABEL_SOURCES`.
    """

    transaction_id: Bytes
    payment: Ints
    user_id: Ints
    is_fraud: Bools
    arrived_at: Floats
    source: Codes

    def __len__(self) -> int:
        """Number of labels."""
        return len(self.user_id)

    def take(self, index: Ints | Bools | slice) -> Self:
        """The labels at `index`, in its order."""
        return type(self)(*(getattr(self, column.name)[index] for column in fields(self)))


class LabelCalendar:
    """Labels that are still to arrive."""

    def __init__(self) -> None:
        self._reports: list[SimulatedLabels] = []
        self._maturing: deque[SimulatedLabels] = deque()
        self._payments = 0

    def record(self, events: EventColumns, scenario: Scenarios, rng: np.random.Generator) -> None:
        """Enter the labels of one day's payments, which are ordered by time; days come one after the other."""
        fraud = np.flatnonzero(scenario)
        days = np.clip(rng.lognormal(np.log(MEDIAN_REPORT_DAYS), REPORT_SPREAD, len(fraud)), *REPORT_DAYS)
        reported = rng.random(len(fraud)) >= NEVER_REPORTED
        noticed = _after(events.event_time[fraud], days)
        self._reports.append(self._labels(events, fraud[reported], noticed[reported], is_fraud=True))
        silent = np.ones(len(events), np.bool_)
        silent[fraud[reported]] = False
        quiet = np.flatnonzero(silent)
        ripe = _after(events.event_time[quiet], MATURITY_DAYS)
        self._maturing.append(self._labels(events, quiet, ripe, is_fraud=False))
        self._payments += len(events)

    def due(self, end: float) -> SimulatedLabels:
        """Take the labels that arrive before `end` (seconds since 1970 UTC), by arrival."""
        known = _joined(self._reports)
        soon = known.arrived_at < end
        self._reports = [known.take(~soon)]
        parts = [known.take(soon)]
        while self._maturing:
            oldest = self._maturing.popleft()
            ripe = int(np.searchsorted(oldest.arrived_at, end, side="left"))
            parts.append(oldest.take(slice(ripe)))
            if ripe < len(oldest):
                self._maturing.appendleft(oldest.take(slice(ripe, None)))
                break
        labels = _joined(parts)
        return labels.take(np.argsort(labels.arrived_at, kind="stable"))

    def _labels(self, events: EventColumns, row: Ints, arrived_at: Floats, *, is_fraud: bool) -> SimulatedLabels:
        return SimulatedLabels(
            transaction_id=events.transaction_id[row],
            payment=self._payments + row,
            user_id=events.user_id[row],
            is_fraud=np.full(len(row), is_fraud),
            arrived_at=arrived_at,
            source=np.full(len(row), _BANK if is_fraud else _MATURED, np.int16),
        )


def _after(event_time: Floats, days: Floats | float) -> Floats:
    """So many days later, to the millisecond, as a time is read back from its text."""
    return np.asarray((np.rint(event_time * SECOND) + np.rint(np.asarray(days) * DAY)) / SECOND)


def _joined(parts: list[SimulatedLabels]) -> SimulatedLabels:
    return SimulatedLabels(
        *(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(SimulatedLabels))
    )
