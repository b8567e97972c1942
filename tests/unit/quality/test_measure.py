"""A measurement: days of the stream's own time, drift of days that are over, and nothing twice."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from structlog.testing import capture_logs

from fraudstream.adapters.memory_quality import AppliedLabel, MemoryQuality, ScoredPayment
from fraudstream.clock import ManualClock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT, index_of
from fraudstream.metrics.board import Board
from fraudstream.ports.quality import DayQuality, FeatureDrift, OutcomeChange, VectorSample
from fraudstream.quality.main import Watcher
from fraudstream.quality.measure import LEAST, Measurement, Wanted

FIRST = dt.date(2026, 3, 2)
SLICE = 50
AMOUNT = index_of("amount")


def day(later: int) -> dt.date:
    return FIRST + dt.timedelta(days=later)


@dataclass
class CountingQuality(MemoryQuality):
    """Remembers how often it was asked, and what it was told to keep."""

    samples: int = 0
    read: list[dt.date] = field(default_factory=list)
    kept: list[DayQuality] = field(default_factory=list)
    kept_drift: list[FeatureDrift] = field(default_factory=list)

    def changes(self, day: dt.date) -> Sequence[OutcomeChange]:
        self.read.append(day)
        return super().changes(day)

    def sample(self, model_version: str, begins: dt.datetime, ends: dt.datetime, *, every: int) -> VectorSample:
        self.samples += 1
        return super().sample(model_version, begins, ends, every=every)

    def put_quality(self, rows: Sequence[DayQuality]) -> None:
        self.kept += rows
        super().put_quality(rows)

    def put_drift(self, rows: Sequence[FeatureDrift]) -> None:
        self.kept_drift += rows
        super().put_drift(rows)


class Stream:
    """Days of payments, all alike unless a test says otherwise."""

    def __init__(self) -> None:
        self.store = CountingQuality()
        self.random = np.random.default_rng(4)

    def pay(self, later: int, *, payments: int = LEAST, version: str = "1", level: float = 1.0) -> None:
        """Score one day's payments, spread over it."""
        for number in range(payments):
            features = np.zeros(FEATURE_COUNT)
            features[AMOUNT] = level * self.random.lognormal()
            moment = dt.datetime.combine(day(later), dt.time(), dt.UTC) + number * dt.timedelta(days=1) / payments
            place = len(self.store.scored)
            self.store.scored.append(
                ScoredPayment(place, place // SLICE, version, moment, 10.0, number < 5, 0.25, features, place)
            )

    def tell(self, payment: int, *, is_fraud: bool, later: int) -> None:
        arrived = dt.datetime.combine(day(later), dt.time(8), dt.UTC)
        self.store.labels.append(AppliedLabel(payment, is_fraud, arrived))


@pytest.fixture
def stream() -> Stream:
    """Eleven days; the tenth one's amounts are three times the usual ones."""
    stream = Stream()
    for later in range(11):
        stream.pay(later, level=3.0 if later == 9 else 1.0)
    return stream


def drifted(rows: tuple[FeatureDrift, ...]) -> dict[dt.date, float]:
    return {row.day: row.psi for row in rows if row.feature == "amount"}


def test_nothing_is_measured_before_the_first_payment() -> None:
    assert Measurement(MemoryQuality()).run(Wanted()) is None


def test_the_last_days_of_the_streams_own_time_are_measured(stream: Stream) -> None:
    result = Measurement(stream.store).run(Wanted(days=3))

    assert result is not None
    assert [row.day for row in result.newest()] == [day(8), day(9), day(10)]
    assert result.known_on == day(10)


def test_one_day_is_measured_with_all_its_cohorts(stream: Stream) -> None:
    stream.tell(0, is_fraud=True, later=4)
    stream.tell(1, is_fraud=False, later=30)
    result = Measurement(stream.store).run(Wanted(day=FIRST))

    assert result is not None
    assert [(row.as_known_on, row.labelled) for row in result.cohorts] == [(FIRST, 0), (day(4), 1), (day(30), 2)]
    assert result.known_on == day(30)


def test_as_known_on_a_day_later_days_and_labels_do_not_exist(stream: Stream) -> None:
    stream.tell(0, is_fraud=True, later=2)
    stream.tell(1, is_fraud=True, later=3)
    result = Measurement(stream.store).run(Wanted(known_on=day(2), days=2))

    assert result is not None
    assert [(row.day, row.labelled) for row in result.newest()] == [(day(1), 0), (day(2), 0)]
    first = Measurement(stream.store).run(Wanted(day=FIRST, known_on=day(2)))
    assert first is not None
    assert first.cohorts[-1].frauds == 1


def test_a_day_is_compared_with_the_versions_first_week(stream: Stream) -> None:
    result = Measurement(stream.store).run(Wanted())

    assert result is not None
    found = drifted(result.drift)
    assert list(found) == [day(8), day(9)]  # the first week is the reference, and the last day goes on
    assert found[day(8)] < 0.1
    assert found[day(9)] > 0.25


def test_before_the_first_week_is_over_nothing_is_compared() -> None:
    stream = Stream()
    for later in range(6):
        stream.pay(later)
    result = Measurement(stream.store, storing=True).run(Wanted())

    assert result is not None
    assert result.drift == ()
    median = (SLICE // 2 - 1) * dt.timedelta(days=1) / LEAST
    assert result.reference_until == {"1": dt.datetime.combine(day(7), dt.time(), dt.UTC) + median}
    assert stream.store.references == {}


def test_a_new_version_has_a_week_of_its_own(stream: Stream) -> None:
    for later in range(11, 14):
        stream.pay(later, version="2")
    result = Measurement(stream.store).run(Wanted())

    assert result is not None
    assert {row.model_version for row in result.drift} == {"1"}
    assert list(result.reference_until) == ["2"]


def test_a_version_that_scored_a_part_of_a_day_is_not_compared(stream: Stream) -> None:
    stream.pay(9, payments=100, version="2")
    result = Measurement(stream.store).run(Wanted())

    assert result is not None
    assert list(drifted(result.drift)) == [day(8)]


def test_a_day_with_few_payments_is_not_compared(stream: Stream) -> None:
    stream.pay(11, payments=LEAST - 1)
    stream.pay(12)
    result = Measurement(stream.store).run(Wanted())

    assert result is not None
    assert list(drifted(result.drift)) == [day(8), day(9), day(10)]


def test_nothing_is_stored_unless_it_is_asked_for(stream: Stream) -> None:
    Measurement(stream.store).run(Wanted())

    assert (stream.store.quality, stream.store.drift, stream.store.references) == ({}, {}, {})


def test_what_was_measured_is_stored(stream: Stream) -> None:
    result = Measurement(stream.store, storing=True).run(Wanted())

    assert result is not None
    assert list(stream.store.stored_quality(FIRST, day(10))) == list(result.cohorts)
    assert set(stream.store.stored_drift(FIRST, day(10))) == set(result.drift)
    assert list(stream.store.references) == ["1"]


def test_a_stored_reference_is_used_and_not_made_again(stream: Stream) -> None:
    Measurement(stream.store, storing=True).run(Wanted())
    stream.store.samples = 0
    Measurement(stream.store, storing=True).run(Wanted())

    assert stream.store.samples == 2


def test_only_what_is_new_is_read_and_stored_again(stream: Stream) -> None:
    measurement = Measurement(stream.store, storing=True)
    measurement.run_if_new(Wanted())
    stream.store.samples, stream.store.kept, stream.store.kept_drift, stream.store.read = 0, [], [], []
    stream.tell(0, is_fraud=True, later=5)
    result = measurement.run_if_new(Wanted())

    assert result is not None
    assert stream.store.read == [FIRST]
    assert [(row.day, row.as_known_on) for row in stream.store.kept] == [(FIRST, day(5))]
    assert (stream.store.samples, stream.store.kept_drift) == (0, [])
    assert list(drifted(result.drift)) == [day(8), day(9)]
    assert result == Measurement(stream.store).run(Wanted())


def test_a_day_is_compared_again_when_late_payments_were_scored(stream: Stream) -> None:
    measurement = Measurement(stream.store, storing=True)
    measurement.run(Wanted())
    stream.store.kept_drift = []
    stream.pay(8, payments=1)
    measurement.run(Wanted())

    assert {(row.day, row.payments) for row in stream.store.kept_drift} == {(day(8), LEAST + 1)}


def test_what_failed_half_way_is_read_again(stream: Stream) -> None:
    class Failing(CountingQuality):
        failures = 1

        def put_quality(self, rows: Sequence[DayQuality]) -> None:
            if rows and rows[0].day == day(3) and self.failures:
                self.failures -= 1
                raise TemporarilyUnavailable("away")
            super().put_quality(rows)

    store = Failing(scored=stream.store.scored, labels=stream.store.labels)
    measurement = Measurement(store, storing=True)
    with pytest.raises(TemporarilyUnavailable):
        measurement.run_if_new(Wanted())
    stream.tell(0, is_fraud=True, later=5)
    result = measurement.run_if_new(Wanted())

    assert result is not None
    assert result == Measurement(stream.store).run(Wanted())
    assert list(store.stored_quality(FIRST, day(10))) == list(result.cohorts)


def test_nothing_is_measured_while_nothing_happens(stream: Stream) -> None:
    measurement = Measurement(stream.store)

    assert measurement.run_if_new(Wanted()) is not None
    assert measurement.run_if_new(Wanted()) is None


def test_a_watcher_measures_when_it_is_time_and_tells_the_newest_figures(stream: Stream) -> None:
    stream.tell(0, is_fraud=True, later=2)
    clock = ManualClock()
    watcher = Watcher(Measurement(stream.store, storing=True), Wanted(), 2.0, clock, Board("quality"))
    with capture_logs() as logs:
        watcher.step()
        stream.tell(1, is_fraud=False, later=3)
        for _ in range(4):
            watcher.step()
        assert len(logs) == 1
        watcher.step()

    assert sum(clock.slept) == 2.0
    assert [entry["newest"] for entry in logs] == [
        "2026-03-02 as known on 2026-03-04: precision 100.0 %, recall 100.0 % of 1 frauds known, 0.2 % labelled",
        "2026-03-02 as known on 2026-03-05: precision 50.0 %, recall 100.0 % of 1 frauds known, 0.4 % labelled",
    ]


def test_a_watcher_that_failed_tries_again_at_once() -> None:
    class Away(MemoryQuality):
        def horizon(self) -> None:
            raise TemporarilyUnavailable("away")

    watcher = Watcher(Measurement(Away()), Wanted(), 60.0, ManualClock(), Board("quality"))
    for _ in range(2):
        with pytest.raises(TemporarilyUnavailable):
            watcher.step()
