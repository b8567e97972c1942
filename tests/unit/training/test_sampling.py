"""What is kept of a history is what a replay of all of it has in those rows; how much that is, is bounded."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from tests.unit.training.conftest import CUSTOMERS, DAYS, SEED, SmallCity

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import joined
from fraudstream.features.replay import LabelArrivals, arrivals_of
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.dataset import DAY, SHORTEST_HISTORY, WARM_UP, WEEK, windows_of
from fraudstream.training.past import Past, PastPart, simulated_past
from fraudstream.training.sampling import Limits, Sample, sample_of

FEW = Limits(genuine=3_000, measured=2_500)


@pytest.fixture(scope="module")
def past() -> Past:
    return simulated_past(CityWorld(SEED, CUSTOMERS, DEFAULT_START), DAYS)


@pytest.fixture(scope="module")
def few(past: Past) -> Sample:
    return sample_of(past, limits=FEW)


def rows_of(city: SmallCity, sample: Sample) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The rows of what was kept in the whole history; no two payments of a city share a time."""
    return np.searchsorted(city.history.events.event_time, sample.history.events.event_time)


def cut(past: Past, sizes: Sequence[int]) -> Past:
    """The same history in parts of other sizes, again and again."""

    def parts() -> Iterator[PastPart]:
        whole = list(past.parts())
        events, labels = joined([part.events for part in whole]), arrivals_of([part.arrivals for part in whole])
        scenario = np.concatenate([part.scenario for part in whole])
        begin, done, number = 0, 0, 0
        while begin < len(events):
            end = min(begin + sizes[number % len(sizes)], len(events))
            last = float(events.event_time[end - 1])
            upto = int(np.searchsorted(labels.arrived_at, last, side="right")) if end < len(events) else len(labels)
            yield PastPart(events.take(slice(begin, end)), labels.take(slice(done, upto)), scenario[begin:end], last)
            begin, done, number = end, upto, number + 1

    return dataclasses.replace(past, parts=parts)


def test_nothing_is_left_out_while_nothing_is_too_much(city: SmallCity, past: Past) -> None:
    sample = sample_of(past)
    first = int(np.searchsorted(city.history.events.event_time, past.start + WARM_UP))

    assert np.array_equal(sample.vectors, city.replay.vectors[first:])
    assert np.array_equal(sample.history.events.transaction_id, city.history.events.transaction_id[first:])
    assert np.array_equal(sample.history.scenario, city.history.scenario[first:])
    assert (sample.payments, sample.sha256) == (len(city.history.events), city.history.digest())
    assert (sample.genuine_every, sample.measured_every) == (1, (1, 1))
    for moment in (past.end - WEEK, past.end):
        for kept, whole in zip(sample.history.known_at(moment), city.history.known_at(moment), strict=True):
            assert np.array_equal(kept, whole[first:])


def test_what_is_kept_of_too_much_is_bounded_and_the_same_bit_for_bit(city: SmallCity, few: Sample) -> None:
    rows = rows_of(city, few)
    windows = windows_of(few.history)

    assert np.array_equal(few.vectors, city.replay.vectors[rows])
    assert np.array_equal(few.history.events.transaction_id, city.history.events.transaction_id[rows])
    assert 1_250 < windows.calibration.stop - windows.calibration.start <= FEW.measured
    assert 1_250 < windows.evaluation.stop - windows.evaluation.start <= FEW.measured
    assert few.payments == len(city.history.events)
    assert few.genuine_every > 1


def test_every_fraud_that_was_known_is_trained_on_and_others_evenly(city: SmallCity, few: Sample) -> None:
    rows = rows_of(city, few)[windows_of(few.history).training]
    whole = windows_of(city.history).training
    _, fraud = city.history.known_at(windows_of(city.history).cut_off)
    others = rows[~fraud[rows]]

    assert set(np.flatnonzero(fraud[whole]) + whole.start) <= set(rows.tolist())
    assert set(np.diff(np.arange(whole.start, whole.stop)[:: few.genuine_every])) == {few.genuine_every}
    assert ((others - whole.start) % few.genuine_every == 0).all()


def test_weeks_that_are_measured_keep_their_share_of_fraud(city: SmallCity, few: Sample) -> None:
    """Every so many of all payments, frauds or not: any other choice would change what is measured."""
    week = windows_of(city.history).evaluation
    rows = rows_of(city, few)[windows_of(few.history).evaluation]

    assert np.array_equal(rows, np.arange(week.start, week.stop)[:: few.measured_every[1]])


def test_labels_of_what_is_kept_say_what_they_said(city: SmallCity, few: Sample) -> None:
    rows = rows_of(city, few)

    for moment in (few.history.end - WEEK, few.history.end):
        for kept, whole in zip(few.history.known_at(moment), city.history.known_at(moment), strict=True):
            assert np.array_equal(kept, whole[rows])


@pytest.mark.parametrize("sizes", [[997], [10_000, 1, 350]])
def test_how_a_history_is_cut_into_parts_changes_nothing(past: Past, few: Sample, sizes: list[int]) -> None:
    again = sample_of(cut(past, sizes), limits=FEW)

    assert np.array_equal(again.vectors, few.vectors)
    assert again.sha256 == few.sha256
    assert again.history.digest() == few.history.digest()
    assert np.array_equal(again.replay.rows().customer_state, few.replay.rows().customer_state)


def test_it_tells_how_many_days_are_done(past: Past) -> None:
    told: list[tuple[int, int]] = []
    sample_of(past, limits=FEW, report=lambda done, total: told.append((done, total)))

    assert told == [(day + 1, DAYS) for day in range(DAYS)]


def of_parts(*parts: PastPart) -> Past:
    city = simulated_past(CityWorld(1, 10, DEFAULT_START), SHORTEST_HISTORY)
    return dataclasses.replace(city, parts=lambda: iter(parts))


def a_part(past: Past, *, fraud: bool) -> PastPart:
    events = next(past.parts()).events
    none = LabelArrivals(np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    return PastPart(events, none, np.full(len(events), fraud, np.int8), past.start + DAY)


def test_an_empty_history_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the history has no payments"):
        sample_of(of_parts())


@pytest.mark.parametrize(("fraud", "what"), [(False, "no fraud"), (True, "nothing but fraud")])
def test_a_history_of_one_outcome_is_refused(past: Past, fraud: bool, what: str) -> None:  # noqa: FBT001 - a parameter
    with pytest.raises(ConfigurationError, match=f"there is {what} among the .* give one with both outcomes, or"):
        sample_of(of_parts(a_part(past, fraud=fraud)))


def test_a_city_of_too_few_days_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=f"use at least --history-days {SHORTEST_HISTORY}"):
        simulated_past(CityWorld(1, 10, DEFAULT_START), SHORTEST_HISTORY - 1)
