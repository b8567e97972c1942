"""What the dashboards show: one page to see whether all is well, and one for each part to see why not."""

from collections.abc import Iterator
from pathlib import Path

from fraudstream.metrics import catalogue as c
from fraudstream.metrics.metric import Gauge, Unit
from observability.expressions import ago, grown, now, per_second, quantile, total
from observability.panels import Page, Query, Row, Shown, rendered

FOLDER = Path(__file__).resolve().parent.parent / "services" / "observability" / "grafana" / "dashboards"
OURS = 'up{job!~"spark-.*"}'
"""Of each process of ours, 1 where it answers."""
RED = (None, 1.0)
"""From one on."""


def as_it_is(
    title: str,
    metric: Gauge,
    width: int,
    *,
    single: bool = False,
    limits: tuple[float | None, float | None] = (None, None),
) -> Shown:
    """A panel of one gauge."""
    return Shown(title, metric.meaning, [Query(now(metric))], metric.unit, width, single, limits)


def since(title: str, metric: Gauge, width: int) -> Shown:
    """A panel of how long ago a moment was."""
    return Shown(title, metric.meaning, [Query(ago(metric))], Unit.SECONDS, width)


OVERVIEW = Page(
    "fraudstream",
    "fraudstream",
    "Whether the stream is healthy. Each alert names its runbook in docs/runbooks.",
    (
        Row(
            "Is it healthy?",
            (
                Shown("Rules that fire", "Alerts of Prometheus that fire now; docs/runbooks says what to do.",
                      [Query('count(ALERTS{alertstate="firing"}) or vector(0)')], width=4, single=True, limits=RED),
                Shown("Processes away", "Of those that Prometheus asks, how many don't answer.",
                      [Query(f"count({OURS} == 0) or vector(0)")], width=4, single=True, limits=RED),
                as_it_is("Unaccounted", c.STREAM_UNACCOUNTED, 4, single=True, limits=RED),
                as_it_is("Scoring stands still", c.SCORER_STANDS_STILL, 4, single=True, limits=RED),
                Shown("Scored in time, 1 h", "Share of payments scored within 5 s; the objective is 99 %.",
                      [Query("slo:scores_in_time:ratio_rate1h")], Unit.RATIO, 4, single=True),
                Shown("Notified in time, 1 h", "Share of alerts that arrived within 10 s; the objective is 99 %.",
                      [Query("slo:notifications_in_time:ratio_rate1h")], Unit.RATIO, 4, single=True),
                Shown("Rules over time", "Each rule that fires, or is about to.",
                      [Query("count by (alertname, alertstate) (ALERTS)", "{{alertname}} {{alertstate}}")], width=12),
                Shown("Failures in a row", c.FAILING.meaning, [Query(f"{now(c.FAILING)} > 0", "{{job}}")], width=12),
            ),
        ),
        Row(
            "The stream",
            (
                Shown("Records a second", c.STREAM_RECORDS.meaning,
                      [Query(per_second(c.STREAM_RECORDS, "outcome"), "{{outcome}}")], Unit.PER_SECOND, 8),
                Shown("Lag", c.STREAM_LAG.meaning, [Query(now(c.STREAM_LAG), "{{partition}}")], Unit.RECORDS, 8),
                Shown("In quarantine, by reason", "In five minutes.",
                      [Query(grown(c.STREAM_QUARANTINED, "reason"), "{{reason}}")], Unit.RECORDS, 8),
                Shown("Payment to score", "p50 and p99.",
                      [Query(quantile(c.STREAM_LATENCY, 0.5, stage="score"), "p50"),
                       Query(quantile(c.STREAM_LATENCY, 0.99, stage="score"), "p99")], Unit.SECONDS, 8),
                Shown("Payment to notification", "p50 and p99, to the subscriber.",
                      [Query(quantile(c.STREAM_LATENCY, 0.5, stage="notification"), "p50"),
                       Query(quantile(c.STREAM_LATENCY, 0.99, stage="notification"), "p99")], Unit.SECONDS, 8),
                Shown("Label to its effect", c.LABEL_DELAY.meaning,
                      [Query(quantile(c.LABEL_DELAY, 0.5), "p50"), Query(quantile(c.LABEL_DELAY, 0.99), "p99")],
                      Unit.SECONDS, 8),
                Shown("Scored, ever", c.STREAM_RECORDS.meaning, [Query(total(c.STREAM_RECORDS, outcome="scored"))],
                      Unit.RECORDS, single=True),
                Shown("Alerts, ever", c.STREAM_ALERTS.meaning, [Query(total(c.STREAM_ALERTS))], single=True),
                Shown("Notified, ever", c.STREAM_NOTIFIED.meaning, [Query(total(c.STREAM_NOTIFIED))], Unit.ALERTS,
                      single=True),
                Shown("Model at work", c.STREAM_MODEL.meaning, [Query(now(c.STREAM_MODEL), "{{model_version}}")],
                      Unit.FLAG, single=True),
            ),
        ),
    ),
)  # fmt: skip

SCORING = Page(
    "fraudstream-scoring",
    "fraudstream: payments and scoring",
    "From the producer to the commit of a score.",
    (
        Row(
            "Producer",
            (
                Shown("Records a second", "Payments and labels: sent, accepted, refused.",
                      [Query(per_second(c.SENT), "sent"), Query(per_second(c.ACKNOWLEDGED), "acknowledged"),
                       Query(per_second(c.UNDELIVERED), "failed")], Unit.PER_SECOND, 12),
                as_it_is("Not answered for yet", c.PRODUCER_OPEN, 12),
            ),
        ),
        Row(
            "Scorer",
            (
                Shown("Records committed a second", c.SCORER_RECORDS.meaning, [Query(per_second(c.SCORER_RECORDS))],
                      Unit.PER_SECOND, 8),
                as_it_is("Behind, as Spark knows it", c.SCORER_BEHIND, 8),
                since("Since positions moved", c.SCORER_MOVED_AT, 8),
                as_it_is("A trigger takes", c.SCORER_TRIGGER, 8),
                Shown("Triggers a second", c.SCORER_TRIGGERS.meaning, [Query(per_second(c.SCORER_TRIGGERS))],
                      Unit.PER_SECOND, 8),
                as_it_is("Epoch", c.SCORER_EPOCH, 8, single=True),
                Shown("Latency, the last minute", c.STREAM_RECENT.meaning,
                      [Query(now(c.STREAM_RECENT), "{{stage}} {{quantile}}")], Unit.SECONDS, 12),
                as_it_is("Rate, the last minute", c.STREAM_RATE, 12),
            ),
        ),
        Row(
            "Scores on request",
            (
                Shown("Requests a second", c.HTTP_REQUESTS.meaning,
                      [Query(per_second(c.HTTP_REQUESTS, "status", job="scoring-api"), "{{status}}")],
                      Unit.PER_SECOND, 12),
                Shown("An answer takes, p99", c.HTTP_SECONDS.meaning,
                      [Query(quantile(c.HTTP_SECONDS, 0.99, job="scoring-api"), "p99")], Unit.SECONDS, 12),
            ),
        ),
        Row(
            "Archive, and copies in DynamoDB",
            (
                as_it_is("Archive behind", c.ARCHIVE_SECONDS, 6),
                as_it_is("Archive behind, records", c.ARCHIVE_RECORDS, 6),
                Shown("Written a second", c.ARCHIVE_BYTES.meaning, [Query(per_second(c.ARCHIVE_BYTES, window="10m"))],
                      Unit.BYTES),
                Shown("Gaps", c.ARCHIVE_GAPS.meaning, [Query(now(c.ARCHIVE_GAPS))], single=True, limits=RED),
                Shown("Archived in an hour", c.ARCHIVE_CUTS.meaning, [Query(grown(c.ARCHIVE_CUTS, window="1h"))],
                      width=8),
                Shown("Copies a second", c.COPIED.meaning, [Query(per_second(c.COPIED))], Unit.PER_SECOND, 8),
                as_it_is("Copies behind", c.COPIES_BEHIND, 8),
                Shown("Removed by retention, in a day", c.REMOVED.meaning,
                      [Query(grown(c.REMOVED, "what", window="1d"), "{{what}}")], Unit.RECORDS, 12),
                since("Since retention ran", c.RETAINED_AT, 12),
            ),
        ),
    ),
)  # fmt: skip

ALERTS = Page(
    "fraudstream-alerts",
    "fraudstream: alerts",
    "From the commit of an alert to its subscriber.",
    (
        Row(
            "The way of an alert",
            (
                Shown("A second", "Decided, published, through the function, notified.",
                      [Query(per_second(c.STREAM_ALERTS), "decided"), Query(per_second(c.PUBLISHED), "published"),
                       Query(per_second(c.DELIVERED), "through the function"),
                       Query(per_second(c.NOTIFIED), "notified")], Unit.PER_SECOND, 12),
                Shown("Waiting", "At each place where something can wait.",
                      [Query(now(c.UNSENT), "to be published"), Query(now(c.HELD), "held by the breaker"),
                       Query(now(c.IN_HAND), "in the trigger's hand")], Unit.MESSAGES, 12),
                as_it_is("The oldest message waits", c.UNSENT_AGE, 8),
                as_it_is("Breaker", c.BREAKER_OPEN, 4, single=True, limits=(1, None)),
                Shown("Trouble of the function", "In five minutes.",
                      [Query(grown(c.FUNCTION_FAILURES), "failed as a whole"),
                       Query(grown(c.REFUSED_RECORDS), "records refused"), Query(grown(c.FUNCTION_WAITS), "AWS away"),
                       Query(grown(c.PARKED, "reason"), "parked: {{reason}}")], Unit.REQUESTS, 12),
                Shown("AWS resources made again", c.RESOURCES_MADE.meaning, [Query(grown(c.RESOURCES_MADE))], width=12),
                Shown("Channels, in five minutes", c.CHANNEL_ALERTS.meaning,
                      [Query(grown(c.CHANNEL_ALERTS, "channel", "outcome"), "{{channel}} {{outcome}}")], width=12),
                Shown("Channels away", c.CHANNEL_AWAY.meaning, [Query(now(c.CHANNEL_AWAY), "{{channel}}")], width=12),
                Shown("Analysts: requests a second", "Of the page and of the API.",
                      [Query(per_second(c.HTTP_REQUESTS, "job", "status"), "{{job}} {{status}}")], Unit.PER_SECOND, 12),
            ),
        ),
    ),
)  # fmt: skip

QUALITY = Page(
    "fraudstream-quality",
    "fraudstream: labels and quality",
    "Labels as they arrive, what alerts were worth by the age of the payments, and new models.",
    (
        Row(
            "Labels",
            (
                Shown("A second", "What became of the records of the label log.",
                      [Query(per_second(c.APPLIED), "applied"), Query(per_second(c.LABELS_WAITING), "put aside"),
                       Query(per_second(c.LABELS_REFUSED), "refused"), Query(per_second(c.LABELS_REPEATED), "again")],
                      Unit.PER_SECOND, 8),
                as_it_is("Behind", c.LABELS_BEHIND, 8),
                as_it_is("Far behind", c.LABELS_FAR_BEHIND, 4, single=True, limits=(1, None)),
                as_it_is("Turns", c.LABEL_SEQ, 4, single=True),
            ),
        ),
        Row(
            "What alerts were worth, as known now",
            (
                Shown("Precision", c.PRECISION.meaning, [Query(now(c.PRECISION), "{{model_version}}, {{age_days}} d")],
                      Unit.RATIO, 8),
                Shown("Recall", c.RECALL.meaning, [Query(now(c.RECALL), "{{model_version}}, {{age_days}} d")],
                      Unit.RATIO, 8),
                Shown("Outcomes known", c.LABELLED_SHARE.meaning,
                      [Query(now(c.LABELLED_SHARE), "{{model_version}}, {{age_days}} d")], Unit.RATIO, 8),
                Shown("Payments 7 days old", "Precision, recall, and recall by value.",
                      [Query(now(c.PRECISION, age_days="7"), "precision {{model_version}}"),
                       Query(now(c.RECALL, age_days="7"), "recall {{model_version}}"),
                       Query(now(c.VALUE_RATE, age_days="7"), "value {{model_version}}")], Unit.RATIO, 12),
                Shown("Alert rate of the newest full day", c.ALERT_RATE.meaning,
                      [Query(now(c.ALERT_RATE, age_days="1"), "{{model_version}}")], Unit.RATIO),
                since("Since live quality was measured", c.MEASURED_AT, 6),
                Shown("Drift, the ten largest", c.PSI.meaning,
                      [Query(f"topk(10, {now(c.PSI)})", "{{feature}} {{model_version}}")], Unit.INDEX, 12,
                      limits=(0.1, 0.25)),
                Shown("Retraining", "Steps in an hour, by what was done, and trainings that came to nothing.",
                      [Query(grown(c.RETRAINED, "step", window="1h"), "{{step}}"),
                       Query(grown(c.RETRAIN_FAILURES, window="1h"), "came to nothing")], Unit.STEPS, 12),
            ),
        ),
    ),
)  # fmt: skip

PROCESSES = Page(
    "fraudstream-processes",
    "fraudstream: processes",
    "Each process: whether it works, and what it takes.",
    (
        Row(
            "Work",
            (
                Shown("Answers", "1 while Prometheus gets an answer.", [Query(OURS, "{{job}}")],
                      Unit.FLAG, 8),
                Shown("Since a step", c.WORKED_AT.meaning, [Query(ago(c.WORKED_AT), "{{job}}")], Unit.SECONDS, 8),
                Shown("Failures", "In five minutes.", [Query(grown(c.FAILURES, "job"), "{{job}}")], Unit.STEPS, 8),
            ),
        ),
        Row(
            "What they take",
            (
                Shown("Memory", "Resident, Spark's Java aside.", [Query("process_resident_memory_bytes", "{{job}}")],
                      Unit.BYTES, 8),
                Shown("Processor", "Cores.", [Query("rate(process_cpu_seconds_total[1m])", "{{job}}")], width=8),
                Shown("Open files", "Of each process.", [Query("process_open_fds", "{{job}}")], width=8),
                Shown("Releases", c.BUILD.meaning, [Query(f"count by (version) ({c.BUILD.name})", "{{version}}")],
                      width=8, single=True),
                Shown("An answer takes, p99", c.HTTP_SECONDS.meaning,
                      [Query(quantile(c.HTTP_SECONDS, 0.99, "job"), "{{job}}")], Unit.SECONDS, 16),
            ),
        ),
    ),
)  # fmt: skip

PAGES = (OVERVIEW, SCORING, ALERTS, QUALITY, PROCESSES)


def files() -> Iterator[tuple[Path, str]]:
    """Every dashboard's file, and what it says."""
    for page in PAGES:
        yield FOLDER / f"{page.uid}.json", rendered(page)
