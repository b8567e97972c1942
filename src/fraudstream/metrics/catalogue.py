"""Every metric there is. The reference page, the dashboards and their checks are made from here.

Names follow Prometheus: base units, `_total` for what only grows, `_timestamp_seconds` for moments since 1970 UTC.
Whoever shows a metric names the object, so that a name that does not exist is no valid program.
"""

from collections.abc import Mapping
from typing import Literal

from fraudstream.metrics.metric import Metric, Unit, counter, gauge, histogram

STEPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0)
"""Seconds; the objectives of docs/reference/metrics.md are among them."""
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""The same for an answer over HTTP."""

FAILURES = counter(
    "failures", Unit.STEPS, "steps that failed because something did not answer, and were or are tried again"
)
FAILING = gauge("failing", Unit.STEPS, "failures in a row right now; 0 while the work goes on")
WORKED_AT = gauge("worked_timestamp_seconds", Unit.TIMESTAMP, "when a step of the work last succeeded")
BUILD = gauge(
    "build_info", Unit.FLAG, "1; its labels say which process this is, and of which release", "process", "version"
)

_AGE = ("model_version", "age_days")
MEASURED_AT = gauge("quality_measured_timestamp_seconds", Unit.TIMESTAMP, "when live quality was last measured")
KNOWN_ON = gauge(
    "quality_known_on_timestamp_seconds", Unit.TIMESTAMP, "begin of the newest day on which anything is known"
)
PAYMENTS = gauge("quality_payments", Unit.PAYMENTS, "payments of the day that the version scored", *_AGE)
ALERTS = gauge("quality_alerts", Unit.PAYMENTS, "of these, alerted", *_AGE)
LABELLED = gauge("quality_labels_known", Unit.PAYMENTS, "of these, with a known outcome", *_AGE)
FRAUDS = gauge("quality_frauds_known", Unit.PAYMENTS, "of these, known to be fraud", *_AGE)
ALERT_RATE = gauge("quality_alert_rate", Unit.RATIO, "share of the payments that were alerted", *_AGE)
LABELLED_SHARE = gauge("quality_labels_known_ratio", Unit.RATIO, "share of the payments with a known outcome", *_AGE)
PRECISION = gauge("quality_precision", Unit.RATIO, "share of fraud among the alerts with a known outcome", *_AGE)
RECALL = gauge("quality_recall", Unit.RATIO, "share of the known frauds that were alerted", *_AGE)
VALUE_RATE = gauge(
    "quality_value_detection_rate", Unit.RATIO, "share of the known frauds' value that was alerted", *_AGE
)
PSI = gauge(
    "quality_psi",
    Unit.INDEX,
    "population stability index of the newest day compared with the version's first week; `feature` may be `score`",
    "model_version",
    "feature",
)
DRIFT_DAY = gauge(
    "quality_psi_day_timestamp_seconds", Unit.TIMESTAMP, "begin of the day that index is of", "model_version"
)

UNSENT = gauge(
    "relay_unsent_messages", Unit.MESSAGES, "messages that are due and not published: alerts, labels, quarantine"
)
UNSENT_AGE = gauge(
    "relay_unsent_age_seconds", Unit.SECONDS, "how long the oldest of them has been due; 0 where there is none"
)
HELD = gauge("relay_held_alerts", Unit.ALERTS, "alerts held back by the breaker")
BREAKER_OPEN = gauge("relay_breaker_open", Unit.FLAG, "1 while alerts are held back, else 0")
PUBLISHED = counter("relay_published", Unit.MESSAGES, "messages that the broker has acknowledged")

DELIVERED = counter("trigger_records", Unit.RECORDS, "records that are done with: confirmed by the function, or parked")
FUNCTION_FAILURES = counter("trigger_function_failures", Unit.REQUESTS, "invocations that failed as a whole")
REFUSED_RECORDS = counter(
    "trigger_refused_records", Unit.RECORDS, "records that the function named as failed; each may come again"
)
FUNCTION_WAITS = counter(
    "trigger_function_waits",
    Unit.REQUESTS,
    "invocations that the function answered by saying that AWS does not answer it",
)
IN_HAND = gauge("trigger_records_in_hand", Unit.RECORDS, "records that were taken and are not done with; they wait")
PARKED = counter("trigger_parked", Unit.RECORDS, "records put on the on-failure topic", "reason")

NOTIFIED = counter("inbox_notifications", Unit.MESSAGES, "notifications that reached the subscriber and were recorded")

APPLIED = counter("labels_applied", Unit.LABELS, "labels that moved the risk")
LABELS_WAITING = counter("labels_waiting", Unit.LABELS, "labels that were put aside until their payment is scored")
LABELS_REFUSED = counter(
    "labels_refused", Unit.RECORDS, "records of the label log that are no labels; they are in quarantine"
)
LABELS_REPEATED = counter("labels_repeated", Unit.RECORDS, "records that came again and had been applied before")
LABELS_BEHIND = gauge("labels_behind_records", Unit.RECORDS, "records of the label log that are not applied yet")
LABELS_FAR_BEHIND = gauge("labels_far_behind", Unit.FLAG, "1 while so many are behind that scores lack news, else 0")
LABEL_SEQ = gauge("labels_sequence", Unit.NUMBER, "turns taken so far: the `label_seq` that the next slice will see")
LABEL_DELAY = histogram("labels_delay", STEPS, "from the broker's time of a label's record to the commit that took it")

ARCHIVE_RECORDS = gauge("archive_behind_records", Unit.RECORDS, "committed records that are not archived")
ARCHIVE_SECONDS = gauge(
    "archive_behind_seconds", Unit.SECONDS, "how long the oldest of them has waited; 0 where there is none"
)
ARCHIVE_CUTS = counter("archive_cuts", Unit.STEPS, "ranges that were archived")
ARCHIVE_BYTES = counter("archive_bytes", Unit.BYTES, "bytes of the objects written")
ARCHIVE_GAPS = gauge("archive_open_gaps", Unit.NUMBER, "ranges the raw zone lacks for good and nobody has accepted")

SCORER_EPOCH = gauge("scorer_epoch", Unit.NUMBER, "number of the run: it grows by one with each start")
SCORER_RECORDS = counter(
    "scorer_records", Unit.RECORDS, "records of the log that were committed: scored, quarantined or repeats"
)
SCORER_TRIGGERS = counter("scorer_triggers", Unit.STEPS, "micro-batches that Spark has finished in this run")
SCORER_TRIGGER = gauge("scorer_trigger_seconds", Unit.SECONDS, "how long the last of them took")
SCORER_BEHIND = gauge(
    "scorer_behind_records", Unit.RECORDS, "records that Spark knew of and that are not committed yet"
)
SCORER_MOVED_AT = gauge(
    "scorer_moved_timestamp_seconds", Unit.TIMESTAMP, "when positions were last seen to move, or the run began"
)
SCORER_STANDS_STILL = gauge(
    "scorer_stands_still", Unit.FLAG, "1 while positions stand still and the log says why, else 0"
)

STREAM_RECORDS = counter(
    "stream_records", Unit.RECORDS, "records of the log by what became of them; begins with what is stored", "outcome"
)
STREAM_QUARANTINED = counter(
    "stream_quarantined", Unit.RECORDS, "records in quarantine by reason; begins with what is stored", "reason"
)
STREAM_ALERTS = counter("stream_alerts", Unit.ALERTS, "alerts that were decided; begins with what is stored")
STREAM_NOTIFIED = counter(
    "stream_notified", Unit.ALERTS, "alerts whose notification reached the subscriber; begins with what is stored"
)
STREAM_UNACCOUNTED = gauge(
    "stream_unaccounted_records",
    Unit.RECORDS,
    "records that scoring has passed and that are neither scored, nor in quarantine, nor repeats; 0 where all is well",
)
STREAM_LAG = gauge("stream_lag_records", Unit.RECORDS, "records of the log that scoring has not reached", "partition")
STREAM_LATENCY = histogram(
    "stream_latency",
    STEPS,
    "from the broker's time of a payment to its score's commit (`score`), of the alerted to their alert's (`alert`), "
    "or to the notification at the subscriber (`notification`); of a sample where the stream is fast",
    "stage",
)
STREAM_RATE = gauge("stream_rate", Unit.PER_SECOND, "records committed a second, over the last minute")
STREAM_RECENT = gauge(
    "stream_recent_seconds",
    Unit.SECONDS,
    "the same latency as a quantile of the last minute; not there where nothing was measured",
    "stage",
    "quantile",
)
STREAM_MODEL = gauge("stream_model_info", Unit.FLAG, "1; its label says which version is at work", "model_version")

SENT = counter("producer_sent", Unit.RECORDS, "records handed to the broker's client: payments and labels")
ACKNOWLEDGED = counter("producer_acknowledged", Unit.RECORDS, "records that the broker said are accepted")
UNDELIVERED = counter("producer_failed", Unit.RECORDS, "records that the broker refused or never answered for")
PRODUCER_OPEN = gauge("producer_open_records", Unit.RECORDS, "records that are sent and not answered for yet")

COPIED = counter("projector_copied", Unit.RECORDS, "scores that were copied to DynamoDB")
COPIES_BEHIND = gauge("projector_behind_records", Unit.RECORDS, "committed records that the copy has not passed")

RETRAINED = counter("retrain_steps", Unit.STEPS, "steps of retraining, by what was done", "step")
RETRAIN_FAILURES = counter("retrain_failures", Unit.STEPS, "trainings that came to nothing; the model at work stayed")

HTTP_REQUESTS = counter("http_requests", Unit.REQUESTS, "requests that were answered, by class of status", "status")
HTTP_SECONDS = histogram("http_answer", QUICK, "from a request to the begin of its answer")

SUPERVISED = gauge("demo_process_running", Unit.FLAG, "1 while the demo's process runs, else 0", "name")
RESTARTED = counter("demo_restarts", Unit.STEPS, "processes of the demo that ended and were started again", "name")

RESOURCES_MADE = counter("aws_resources_made", Unit.STEPS, "times that something was missing in AWS and was made")

CHANNEL_ALERTS = counter(
    "channel_alerts",
    Unit.ALERTS,
    "alerts that a channel is done with: `delivered`, `refused`, `repeated`",
    "channel",
    "outcome",
)
CHANNEL_AWAY = gauge(
    "channel_away", Unit.FLAG, "1 while a channel does not answer or does not let us in, else 0", "channel"
)

REMOVED = counter("retention_removed", Unit.RECORDS, "rows that retention has deleted, by what they were", "what")
RETAINED_AT = gauge("retention_ran_timestamp_seconds", Unit.TIMESTAMP, "when retention last ran to its end")

ProcessName = Literal[
    "observer",
    "scorer",
    "label-applier",
    "alert-relay",
    "lambda-trigger",
    "notification-inbox",
    "archiver",
    "quality",
    "retrain",
    "retention",
    "alert-channels",
    "producer",
    "dashboard",
    "analyst-api",
    "scoring-api",
    "dynamodb-projector",
    "aws-resources",
    "demo",
]
"""Every process that has metrics, in the order in which an operator looks at them."""

_HTTP = (HTTP_REQUESTS, HTTP_SECONDS)
PROCESSES: Mapping[ProcessName, tuple[Metric, ...]] = {
    "observer": (
        STREAM_RECORDS, STREAM_QUARANTINED, STREAM_ALERTS, STREAM_NOTIFIED, STREAM_UNACCOUNTED, STREAM_LAG,
        STREAM_LATENCY, STREAM_RATE, STREAM_RECENT, STREAM_MODEL,
    ),
    "scorer": (
        SCORER_EPOCH, SCORER_RECORDS, SCORER_TRIGGERS, SCORER_TRIGGER, SCORER_BEHIND, SCORER_MOVED_AT,
        SCORER_STANDS_STILL,
    ),
    "label-applier": (
        APPLIED, LABELS_WAITING, LABELS_REFUSED, LABELS_REPEATED, LABELS_BEHIND, LABELS_FAR_BEHIND, LABEL_SEQ,
        LABEL_DELAY,
    ),
    "alert-relay": (UNSENT, UNSENT_AGE, HELD, BREAKER_OPEN, PUBLISHED),
    "lambda-trigger": (DELIVERED, FUNCTION_FAILURES, REFUSED_RECORDS, FUNCTION_WAITS, IN_HAND, PARKED),
    "notification-inbox": (NOTIFIED,),
    "archiver": (ARCHIVE_RECORDS, ARCHIVE_SECONDS, ARCHIVE_CUTS, ARCHIVE_BYTES, ARCHIVE_GAPS),
    "quality": (
        MEASURED_AT, KNOWN_ON, PAYMENTS, ALERTS, LABELLED, FRAUDS, ALERT_RATE, LABELLED_SHARE, PRECISION, RECALL,
        VALUE_RATE, PSI, DRIFT_DAY,
    ),
    "retrain": (RETRAINED, RETRAIN_FAILURES),
    "retention": (REMOVED, RETAINED_AT),
    "alert-channels": (CHANNEL_ALERTS, CHANNEL_AWAY),
    "producer": (SENT, ACKNOWLEDGED, UNDELIVERED, PRODUCER_OPEN),
    "dashboard": _HTTP,
    "analyst-api": _HTTP,
    "scoring-api": _HTTP,
    "dynamodb-projector": (COPIED, COPIES_BEHIND),
    "aws-resources": (RESOURCES_MADE,),
    "demo": (SUPERVISED, RESTARTED),
}  # fmt: skip
"""The metrics of each process; every one of them has `COMMON`, too."""

COMMON = (FAILURES, FAILING, WORKED_AT, BUILD)
