"""What a person watching the stream wants to know, read from the ledger in a few cheap queries."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

WINDOW_SECONDS = 5.0
"""Latencies are of the payments committed within this many seconds."""


@dataclass(frozen=True)
class Quantiles:
    """Median and 99th percentile of a latency, in milliseconds; empty where nothing was measured."""

    p50: float | None
    p99: float | None


@dataclass(frozen=True)
class LiveFigures:
    """One look at the stream.

    Counts are totals of the ledger; `next_offsets` is where scoring stands, for each partition; latencies run from
    the broker's timestamp of a payment to the commit of its score or alert.
    """

    scored: int
    quarantined: int
    repeats: int
    alerts: int
    notified: int
    labels: int
    next_offsets: dict[int, int]
    score_latency: Quantiles
    alert_latency: Quantiles
    model_version: str


@dataclass(frozen=True)
class AlertLine:
    """One alert as a person reads it: when, who, how much, how likely, and why."""

    alert_id: uuid.UUID
    transaction_id: uuid.UUID
    created_at: dt.datetime
    event_time: dt.datetime
    user_id: int
    amount: float
    score: float
    reasons: tuple[str, ...]
    latency_ms: float
    notified: bool


_TOTALS = """
SELECT coalesce(sum(rows), 0), coalesce(sum(quarantined), 0), coalesce(sum(repeats), 0),
       (SELECT count(*) FROM alerts), (SELECT count(DISTINCT alert_id) FROM notifications),
       (SELECT label_seq FROM label_progress), (SELECT model_version FROM deployments WHERE active)
FROM slices JOIN positions USING (topic_id, partition) WHERE topic = %s
"""

_LATENCY = """
WITH recent AS (
    SELECT slice_id, topic_id, partition, first_offset, last_offset, {committed} AS committed
    FROM slices WHERE slice_id > (SELECT max(slice_id) - 400 FROM slices) AND stored_at > clock_timestamp() - %s
)
SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM committed - log_time) * 1000),
       percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM committed - log_time) * 1000)
           FILTER (WHERE alert)
FROM recent CROSS JOIN LATERAL (
    SELECT log_time, alert FROM scored_transactions AS scored
    WHERE scored.topic_id = recent.topic_id AND scored.partition = recent.partition
    AND scored."offset" BETWEEN first_offset AND last_offset
) AS rows_of_slice
"""

_ALERTS = """
SELECT alert_id, transaction_id, created_at, event_time, user_id, amount, score, reasons,
       (SELECT extract(epoch FROM newest.created_at - log_time) * 1000 FROM scored_transactions AS scored
        WHERE scored.topic_id = newest.topic_id AND scored.partition = newest.partition
        AND scored."offset" = newest."offset"),
       EXISTS (SELECT FROM notifications WHERE notifications.alert_id = newest.alert_id)
FROM (SELECT * FROM alerts WHERE created_at > %s ORDER BY created_at DESC LIMIT %s) AS newest
ORDER BY created_at DESC
"""


def commit_time(connection: Connection) -> str:
    """The SQL that tells when a slice was committed: exactly where the server tracks it, else just before."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW track_commit_timestamp")
        tracked = cursor.fetchone() == ("on",)
    return "pg_xact_commit_timestamp(slices.xmin)" if tracked else "slices.stored_at"


def live_figures(connection: Connection, topic: str) -> LiveFigures:
    """Read the figures of one transaction topic; the caller ends the transaction."""
    latency = _LATENCY.format(committed=commit_time(connection))
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, (topic,))
        scored, quarantined, repeats, alerts, notified, labels, version = cursor.fetchone() or (0,) * 7
        cursor.execute("SELECT partition, next_offset FROM positions WHERE topic = %s", (topic,))
        offsets = dict(cursor.fetchall())
        cursor.execute(latency, (dt.timedelta(seconds=WINDOW_SECONDS),))
        score_pair, alert_pair = cursor.fetchone() or (None, None)
    return LiveFigures(
        scored=int(scored),
        quarantined=int(quarantined),
        repeats=int(repeats),
        alerts=int(alerts),
        notified=int(notified),
        labels=int(labels or 0),
        next_offsets=offsets,
        score_latency=_quantiles(score_pair),
        alert_latency=_quantiles(alert_pair),
        model_version=version or "none",
    )


def latest_alerts(connection: Connection, *, since: dt.datetime, most: int) -> list[AlertLine]:
    """The newest alerts created after `since`, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_ALERTS, (since, most))
        rows = cursor.fetchall()
    return [
        AlertLine(
            alert_id=uuid.UUID(str(alert_id)),
            transaction_id=uuid.UUID(str(transaction_id)),
            created_at=created_at,
            event_time=event_time,
            user_id=user_id,
            amount=amount,
            score=score,
            reasons=tuple(reason["text"] for reason in reasons),
            latency_ms=float(latency),
            notified=bool(notified),
        )
        for alert_id, transaction_id, created_at, event_time, user_id, amount, score, reasons, latency, notified in rows
    ]


def _quantiles(pair: Sequence[float] | None) -> Quantiles:
    return Quantiles(None, None) if not pair else Quantiles(float(pair[0]), float(pair[1]))
