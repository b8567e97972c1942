"""Live quality as metrics: each day by its age, as it is known now, and the drift of the newest day compared."""

import datetime as dt

from fraudstream.metrics import catalogue
from fraudstream.metrics.board import Board
from fraudstream.metrics.metric import Gauge
from fraudstream.ports.quality import DayQuality
from fraudstream.quality.figures import LiveQuality

FIGURES: dict[Gauge, str] = {
    catalogue.PAYMENTS: "payments",
    catalogue.ALERTS: "alerts",
    catalogue.LABELLED: "labelled",
    catalogue.FRAUDS: "frauds",
    catalogue.ALERT_RATE: "alert_rate",
    catalogue.LABELLED_SHARE: "labelled_share",
    catalogue.PRECISION: "precision",
    catalogue.RECALL: "recall",
    catalogue.VALUE_RATE: "value_detection_rate",
}
"""Metrics of a day, and where `DayQuality` has them."""
OLDEST = 60
"""Age in days of the oldest payments that are shown: nearly every label has arrived by then."""


def show_on(board: Board, quality: LiveQuality, *, now: float) -> None:
    """Put a measurement on the board; what it doesn't say is not on the board afterwards.

    Args:
        board: of the process `quality`.
        quality: what was measured.
        now: seconds since 1970 UTC.
    """
    days = [row for row in quality.newest() if (quality.known_on - row.day).days <= OLDEST]
    for metric, name in FIGURES.items():
        board.replace(metric, _by_age(days, name, quality.known_on))
    newest = {item.model_version: item.day for item in sorted(quality.drift, key=lambda item: item.day)}
    psi: dict[tuple[str, ...], float] = {
        (i.model_version, i.feature): i.psi for i in quality.drift if i.day == newest[i.model_version]
    }
    board.replace(catalogue.PSI, psi)
    board.replace(catalogue.DRIFT_DAY, {(version,): _start(day) for version, day in newest.items()})
    board.set(catalogue.KNOWN_ON, _start(quality.known_on))
    board.set(catalogue.MEASURED_AT, now)


def _by_age(days: list[DayQuality], name: str, known_on: dt.date) -> dict[tuple[str, ...], float]:
    values = {(row.model_version, str((known_on - row.day).days)): getattr(row, name) for row in days}
    return {labels: float(value) for labels, value in values.items() if value is not None}


def _start(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()
