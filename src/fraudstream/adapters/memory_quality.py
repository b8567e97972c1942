"""`QualityStore` in memory: rows that a test puts in, and the same sums made one payment at a time."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import Floats
from fraudstream.ports.quality import (
    DayPayments,
    DayQuality,
    FeatureDrift,
    Horizon,
    OutcomeChange,
    Reference,
    VectorSample,
)


@dataclass(frozen=True)
class ScoredPayment:
    """What live quality sees of a scored payment; `body_hash` decides whether it is in a sample."""

    transaction: int
    slice_id: int
    model_version: str
    event_time: dt.datetime
    amount: float
    alert: bool
    score: float
    features: Floats
    body_hash: int


@dataclass(frozen=True)
class AppliedLabel:
    """A label that has had its turn."""

    transaction: int
    is_fraud: bool
    arrived_at: dt.datetime


@dataclass
class MemoryQuality:
    """See `QualityStore`; `labels` are in the order of their turns."""

    scored: list[ScoredPayment] = field(default_factory=list)
    labels: list[AppliedLabel] = field(default_factory=list)
    references: dict[str, Reference] = field(default_factory=dict)
    quality: dict[tuple[dt.date, dt.date, str], DayQuality] = field(default_factory=dict)
    drift: dict[tuple[dt.date, str, str], FeatureDrift] = field(default_factory=dict)

    def horizon(self) -> Horizon | None:
        """See `QualityStore.horizon`."""
        if not self.scored:
            return None
        newest = max(payment.event_time.date() for payment in self.scored)
        known_on = max([newest, *(label.arrived_at.date() for label in self.labels)])
        return Horizon(newest, known_on, f"{len(self.scored)} {len(self.labels)}")

    def touched(self, since: str) -> AbstractSet[dt.date]:
        """See `QualityStore.touched`."""
        scored, labels = map(int, since.split())
        labelled = {label.transaction for label in self.labels[labels:]}
        paid = {payment.event_time.date() for payment in self.scored[scored:]}
        return paid | {payment.event_time.date() for payment in self.scored if payment.transaction in labelled}

    def payments(self, day: dt.date) -> Sequence[DayPayments]:
        """See `QualityStore.payments`."""
        found = defaultdict[str, list[bool]](list)
        for payment in self._of_day(day):
            found[payment.model_version].append(payment.alert)
        return [DayPayments(version, len(alerts), sum(alerts)) for version, alerts in sorted(found.items())]

    def changes(self, day: dt.date) -> Sequence[OutcomeChange]:
        """See `QualityStore.changes`."""
        found: dict[tuple[str, dt.date], list[int]] = {}
        for payment in self._of_day(day):
            before: bool | None = None
            labels = [label for label in self.labels if label.transaction == payment.transaction]
            for label in sorted(labels, key=lambda label: label.arrived_at):
                key = (payment.model_version, max(day, label.arrived_at.date()))
                sums = found.setdefault(key, [0] * 6)
                for place, change in enumerate(_change(payment, label.is_fraud, before)):
                    sums[place] += change
                before = label.is_fraud
        return [OutcomeChange(*key, *sums) for key, sums in sorted(found.items())]

    def began_at(self, model_version: str) -> dt.datetime | None:
        """See `QualityStore.began_at`."""
        mine = [payment for payment in self.scored if payment.model_version == model_version]
        if not mine:
            return None
        first = min(payment.slice_id for payment in mine)
        times = sorted(payment.event_time for payment in mine if payment.slice_id == first)
        return times[(len(times) - 1) // 2]

    def sample(self, model_version: str, begins: dt.datetime, ends: dt.datetime, *, every: int) -> VectorSample:
        """See `QualityStore.sample`."""
        rows = [
            payment
            for payment in self.scored
            if payment.model_version == model_version
            and begins <= payment.event_time < ends
            and payment.body_hash % every == 0
        ]
        features = np.array([payment.features for payment in rows], np.float64).reshape(-1, FEATURE_COUNT)
        return VectorSample(features, np.array([payment.score for payment in rows], np.float64))

    def reference(self, model_version: str) -> Reference | None:
        """See `QualityStore.reference`."""
        return self.references.get(model_version)

    def put_reference(self, reference: Reference) -> None:
        """See `QualityStore.put_reference`."""
        self.references.setdefault(reference.model_version, reference)

    def put_quality(self, rows: Sequence[DayQuality]) -> None:
        """See `QualityStore.put_quality`."""
        self.quality |= {(row.day, row.as_known_on, row.model_version): row for row in rows}

    def put_drift(self, rows: Sequence[FeatureDrift]) -> None:
        """See `QualityStore.put_drift`."""
        self.drift |= {(row.day, row.model_version, row.feature): row for row in rows}

    def stored_quality(self, first: dt.date, last: dt.date) -> Sequence[DayQuality]:
        """See `QualityStore.stored_quality`."""
        return [row for key, row in sorted(self.quality.items()) if first <= key[0] <= last]

    def stored_drift(self, first: dt.date, last: dt.date) -> Sequence[FeatureDrift]:
        """See `QualityStore.stored_drift`."""
        return [row for key, row in sorted(self.drift.items()) if first <= key[0] <= last]

    def _of_day(self, day: dt.date) -> list[ScoredPayment]:
        return [payment for payment in self.scored if payment.event_time.date() == day]


def _change(payment: ScoredPayment, is_fraud: bool, before: bool | None) -> tuple[int, int, int, int, int, int]:  # noqa: FBT001 - outcomes
    frauds = int(is_fraud) - int(before or False)
    genuine = int(not is_fraud) - int(before is False)
    cents = round(payment.amount * 100)
    alerted = int(payment.alert)
    return (int(before is None), frauds, frauds * alerted, genuine * alerted, frauds * cents, frauds * cents * alerted)
