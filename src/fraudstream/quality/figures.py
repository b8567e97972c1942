"""The figures of live quality: from what became known on each day to what was known by then."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from fraudstream.ports.quality import DayPayments, DayQuality, FeatureDrift, OutcomeChange

CENTS = 100
RATES = ("alert_rate", "labelled_share", "precision", "recall", "value_detection_rate")


@dataclass(frozen=True)
class LiveQuality:
    """Everything that was measured at once, by day.

    `cohorts` are in the order of day, model version and day of knowledge. `reference_until` says, for model versions
    that can't be compared yet, when the payments they are to be compared with are complete.
    """

    known_on: dt.date
    cohorts: tuple[DayQuality, ...] = ()
    drift: tuple[FeatureDrift, ...] = ()
    reference_until: Mapping[str, dt.datetime] = field(default_factory=dict)

    def newest(self) -> list[DayQuality]:
        """The last cohort of each day and model version."""
        return list({(row.day, row.model_version): row for row in self.cohorts}.values())

    def to_json(self) -> str:
        """All of it in one line, with the rates that counts and values make."""
        cohorts = [
            {name: getattr(row, name) for name in (*DayQuality.__dataclass_fields__, *RATES)} for row in self.cohorts
        ]
        said = {"known_on": self.known_on, "cohorts": cohorts, "drift": self.drift}
        return msgspec.json.encode(said | {"reference_until": self.reference_until}).decode()


def cohorts(
    day: dt.date, scored: Iterable[DayPayments], changes: Iterable[OutcomeChange], *, known_on: dt.date
) -> list[DayQuality]:
    """What was known of a day's payments: on the day itself, and at the end of each later day that changed it.

    Args:
        day: the day of the payments.
        scored: what was scored of it, by model version.
        changes: what its labels changed, in any order.
        known_on: what became known after this day is left out.
    """
    known = [change for change in changes if change.arrived_on <= known_on]
    return [
        row
        for payments in sorted(scored, key=lambda payments: payments.model_version)
        for row in _of_version(day, payments, [c for c in known if c.model_version == payments.model_version])
    ]


def _of_version(day: dt.date, payments: DayPayments, changes: Sequence[OutcomeChange]) -> list[DayQuality]:
    total = OutcomeChange(payments.model_version, day, 0, 0, 0, 0, 0, 0)
    arrivals = sorted({day, *(change.arrived_on for change in changes)})
    rows = []
    for arrived_on in arrivals:
        for change in changes:
            if change.arrived_on == arrived_on:
                total = _plus(total, change)
        rows.append(_row(day, arrived_on, payments, total))
    return rows


def _plus(total: OutcomeChange, change: OutcomeChange) -> OutcomeChange:
    return replace(
        total,
        labelled=total.labelled + change.labelled,
        frauds=total.frauds + change.frauds,
        frauds_alerted=total.frauds_alerted + change.frauds_alerted,
        genuine_alerted=total.genuine_alerted + change.genuine_alerted,
        fraud_cents=total.fraud_cents + change.fraud_cents,
        caught_cents=total.caught_cents + change.caught_cents,
    )


def _row(day: dt.date, as_known_on: dt.date, payments: DayPayments, total: OutcomeChange) -> DayQuality:
    return DayQuality(
        day=day,
        as_known_on=as_known_on,
        model_version=payments.model_version,
        payments=payments.payments,
        alerts=payments.alerts,
        labelled=total.labelled,
        frauds=total.frauds,
        frauds_alerted=total.frauds_alerted,
        genuine_alerted=total.genuine_alerted,
        fraud_value=total.fraud_cents / CENTS,
        caught_value=total.caught_cents / CENTS,
    )
