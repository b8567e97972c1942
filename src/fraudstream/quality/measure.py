"""One measurement of live quality: the figures of some days, and the drift of those that are over."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from fraudstream.ports.quality import (
    DayPayments,
    DayQuality,
    FeatureDrift,
    Horizon,
    OutcomeChange,
    QualityStore,
    Reference,
    VectorSample,
)
from fraudstream.quality.drift import drift_of, reference_of
from fraudstream.quality.figures import LiveQuality, cohorts

SAMPLE = 20_000
"""Payments that a distribution is taken from, about: more would change no index by a hundredth."""
LEAST = 500
"""A day with fewer payments is not compared: chance alone would shift it."""
MAIN_SHARE = 0.9
"""A version that scored less of a day has seen some of its hours only, and can't be compared."""
REFERENCE_TIME = dt.timedelta(days=7)
"""A model version is compared with its own first week: with every hour and every day of a week once."""
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What shall be measured: one day, or the last `days` of the stream; as known at the end of a day, or now."""

    day: dt.date | None = None
    known_on: dt.date | None = None
    days: int = 14


@dataclass
class Measurement:
    """Measures, and stores what is new if it is to.

    An instance remembers what it measured. A day is sampled again only if more of its payments have been scored, and
    `run_if_new` reads only those days again in which anything has happened since.
    """

    store: QualityStore
    storing: bool = False
    _mark: str | None = None
    _days: dict[dt.date, tuple[Sequence[DayPayments], Sequence[OutcomeChange]]] = field(default_factory=dict)
    _began: dict[str, dt.datetime] = field(default_factory=dict)
    _references: dict[str, Reference] = field(default_factory=dict)
    _compared: dict[tuple[dt.date, str], tuple[int, list[FeatureDrift]]] = field(default_factory=dict)
    _stored: dict[tuple[dt.date, dt.date, str], DayQuality] = field(default_factory=dict)

    def run(self, wanted: Wanted) -> LiveQuality | None:
        """Measure; nothing before the first payment is scored.

        Raises:
            TemporarilyUnavailable: the store did not answer.
            ConfigurationError: the store may not be written.
        """
        horizon = self.store.horizon()
        self._days.clear()
        return None if horizon is None else self._run(wanted, horizon)

    def run_if_new(self, wanted: Wanted) -> LiveQuality | None:
        """The same, if a payment was scored or a label applied since the last time."""
        horizon = self.store.horizon()
        if horizon is None or horizon.mark == self._mark:
            return None
        gone = self._days.keys() if self._mark is None else self.store.touched(self._mark)
        self._days = {day: read for day, read in self._days.items() if day not in gone}
        result = self._run(wanted, horizon)
        self._mark = horizon.mark
        return result

    def _run(self, wanted: Wanted, horizon: Horizon) -> LiveQuality:
        known_on = wanted.known_on or horizon.known_on
        days = [day for day in _days(wanted, horizon) if day <= known_on]
        result = LiveQuality(known_on)
        for day in days:
            result = self._with(result, day, horizon)
        self._days = {day: read for day, read in self._days.items() if day in days}
        return result

    def _with(self, result: LiveQuality, day: dt.date, horizon: Horizon) -> LiveQuality:
        scored, changes = self._days.get(day) or (self.store.payments(day), self.store.changes(day))
        self._days[day] = (scored, changes)
        rows = cohorts(day, scored, changes, known_on=result.known_on)
        until = dict(result.reference_until)
        drift = self._drift(day, scored, horizon, until) if day < horizon.newest_day else []
        if self.storing:
            self._put(rows)
        return LiveQuality(result.known_on, (*result.cohorts, *rows), (*result.drift, *drift), until)

    def _put(self, rows: Sequence[DayQuality]) -> None:
        known = {(row.day, row.as_known_on, row.model_version): row for row in rows}
        self.store.put_quality([row for key, row in known.items() if self._stored.get(key) != row])
        self._stored |= known

    def _drift(
        self, day: dt.date, scored: Sequence[DayPayments], horizon: Horizon, until: dict[str, dt.datetime]
    ) -> list[FeatureDrift]:
        least = max(LEAST, MAIN_SHARE * sum(part.payments for part in scored))
        drift: list[FeatureDrift] = []
        for part in scored:
            if part.payments >= least:
                reference = self._reference(part.model_version, horizon, until)
                if reference is not None and _start(day) >= reference.ends_at:
                    drift += self._compare(day, part, reference)
        return drift

    def _compare(self, day: dt.date, part: DayPayments, reference: Reference) -> list[FeatureDrift]:
        payments, drift = self._compared.get((day, part.model_version), (0, []))
        if payments != part.payments:
            every = math.ceil(part.payments / SAMPLE)
            sample = self.store.sample(part.model_version, _start(day), _start(day + DAY), every=every)
            drift = drift_of(day, reference, sample)
            self._compared[day, part.model_version] = (part.payments, drift)
            if self.storing:
                self.store.put_drift(drift)
        return drift

    def _reference(self, model_version: str, horizon: Horizon, until: dict[str, dt.datetime]) -> Reference | None:
        known = self._references.get(model_version) or self.store.reference(model_version)
        if known is None:
            known = self._new_reference(model_version, horizon, until)
        if known is not None:
            self._references[model_version] = known
        return known

    def _new_reference(self, model_version: str, horizon: Horizon, until: dict[str, dt.datetime]) -> Reference | None:
        begins = self._began.get(model_version) or self.store.began_at(model_version)
        if begins is None:
            return None
        self._began[model_version] = begins
        ends = begins + REFERENCE_TIME
        if _start(horizon.newest_day) < ends:
            until[model_version] = ends
            return None
        sample = self._first_week(model_version, begins, ends)
        if len(sample.score) < LEAST:
            return None
        reference = reference_of(model_version, begins, ends, sample)
        if self.storing:
            self.store.put_reference(reference)
        return reference

    def _first_week(self, model_version: str, begins: dt.datetime, ends: dt.datetime) -> VectorSample:
        days = [begins.date() + number * DAY for number in range((ends.date() - begins.date()).days + 1)]
        scored = [part for day in days for part in self.store.payments(day) if part.model_version == model_version]
        every = max(1, math.ceil(sum(part.payments for part in scored) / SAMPLE))
        return self.store.sample(model_version, begins, ends, every=every)


def _days(wanted: Wanted, horizon: Horizon) -> list[dt.date]:
    if wanted.day is not None:
        return [wanted.day]
    last = min(horizon.newest_day, wanted.known_on or horizon.newest_day)
    return [last - number * DAY for number in reversed(range(wanted.days))]


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
