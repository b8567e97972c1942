"""A history knows what was known when, and keeps its windows in the order of time."""

import dataclasses
from itertools import islice

import numpy as np
import pytest
from tests.unit.training.conftest import DAYS, SmallCity

from fraudstream.errors import ConfigurationError
from fraudstream.features.replay import LabelArrivals
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.dataset import DAY, SHORTEST_HISTORY, History, history_of, simulate_history, windows_of


def with_labels(history: History, *labels: tuple[int, float, bool]) -> History:
    rows, times, outcomes = zip(*labels, strict=True)
    arrivals = LabelArrivals(np.array(rows), np.array(times), np.array(outcomes))
    return dataclasses.replace(history, arrivals=arrivals)


def test_days_are_joined_in_order(city: SmallCity) -> None:
    times = city.history.events.event_time

    assert len(city.history.scenario) == len(times) > 20_000
    assert (np.diff(times) >= 0).all()
    assert city.history.start <= times[0] < times[-1] < city.history.end == city.history.start + DAYS * DAY


def test_labels_point_at_their_payments(city: SmallCity) -> None:
    days = list(islice(city.world.days(), DAYS))
    ids = np.concatenate([day.labels.transaction_id for day in days])

    assert np.array_equal(city.history.events.transaction_id[city.history.arrivals.event_row], ids)
    assert (np.diff(city.history.arrivals.arrived_at) >= 0).all()


def test_only_labels_that_have_arrived_are_known(city: SmallCity) -> None:
    history = with_labels(city.history, (3, 100.0, True), (5, 200.0, False), (4, 300.0, True))

    known, fraud = history.known_at(300.0)

    assert np.flatnonzero(known).tolist() == [3, 5]
    assert np.flatnonzero(fraud).tolist() == [3]


def test_the_newest_of_contradicting_labels_counts(city: SmallCity) -> None:
    history = with_labels(city.history, (3, 100.0, True), (3, 200.0, False))

    assert history.known_at(150.0)[1][3]
    assert not history.known_at(250.0)[1][3]


def test_an_unreported_fraud_is_not_known_as_fraud(city: SmallCity) -> None:
    """The truth never enters what training sees: at the end of a history many frauds have no label yet."""
    _, fraud = city.history.known_at(city.history.end)

    truth = city.history.scenario > 0
    assert fraud.sum() < truth.sum()
    assert not (fraud & ~truth).any()


def test_windows_follow_each_other_with_a_week_between_training_and_evaluation(city: SmallCity) -> None:
    windows = windows_of(city.history)
    times = city.history.events.event_time

    assert windows.training.start > 0
    assert windows.training.stop == windows.calibration.start
    assert windows.calibration.stop == windows.evaluation.start
    assert windows.evaluation.stop == len(times)
    assert times[windows.evaluation][0] - times[windows.training][-1] > 7 * DAY
    assert windows.cut_off == city.history.end - 7 * DAY


def test_a_history_too_short_for_its_windows_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=f"use at least --history-days {SHORTEST_HISTORY}"):
        simulate_history(CityWorld(1, 10, DEFAULT_START), SHORTEST_HISTORY - 1)


def test_the_digest_changes_with_any_payment_and_any_label(city: SmallCity) -> None:
    history = city.history
    amounts = history.events.amount.copy()
    amounts[77] += 0.01
    outcomes = history.arrivals.is_fraud.copy()
    outcomes[5] ^= True

    digests = {
        history.digest(),
        dataclasses.replace(history, events=dataclasses.replace(history.events, amount=amounts)).digest(),
        dataclasses.replace(history, arrivals=dataclasses.replace(history.arrivals, is_fraud=outcomes)).digest(),
    }

    assert len(digests) == 3
    assert history.digest() == simulate_history(city.world, DAYS).digest()


def test_a_label_without_a_payment_is_refused(city: SmallCity) -> None:
    days = list(islice(city.world.days(), 10))

    with pytest.raises(ConfigurationError, match="labelled a payment that is not in its history"):
        history_of(days[5:], start=days[5].start, days=5)
