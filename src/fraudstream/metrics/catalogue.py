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

UNSENT = _gauge("relay_unsent_messages", "messages that are due and not published: alerts, labels, quarantine")
UNSENT_AGE = _gauge("relay_unsent_age_seconds", "how long the oldest of them has been due; 0 where there is none")
HELD = _gauge("relay_held_alerts", "alerts held back by the breaker")
BREAKER_OPEN = _gauge("relay_breaker_open", "1 while alerts are held back, else 0")
PUBLISHED = _counter("relay_published", "messages that the broker has acknowledged")

DELIVERED = _counter("trigger_records", "records that are done with: confirmed by the function, or parked")
FUNCTION_FAILURES = _counter("trigger_function_failures", "invocations that failed as a whole")
REFUSED_RECORDS = _counter("trigger_refused_records", "records that the function named as failed; each may come again")
FUNCTION_WAITS = _counter(
    "trigger_function_waits", "invocations that the function answered by saying that AWS does not answer it"
)
IN_HAND = _gauge("trigger_records_in_hand", "records that were taken and are not done with; they wait")
PARKED = _counter("trigger_parked", "records put on the on-failure topic", "reason")

NOTIFIED = _counter("inbox_notifications", "notifications that reached the subscriber and were recorded")

APPLIED = _counter("labels_applied", "labels that moved the risk")
LABELS_WAITING = _counter("labels_waiting", "labels that were put aside until their payment is scored")
LABELS_REFUSED = _counter("labels_refused", "records of the label log that are no labels; they are in quarantine")
LABELS_REPEATED = _counter("labels_repeated", "records that came again and had been applied before")
LABELS_BEHIND = _gauge("labels_behind_records", "records of the label log that are not applied yet")
LABELS_FAR_BEHIND = _gauge("labels_far_behind", "1 while so many are behind that scores lack news, else 0")
LABEL_SEQ = _gauge("labels_sequence", "turns taken so far: the `label_seq` that the next slice will see")

ARCHIVE_RECORDS = _gauge("archive_behind_records", "committed records that are not archived")
ARCHIVE_SECONDS = _gauge("archive_behind_seconds", "how long the oldest of them has waited; 0 where there is none")
ARCHIVE_CUTS = _counter("archive_cuts", "ranges that were archived")
ARCHIVE_BYTES = _counter("archive_bytes", "bytes of the objects written")
ARCHIVE_GAPS = _gauge("archive_open_gaps", "ranges the raw zone lacks for good and nobody has accepted")

SCORER_EPOCH = _gauge("scorer_epoch", "number of the run: it grows by one with each start")
SCORER_RECORDS = _counter("scorer_records", "records of the log that were committed: scored, quarantined or repeats")
SCORER_TRIGGERS = _counter("scorer_triggers", "micro-batches that Spark has finished in this run")
SCORER_TRIGGER = _gauge("scorer_trigger_seconds", "how long the last of them took")
SCORER_BEHIND = _gauge("scorer_behind_records", "records that Spark knew of and that are not committed yet")
SCORER_MOVED_AT = _gauge("scorer_moved_timestamp_seconds", "when positions were last seen to move, or the run began")
SCORER_STANDS_STILL = _gauge("scorer_stands_still", "1 while positions stand still and the log says why, else 0")

PROCESSES: Mapping[str, tuple[Metric, ...]] = {
    "quality": (*_QUALITY, VALUE_RATE, PSI, DRIFT_DAY),
    "alert-relay": (UNSENT, UNSENT_AGE, HELD, BREAKER_OPEN, PUBLISHED),
    "lambda-trigger": (DELIVERED, FUNCTION_FAILURES, REFUSED_RECORDS, FUNCTION_WAITS, IN_HAND, PARKED),
    "notification-inbox": (NOTIFIED,),
    "label-applier": (
        APPLIED,
        LABELS_WAITING,
        LABELS_REFUSED,
        LABELS_REPEATED,
        LABELS_BEHIND,
        LABELS_FAR_BEHIND,
        LABEL_SEQ,
    ),
    "scorer": (
        SCORER_EPOCH,
        SCORER_RECORDS,
        SCORER_TRIGGERS,
        SCORER_TRIGGER,
        SCORER_BEHIND,
        SCORER_MOVED_AT,
        SCORER_STANDS_STILL,
    ),
    "archiver": (ARCHIVE_RECORDS, ARCHIVE_SECONDS, ARCHIVE_CUTS, ARCHIVE_BYTES, ARCHIVE_GAPS),
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
