"""How far what is scored has drifted, as `fraudstream quality` has measured it."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from fraudstream.ports.quality import FeatureDrift
from fraudstream.training.retrain import Drift

DAYS = 3
"""Days before today whose measurements still say something of it."""
FEWEST_PAYMENTS = 1_000
"""Payments without which a day's drift says nothing."""


class MeasuredDrift(Protocol):
    """The part of `QualityStore` that is needed here."""

    def stored_drift(self, first: dt.date, last: dt.date) -> Sequence[FeatureDrift]:
        """The stored drift of a range of days, by day, model version and feature."""
        ...


def worst_drift(measured: MeasuredDrift, model_version: str, as_of: float) -> Drift | None:
    """The feature, or the score, of a version that has moved farthest on the latest day that was measured.

    `as_of` is in seconds since 1970 UTC of the payments' own time. Nothing if nobody has measured lately.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    today = dt.datetime.fromtimestamp(as_of, dt.UTC).date()
    rows = [
        row
        for row in measured.stored_drift(today - dt.timedelta(days=DAYS), today)
        if row.model_version == model_version and row.payments >= FEWEST_PAYMENTS
    ]
    if not rows:
        return None
    latest = max(row.day for row in rows)
    worst = max((row for row in rows if row.day == latest), key=lambda row: row.psi)
    return Drift(worst.feature, worst.psi)
