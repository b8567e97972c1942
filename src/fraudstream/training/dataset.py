"""The history a model is trained on: payments, what became known of them and when, and what is measured where."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import islice

import numpy as np
import numpy.typing as npt

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import EventColumns, Ints
from fraudstream.features.replay import LabelArrivals
from fraudstream.simulation.city import CityWorld, SimulatedDay

Bools = npt.NDArray[np.bool_]
Scenarios = npt.NDArray[np.int8]

DAY = 86_400.0
"""Seconds."""
WEEK = 7 * DAY
WARM_UP = 3 * DAY
"""Seconds at the start of a history that are not trained on: no customer is known yet."""
SHORTEST_HISTORY = 24
"""Days: three to get to know the customers, a week to train on, one to calibrate on, one to measure on."""


@dataclass(frozen=True)
class History:
    """`n` payments of a simulated past, sorted by (event_time, transaction_id), and the labels that arrived in it.

    `start` and `end` are in seconds since 1970 UTC. `scenario` (n,) is the truth that only a simulation knows:
    0 genuine, otherwise the kind of fraud; it is used to measure and never to train.
    """

    events: EventColumns
    arrivals: LabelArrivals
    scenario: Scenarios
    start: float
    end: float

    def known_at(self, moment: float) -> tuple[Bools, Bools]:
        """What labels that arrived before `moment` say: which payments have one (n,), which are fraud (n,).

        Where labels contradict each other, the newest counts.
        """
        count = int(np.searchsorted(self.arrivals.arrived_at, moment, side="left"))
        known = np.zeros(len(self.events), np.bool_)
        fraud = np.zeros(len(self.events), np.bool_)
        rows = self.arrivals.event_row[:count]
        known[rows] = True
        fraud[rows] = self.arrivals.is_fraud[:count]
        return known, fraud

    def between(self, first: float, end: float) -> slice:
        """The rows of payments with `first <= event_time < end`."""
        low, high = np.searchsorted(self.events.event_time, (first, end), side="left")
        return slice(int(low), int(high))

    def digest(self) -> str:
        """See `HistoryDigest`."""
        digest = HistoryDigest()
        digest.add(self.events, self.arrivals)
        return digest.hexdigest()


class HistoryDigest:
    """SHA-256 over the digests of all columns of payments and labels, however these are cut into parts."""

    def __init__(self) -> None:
        columns = (*fields(EventColumns), *fields(LabelArrivals))
        self._columns = {field.name: hashlib.sha256() for field in columns}

    def add(self, events: EventColumns, arrivals: LabelArrivals) -> None:
        """Take the next payments and labels."""
        for part in (events, arrivals):
            for field in fields(part):
                self._columns[field.name].update(np.ascontiguousarray(getattr(part, field.name)).data)

    def hexdigest(self) -> str:
        """What has been taken comes to, in hexadecimal."""
        return hashlib.sha256(b"".join(column.digest() for column in self._columns.values())).hexdigest()


@dataclass(frozen=True)
class Windows:
    """Which payments serve for what, as rows of a `History`; always in the order of time.

    The week before `evaluation` is the delay gap after `training`: what is measured had not happened, and was not
    labelled, when training stopped. Labels of `training` count if they arrived before `cut_off`, the start of
    `evaluation` (seconds since 1970 UTC).
    """

    training: slice
    calibration: slice
    evaluation: slice
    cut_off: float


def require_enough(days: int) -> None:
    """Make sure that a simulated history is long enough to train on.

    Raises:
        ConfigurationError: fewer days than `SHORTEST_HISTORY`.
    """
    if days < SHORTEST_HISTORY:
        raise ConfigurationError(
            f"{days} days of history are too few to train on; use at least --history-days {SHORTEST_HISTORY}"
        )


def simulate_history(world: CityWorld, days: int) -> History:
    """The first `days` days of a world, with the labels that arrive in them.

    Raises:
        ConfigurationError: fewer days than `SHORTEST_HISTORY`.
    """
    require_enough(days)
    return history_of(list(islice(world.days(), days)), start=world.start, days=days)


def history_of(simulated: Iterable[SimulatedDay], *, start: float, days: int) -> History:
    """Join the days of a simulation, each already in order."""
    parts = list(simulated)
    events = EventColumns(
        *(np.concatenate([getattr(day.events, field.name) for day in parts]) for field in fields(EventColumns))
    )
    rows = _rows_of(events.transaction_id, np.concatenate([day.labels.transaction_id for day in parts]))
    arrivals = LabelArrivals(
        event_row=rows,
        arrived_at=np.concatenate([day.labels.arrived_at for day in parts]),
        is_fraud=np.concatenate([day.labels.is_fraud for day in parts]),
    )
    scenario = np.concatenate([day.scenario for day in parts])
    return History(events, arrivals, scenario, start, start + days * DAY)


def windows_of(history: History) -> Windows:
    """Warm-up, training, a calibration week that is the delay gap at once, and the evaluation week at the end."""
    evaluation = history.end - WEEK
    calibration = evaluation - WEEK
    return Windows(
        training=history.between(history.start + WARM_UP, calibration),
        calibration=history.between(calibration, evaluation),
        evaluation=history.between(evaluation, history.end),
        cut_off=evaluation,
    )


def _rows_of(ids: npt.NDArray[np.uint8], wanted: npt.NDArray[np.uint8]) -> Ints:
    keys, asked = _as_keys(ids), _as_keys(wanted)
    order = np.argsort(keys, kind="stable")
    rows = order[np.minimum(np.searchsorted(keys, asked, sorter=order), len(keys) - 1)]
    if not np.array_equal(keys[rows], asked):
        raise ConfigurationError("the simulation labelled a payment that is not in its history")
    return rows.astype(np.int64)


def _as_keys(ids: npt.NDArray[np.uint8]) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(ids).view("V16").ravel()
