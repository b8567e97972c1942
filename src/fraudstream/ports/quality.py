"""The port of live quality: what scored payments and arriving labels say, and where that is kept.

Days are days of UTC: of the payment's own time, or of the label's arrival. No wall clock decides about any of them.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from fraudstream.features.events import Floats
from fraudstream.features.stability import Histogram


@dataclass(frozen=True)
class Horizon:
    """Where the stream's own time stands.

    `newest_day` is that of the newest payments, `known_on` the newest day on which anything is known, payment or label;
    `mark` differs whenever a payment was scored or a label applied since, and `touched` understands it.
    """

    newest_day: dt.date
    known_on: dt.date
    mark: str


@dataclass(frozen=True)
class DayPayments:
    """What was scored of one day's payments by one model version."""

    model_version: str
    payments: int
    alerts: int


@dataclass(frozen=True)
class OutcomeChange:
    """What the labels that arrived on one day changed in what is known of another day's payments.

    Counts go down where a label took back an earlier one. Values are in hundredths of the currency.
    """

    model_version: str
    arrived_on: dt.date
    labelled: int
    frauds: int
    frauds_alerted: int
    genuine_alerted: int
    fraud_cents: int
    caught_cents: int


@dataclass(frozen=True)
class DayQuality:
    """The payments of one day that one model version scored, as known at the end of a later day.

    `labelled` payments have an outcome; of these `frauds` are fraud, and `frauds_alerted` and `genuine_alerted` were
    alerted. Values are sums of amounts, in the currency. Rates are empty where they would divide by nothing.
    """

    day: dt.date
    as_known_on: dt.date
    model_version: str
    payments: int
    alerts: int
    labelled: int
    frauds: int
    frauds_alerted: int
    genuine_alerted: int
    fraud_value: float
    caught_value: float

    @property
    def alert_rate(self) -> float | None:
        """Share of the payments that were alerted."""
        return _share(self.alerts, self.payments)

    @property
    def labelled_share(self) -> float | None:
        """Share of the payments whose outcome is known."""
        return _share(self.labelled, self.payments)

    @property
    def alerts_labelled(self) -> int:
        """Alerts whose outcome is known."""
        return self.frauds_alerted + self.genuine_alerted

    @property
    def precision(self) -> float | None:
        """Share of fraud among the alerts whose outcome is known."""
        return _share(self.frauds_alerted, self.alerts_labelled)

    @property
    def recall(self) -> float | None:
        """Share of the known frauds that were alerted."""
        return _share(self.frauds_alerted, self.frauds)

    @property
    def value_detection_rate(self) -> float | None:
        """Share of the known frauds' value that was alerted."""
        return _share(self.caught_value, self.fraud_value)


@dataclass(frozen=True)
class Reference:
    """What payments looked like when a model version began: a histogram for each feature and for the score."""

    model_version: str
    begins_at: dt.datetime
    ends_at: dt.datetime
    histograms: Mapping[str, Histogram]


@dataclass(frozen=True)
class FeatureDrift:
    """How far one day's payments of a model version have moved from its reference, in one feature or the score.

    `payments` is how many were compared.
    """

    day: dt.date
    model_version: str
    feature: str
    psi: float
    payments: int


@dataclass(frozen=True)
class VectorSample:
    """Feature vectors (n, FEATURE_COUNT) and scores (n,) of some payments, in any order."""

    features: Floats
    score: Floats


class QualityStore(Protocol):
    """Scored payments and their labels, read in sums; and what was measured of them.

    Every call may raise `TemporarilyUnavailable`; the calls that store do nothing then.
    """

    def horizon(self) -> Horizon | None:
        """Where the stream stands; nothing before the first payment is scored."""
        ...

    def touched(self, since: str) -> AbstractSet[dt.date]:
        """The days of the payments that were scored, or whose labels were applied, since a horizon's mark."""
        ...

    def payments(self, day: dt.date) -> Sequence[DayPayments]:
        """What was scored of a day's payments, by model version."""
        ...

    def changes(self, day: dt.date) -> Sequence[OutcomeChange]:
        """What is known of a day's payments, by model version and by the day on which it became known.

        Of several labels of one payment the one that arrived last counts, and of those that arrived at once the one
        that was applied last. A label that claims to have arrived before the payment's day became known on that day.
        """
        ...

    def began_at(self, model_version: str) -> dt.datetime | None:
        """The time of the first payments that a model version scored: the median of its first slice."""
        ...

    def sample(self, model_version: str, begins: dt.datetime, ends: dt.datetime, *, every: int) -> VectorSample:
        """About one in `every` of the payments that a model version scored in a time, always the same ones.

        Vectors of another feature catalogue than this program's are left out.
        """
        ...

    def reference(self, model_version: str) -> Reference | None:
        """The stored reference of a model version."""
        ...

    def put_reference(self, reference: Reference) -> None:
        """Store a reference; one that is there stays as it is."""
        ...

    def put_quality(self, rows: Sequence[DayQuality]) -> None:
        """Store figures; a second measurement of the same thing replaces the first."""
        ...

    def put_drift(self, rows: Sequence[FeatureDrift]) -> None:
        """Store drift; a second measurement of the same thing replaces the first."""
        ...

    def stored_quality(self, first: dt.date, last: dt.date) -> Sequence[DayQuality]:
        """The stored figures of a range of days, by day, day of knowledge and model version."""
        ...

    def stored_drift(self, first: dt.date, last: dt.date) -> Sequence[FeatureDrift]:
        """The stored drift of a range of days, by day, model version and feature."""
        ...


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
