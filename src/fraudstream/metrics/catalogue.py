"""Every metric there is: its name, kind, labels and meaning. The reference page is written from here.

Names follow Prometheus: base units, `_total` for what only grows, `_timestamp_seconds` for moments since 1970 UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a number does."""

    COUNTER = "counter"
    """Only grows, from 0 at the start of the process."""
    GAUGE = "gauge"
    """Goes up and down; not there before it is known."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; each combination of values of its labels is a number of its own."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()


def _counter(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(f"fraudstream_{name}_total", Kind.COUNTER, meaning, labels)


def _gauge(name: str, meaning: str, *labels: str) -> Metric:
    return Metric(f"fraudstream_{name}", Kind.GAUGE, meaning, labels)


FAILURES = _counter("failures", "steps that failed because something did not answer, and were or are tried again")
FAILING = _gauge("failing", "failures in a row right now; 0 while the work goes on")

_AGE = ("model_version", "age_days")
MEASURED_AT = _gauge("quality_measured_timestamp_seconds", "when live quality was last measured")
KNOWN_ON = _gauge("quality_known_on_timestamp_seconds", "begin of the newest day on which anything is known")
PAYMENTS = _gauge("quality_payments", "payments of the day that the version scored", *_AGE)
ALERTS = _gauge("quality_alerts", "of these, alerted", *_AGE)
LABELLED = _gauge("quality_labels_known", "of these, with a known outcome", *_AGE)
FRAUDS = _gauge("quality_frauds_known", "of these, known to be fraud", *_AGE)
ALERT_RATE = _gauge("quality_alert_rate", "share of the payments that were alerted, from 0 to 1", *_AGE)
LABELLED_SHARE = _gauge("quality_labels_known_ratio", "share of the payments with a known outcome, from 0 to 1", *_AGE)
PRECISION = _gauge("quality_precision", "share of fraud among the alerts with a known outcome, from 0 to 1", *_AGE)
RECALL = _gauge("quality_recall", "share of the known frauds that were alerted, from 0 to 1", *_AGE)
VALUE_RATE = _gauge(
    "quality_value_detection_rate", "share of the known frauds' value that was alerted, from 0 to 1", *_AGE
)
PSI = _gauge(
    "quality_psi",
    "population stability index of the newest day compared with the version's first week; `feature` may be `score`",
    "model_version",
    "feature",
)
DRIFT_DAY = _gauge("quality_psi_day_timestamp_seconds", "begin of the day that index is of", "model_version")

_QUALITY = (MEASURED_AT, KNOWN_ON, PAYMENTS, ALERTS, LABELLED, FRAUDS, ALERT_RATE, LABELLED_SHARE, PRECISION, RECALL)

PROCESSES: Mapping[str, tuple[Metric, ...]] = {
    "quality": (*_QUALITY, VALUE_RATE, PSI, DRIFT_DAY),
}
"""The metrics of each process, by the name in its log; every one of them has `COMMON`, too."""

COMMON = (FAILURES, FAILING)


def metrics_page() -> str:
    """The reference page."""
    lines = [
        "# Metrics",
        "",
        "Generated from `metrics/catalogue.py`. A process answers Prometheus at `http://METRICS_HOST:METRICS_PORT/metrics`",
        "where `METRICS_PORT` is set; in compose it is, and the profile `observability` asks all of them.",
        "A counter begins with 0 at each start; a gauge is not there before its value is known. What a label says:",
        "`age_days` is how many days before the newest known day the payments were made; `model_version` scored them.",
        "",
        *_table("every process", COMMON),
    ]
    for process, metrics in PROCESSES.items():
        lines += _table(process, metrics)
    lines += [
        "Besides these, each process tells the standard `process_*` figures: memory, processor time, open files.",
        "",
    ]
    return "\n".join(lines)


def _table(title: str, metrics: tuple[Metric, ...]) -> list[str]:
    rows = [
        f"| `{metric.name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels) or '-'} | "
        f"{metric.meaning} |"
        for metric in metrics
    ]
    return [f"## {title}", "", "| metric | kind | labels | meaning |", "| --- | --- | --- | --- |", *rows, ""]
