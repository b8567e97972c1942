"""A stream in which nothing changes shows no drift, whatever day one looks; one that changes does."""

import datetime as dt
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from fraudstream.features.events import EventColumns, Floats
from fraudstream.features.replay import replay_history
from fraudstream.features.stability import CHANGED, SHIFTED
from fraudstream.ports.quality import FeatureDrift, VectorSample
from fraudstream.quality.drift import drift_of, reference_of
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.dataset import DAY, History, history_of

HISTORY, WEEK, LIVE = 45, 7, 16
"""Days of the demo's history, of a reference, and of live payments in all."""
BEGAN = dt.datetime.fromtimestamp(DEFAULT_START, dt.UTC) + dt.timedelta(days=HISTORY)


@pytest.fixture(scope="module")
def city() -> History:
    world = CityWorld(seed=5, customers=1_000, start=DEFAULT_START)
    days = HISTORY + LIVE
    return history_of(list(islice(world.days(), days)), start=world.start, days=days)


def drifts(history: History, events: EventColumns) -> list[FeatureDrift]:
    """The drift of every live day after the first week."""
    vectors = replay_history(events, history.arrivals).vectors

    def between(first: int, end: int) -> VectorSample:
        rows = history.between(history.start + first * DAY, history.start + end * DAY)
        return VectorSample(vectors[rows], _score(vectors[rows]))

    reference = reference_of("1", BEGAN, BEGAN + dt.timedelta(days=WEEK), between(HISTORY, HISTORY + WEEK))
    first = HISTORY + WEEK
    return [
        row
        for day in range(first, HISTORY + LIVE)
        for row in drift_of((BEGAN + dt.timedelta(days=day - HISTORY)).date(), reference, between(day, day + 1))
    ]


def _score(vectors: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(8 - vectors[:, 1])))


def test_nothing_is_flagged_while_nothing_changes(city: History) -> None:
    worst = max(drifts(city, city.events), key=lambda row: row.psi)

    assert worst.psi < SHIFTED, worst


def test_dearer_payments_are_flagged(city: History) -> None:
    later = city.events.event_time >= city.start + (HISTORY + WEEK) * DAY
    dearer = replace(city.events, amount=np.where(later, 2.5 * city.events.amount, city.events.amount))
    flagged = {row.feature for row in drifts(city, dearer) if row.psi >= CHANGED}

    assert "amount" in flagged
    assert "hour" not in flagged
